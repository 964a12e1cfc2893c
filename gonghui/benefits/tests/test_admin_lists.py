"""Every list of benefits is held to the console's contract; verbs of single rows."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from gonghui.benefits.actions import no_shows
from gonghui.benefits.actions import releases as actions
from gonghui.benefits.actions.redemptions import settle_offline_exception
from gonghui.benefits.actions.releases import PoolPlan
from gonghui.benefits.actions.voids import void_voucher
from gonghui.benefits.models import (
    Draw,
    DrawVoid,
    NoShowExemption,
    NoShowRule,
    OfflineException,
    Pool,
    Redemption,
    Release,
    Voucher,
    WaitEntry,
)
from gonghui.benefits.tests.plans import (
    announced,
    drafted,
    fresh,
    in_minutes,
    opened,
    pool_of,
    refused,
    terms,
    won,
)
from gonghui.kit import clock
from gonghui.notices.models import Message
from tests.cast import new_person
from tests.console_contract import ConsoleContract

IDS = ("440101197001010012", "440101197001010039", "440101197001010055")


def foreign_release(cast, **fields) -> Release:
    """Of the sister city, with one pool; announced, so that members everywhere could see it."""
    sister = cast.actor("sister_admin")
    offer = actions.write_offer(sister, union=cast.unions["sister"], title="西岭观影", kind="film")
    pool = PoolPlan("西岭第一场", 3, valid_until=in_minutes(48 * 60))
    release = actions.draft_release(
        sister, offer_id=offer.pk, terms=terms(title="西岭观影", **fields), pools=[pool]
    )
    actions.review_release(cast.actor("province_admin"), release_id=release.pk)
    actions.announce_release(sister, release_id=release.pk)
    past = {"announce_at": in_minutes(-60), "opens_at": in_minutes(-1)}
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="open", **past)
    return fresh(release)


def others(cast, count: int):
    return [
        new_person(f"钱多{'一二三'[n]}", IDS[n], f"1380000005{n}", cast.unions["factory"], verified=True)
        for n in range(count)
    ]


def own_voucher(cast) -> Voucher:
    return won(pool_of(opened(cast)), cast.people["mei"].pk)


def foreign_voucher(cast) -> Voucher:
    return won(pool_of(foreign_release(cast)), cast.people["qiang"].pk)


def redeemed(cast, voucher: Voucher) -> Redemption:
    return Redemption.objects.create(
        voucher=voucher, kind="check_in", at=clock.now(), store=cast.store, clerk=cast.users["clerk"],
        arrived=1, idempotency_key=uuid4(),
    )  # fmt: skip


def excepted(cast, voucher: Voucher) -> OfflineException:
    return OfflineException.objects.create(
        voucher=voucher, store=cast.store, clerk=cast.users["clerk"], at=clock.now(), arrived=2,
        why="already_used", idempotency_key=uuid4(),
    )  # fmt: skip


class TestReleaseScreen(ConsoleContract):
    model = Release

    def own(self, cast):
        return drafted(cast)

    def foreign(self, cast):
        return foreign_release(cast)

    def more(self, cast, count):
        for _number in range(count):
            drafted(cast)


class TestPoolScreen(ConsoleContract):
    model = Pool

    def own(self, cast):
        return pool_of(announced(cast))

    def foreign(self, cast):
        return pool_of(foreign_release(cast))

    def more(self, cast, count):
        for _number in range(count):
            drafted(cast)

    def test_capacity_is_changed_with_a_reason_and_never_below_what_is_out(self, cast, client):
        pool = pool_of(opened(cast))
        won(pool, cast.people["mei"].pk, 2)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("capacity", pool), {"capacity": 1, "reason": "改小"}).status_code == 422
        assert fresh(pool).capacity == 3
        assert client.post(self.at("capacity", pool), {"capacity": 5, "reason": "加座"}).status_code == 302
        assert (fresh(pool).capacity, fresh(pool).remaining) == (5, 3)


class TestVoucherScreen(ConsoleContract):
    model = Voucher
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return own_voucher(cast)

    def foreign(self, cast):
        return foreign_voucher(cast)

    def more(self, cast, count):
        pool = pool_of(opened(cast))
        for person in others(cast, count):
            won(pool, person.pk)

    def test_found_by_code_and_by_name_and_shown_masked(self, cast, client):
        row = self.own(cast)
        self.more(cast, 2)
        cast.sign_in(client, "city_admin")
        for question in (
            row.code,
            row.code.lower(),
            f"{row.code[:4]} {row.code[4:]}",
            "小梅",
            "chenx",
            "cxm",
        ):
            assert self.listed(client, q=question) == [row.pk], question
        for address in (self.at("changelist"), self.at("change", row)):
            assert "陈小梅" not in client.get(address).content.decode()

    def test_voided_with_a_reason_that_its_holder_is_told(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("void", row), {"reason": " "}).status_code == 422
        assert fresh(row).state == "confirmed"
        assert client.post(self.at("void", row), {"reason": "重复登记"}).status_code == 302
        assert fresh(row).state == "voided"
        assert fresh(row.pool).remaining == 3
        told = Message.objects.unscoped("test").filter(person=cast.people["mei"]).latest("id")
        assert "重复登记" in told.body
        again = client.post(self.at("void", row), {"reason": "再一次"})
        assert (again.status_code, "不能作废" in again.content.decode()) == (422, True)

    def test_no_show_is_forgiven_once_with_a_reason(self, cast, client):
        row = self.own(cast)
        Voucher.objects.unscoped("test").filter(pk=row.pk).update(state="no_show")
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("exempt", row), {"reason": "急诊"}).status_code == 302
        assert "急诊" in client.get(self.at("change", row)).content.decode()
        client.post(self.at("exempt", row), {"reason": "再一次"})
        assert NoShowExemption.objects.unscoped("test").get().reason == "急诊"


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "mei", "anonymous"])
def test_who_may_not_void_changes_nothing(cast, who):
    row = own_voucher(cast)
    refused(void_voucher, cast.actor(who), voucher_id=row.pk, reason="重复登记")
    assert fresh(row).state == "confirmed"


class TestWaitEntryScreen(ConsoleContract):
    model = WaitEntry
    sightless = ("judge", "finance_officer")

    def waits(self, pool: Pool, person_id: int) -> WaitEntry:
        place = WaitEntry.objects.unscoped("test").filter(pool=pool).count() + 1
        return WaitEntry.objects.create(
            pool=pool, release_id=pool.release_id, person_id=person_id, position=place, claim_key=uuid4()
        )

    def own(self, cast):
        return self.waits(pool_of(opened(cast)), cast.people["mei"].pk)

    def foreign(self, cast):
        return self.waits(pool_of(foreign_release(cast)), cast.people["qiang"].pk)

    def more(self, cast, count):
        pool = pool_of(opened(cast))
        for person in others(cast, count):
            self.waits(pool, person.pk)


class TestRedemptionScreen(ConsoleContract):
    model = Redemption
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return redeemed(cast, own_voucher(cast))

    def foreign(self, cast):
        return redeemed(cast, foreign_voucher(cast))

    def more(self, cast, count):
        pool = pool_of(opened(cast))
        for person in others(cast, count):
            redeemed(cast, won(pool, person.pk))


class TestOfflineExceptionScreen(ConsoleContract):
    model = OfflineException
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return excepted(cast, own_voucher(cast))

    def foreign(self, cast):
        return excepted(cast, foreign_voucher(cast))

    def more(self, cast, count):
        pool = pool_of(opened(cast))
        for person in others(cast, count):
            excepted(cast, won(pool, person.pk))

    def test_settled_once_with_what_was_found(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert self.listed(client, settled="no") == [row.pk]
        assert client.post(self.at("settle", row), {"note": ""}).status_code == 422
        assert fresh(row).settled_at is None
        assert client.post(self.at("settle", row), {"note": "同一家庭分两次入场"}).status_code == 302
        assert fresh(row).note == "同一家庭分两次入场"
        again = client.post(self.at("settle", row), {"note": "别的"})
        assert (again.status_code, "已经处理过了" in again.content.decode()) == (422, True)
        assert fresh(row).note == "同一家庭分两次入场"
        assert self.listed(client, settled="no") == []

    @pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "clerk", "mei"])
    def test_who_may_not_settle_changes_nothing(self, cast, who):
        row = self.own(cast)
        refused(settle_offline_exception, cast.actor(who), exception_id=row.pk, note="我说了算")
        assert fresh(row).settled_at is None


def draw_of(release: Release) -> Draw:
    return Draw.objects.unscoped("test").get(release=release)


def draw_terms() -> dict:
    return {"mode": "draw", "closes_at": in_minutes(60)}


class TestDrawScreen(ConsoleContract):
    model = Draw

    def own(self, cast):
        return draw_of(announced(cast, **draw_terms()))

    def foreign(self, cast):
        return draw_of(foreign_release(cast, **draw_terms()))

    def more(self, cast, count):
        for _number in range(count):
            announced(cast, **draw_terms())

    def test_published_hash_and_document_are_shown_and_the_seed_is_not(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        page = client.get(self.at("change", row)).content.decode()
        assert row.seed_hash in page and "document.json" in page
        assert row.seed not in page


def published(cast) -> Draw:
    draw = draw_of(announced(cast, **draw_terms()))
    Draw.objects.unscoped("test").filter(pk=draw.pk).update(
        state="published", entries_root="0" * 64, published_at=clock.now()
    )
    return fresh(draw)


class TestDrawVoidScreen(ConsoleContract):
    model = DrawVoid

    def proposed(self, cast, draw: Draw, who: str = "city_admin") -> DrawVoid:
        return DrawVoid.objects.create(draw=draw, reason="名单有误", proposed_by=cast.users[who])

    def own(self, cast):
        return self.proposed(cast, published(cast))

    def foreign(self, cast):
        return self.proposed(cast, draw_of(foreign_release(cast, **draw_terms())), "sister_admin")

    def more(self, cast, count):
        for _number in range(count):
            self.own(cast)

    def test_one_proposes_and_another_voids(self, cast, client):
        draw = published(cast)
        cast.sign_in(client, "city_admin")
        address = reverse("admin:benefits_draw_propose_void", args=[draw.pk])
        assert client.post(address, {"reason": "名单有误"}).status_code == 302
        void = DrawVoid.objects.unscoped("test").get()
        own = client.post(self.at("approve", void))
        assert (own.status_code, "提出作废的人不能自己批准" in own.content.decode()) == (422, True)
        assert fresh(draw).state == "published"
        cast.sign_in(client, "province_admin")
        assert client.post(self.at("approve", void)).status_code == 302
        assert (fresh(draw).state, fresh(void).state) == ("voided", "approved")


class TestNoShowRuleScreen(ConsoleContract):
    model = NoShowRule
    change, wrong = {"count": 4}, {"count": 0}

    def own(self, cast):
        return no_shows.write_no_show_rule(
            cast.actor("city_admin"), union_id=cast.unions["city"].pk, count=2, within_days=90, bar_days=30
        )

    def foreign(self, cast):
        return no_shows.write_no_show_rule(
            cast.actor("sister_admin"),
            union_id=cast.unions["sister"].pk,
            count=2,
            within_days=90,
            bar_days=30,
        )

    def more(self, cast, count):
        for union in ("district", "factory")[:count]:
            NoShowRule.objects.create(union=cast.unions[union], count=2, within_days=90, bar_days=30)

    def test_dropped_by_its_verb(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        response = client.post(self.at("drop", row))
        assert (response.status_code, response.url) == (302, self.at("changelist"))
        assert not NoShowRule.objects.filter(pk=row.pk).exists()
