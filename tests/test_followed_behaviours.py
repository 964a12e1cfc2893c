"""What members do brings them into audiences and out of them at once, by whichever door: the table itself tells."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.audiences.actions import look_at_news, retire_audience
from gonghui.audiences.behaviours import known_behaviours
from gonghui.audiences.models import AudienceMove, AudienceNews
from gonghui.audiences.tests.stage import names_in, saved
from gonghui.benefits.actions.redemptions import redeem_voucher
from gonghui.benefits.engine import give_back
from gonghui.benefits.tests.plans import opened, pool_of, won
from gonghui.benefits.tests.test_redemptions import scan_of
from gonghui.bills.tests.stage import open_shop, refunded, sold
from gonghui.feedback.actions import Occasion, record_rating
from gonghui.feedback.models import Rating
from gonghui.kit.actors import Actor
from gonghui.mall.tests.conftest import wechat  # noqa: F401 - the played provider
from gonghui.mall.tests.stage import build_mall, paid
from gonghui.notices.actions import Notice, read_all_messages, tell_once
from gonghui.notices.models import Message

pytestmark = pytest.mark.django_db


def jobs() -> int:
    return ProcrastinateJob.objects.filter(
        task_name="gonghui.audiences.tasks.look_at_news", status="todo"
    ).count()


def claim(cast):
    voucher = won(pool_of(opened(cast)), cast.people["mei"].pk)
    return lambda: give_back(voucher.pk, "voided")


def redeem(cast):
    voucher = won(pool_of(opened(cast)), cast.people["mei"].pk)
    redeem_voucher(cast.actor("clerk"), scan=scan_of(voucher))


def rate(cast):
    occasion = Occasion("store", cast.store.pk, cast.unions["city"].pk, bill_id=1)
    row = record_rating(cast.actor("mei"), occasion=occasion, score=5)
    return Rating.objects.unscoped("test").filter(pk=row.pk).delete


def read(cast):
    tell_once(
        Actor.system("test"), once="one", notice=Notice("notice", "甲", "乙"), person_id=cast.people["mei"].pk
    )
    assert jobs() == 0
    read_all_messages(cast.actor("mei"))
    return lambda: Message.objects.unscoped("test").update(read_at=None)


def buy(cast):
    open_shop(cast)
    bill = sold(cast)
    return lambda: refunded(cast, bill)


def order(cast):
    paid(build_mall(cast), ("rice", 1))


DOORS = {
    "claimed": claim, "redeemed": redeem, "attended": redeem, "rated": rate, "read": read, "bought": buy, "ordered": order,
}  # fmt: skip


@pytest.mark.parametrize("code", DOORS)
@pytest.mark.usefixtures("wechat")
def test_whoever_does_it_is_in_at_once_and_who_undoes_it_out(cast, code):
    did = saved(cast, {"kind": "did", "what": code, "times": 1, "days": 30})
    did_not = saved(cast, {"none": [{"kind": "audience", "id": did.pk}]})
    undo = DOORS[code](cast)
    assert jobs() >= 1
    look_at_news()
    assert (names_in(cast, did), names_in(cast, did_not)) == (["mei"], ["hua", "lan"])
    if undo:
        undo()
        look_at_news()
        assert (names_in(cast, did), names_in(cast, did_not)) == ([], ["hua", "lan", "mei"])
    moves = AudienceMove.objects.unscoped("test").filter(audience=did).order_by("id")
    assert list(moves.values_list("has_entered", flat=True)) == ([True, False] if undo else [True])
    assert not AudienceNews.objects.unscoped("test").exists()


def test_every_behaviour_is_tried_above_and_its_table_tells():
    assert {one.code for one in known_behaviours()} == set(DOORS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audiences_follow_change'"
        )
        assert {table for (table,) in cursor} == {one.table for one in known_behaviours()}


def test_while_nobody_asks_it_nothing_is_told(cast):
    """No row and no job: not for another behaviour, an older wording, or an audience that is retired."""
    other = saved(cast, {"kind": "did", "what": "bought", "times": 1, "days": 30}, name="甲")
    saved(cast, {"kind": "did", "what": "rated", "times": 1, "days": None}, name="乙")
    retired = saved(cast, {"kind": "did", "what": "claimed", "times": 1, "days": None}, name="丙")
    saved(cast, {"kind": "did", "what": "claimed", "times": 2, "days": 7}, name="甲", audience_id=other.pk)
    saved(cast, name="甲", audience_id=other.pk)
    retire_audience(cast.actor("city_admin"), audience_id=retired.pk)
    undo = claim(cast)
    undo()
    assert (AudienceNews.objects.unscoped("test").count(), jobs()) == (0, 0)


def test_claim_that_is_taken_back_with_its_transaction_is_no_news(cast):
    saved(cast, {"kind": "did", "what": "claimed", "times": 1, "days": 30})
    release = opened(cast)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        won(pool_of(release), cast.people["mei"].pk)
        assert jobs() == 1
        raise ZeroDivisionError
    assert (AudienceNews.objects.unscoped("test").count(), jobs()) == (0, 0)


def test_statement_about_thousands_is_a_row_for_every_thousand_and_one_job(cast):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audiences_tell('did:read', ARRAY(SELECT generate_series(1, 2500)) || NULL::bigint)"
        )
    rows = AudienceNews.objects.unscoped("test").order_by("id")
    assert sorted(len(row.people) for row in rows) == [500, 1000, 1000]
    assert jobs() == 1
    assert look_at_news() == 3
    assert not rows.all().exists()


@pytest.mark.parametrize("people", [1, 3, 9])
def test_many_members_news_is_answered_as_each_ones(cast, people, monkeypatch):
    """By the set evaluator or one by one: the same people, counts and moves."""
    saved(cast, {"kind": "did", "what": "read", "times": 1, "days": 30})
    both = [
        saved(
            cast,
            {
                "any": [
                    {"kind": "did", "what": "read", "times": 1, "days": 30},
                    {"kind": "gender", "is": "male"},
                ]
            },
        )
    ]
    both.append(saved(cast, {"none": [{"kind": "audience", "id": both[0].pk}]}))
    for few in (0, 100):
        monkeypatch.setattr("gonghui.audiences.actions.reconsidering.FEW", few)
        for name in ("mei", "hua", "lan"):
            tell_once(
                Actor.system("test"),
                once=f"{name}:{few}",
                notice=Notice("notice", "甲", "乙"),
                person_id=cast.people[name].pk,
            )
        for name in ("mei", "hua", "lan")[:people]:
            read_all_messages(cast.actor(name))
        look_at_news()
        inside = [names_in(cast, one) for one in both]
        assert sorted(inside[0] + inside[1]) == ["hua", "lan", "mei"]
        Message.objects.unscoped("test").update(read_at=None)
        look_at_news()
        assert names_in(cast, both[0]) == ["hua"]
