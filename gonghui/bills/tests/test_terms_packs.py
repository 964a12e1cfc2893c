"""Packs: claimed once, used apart, never short, opened once; new members are welcomed once, whatever happens at once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.benefits import engine
from gonghui.benefits.actions import news, releases
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms
from gonghui.benefits.models import Pool, Release, Voucher
from gonghui.benefits.tests.crowd import counts, new_pool, new_release
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import pack_tasks
from gonghui.bills.actions import packs
from gonghui.bills.models import PackItem, WelcomeGift, WelcomePack
from gonghui.bills.tests.priced import given_voucher
from gonghui.bills.tests.written import REST, by_union, purses_of, put_up, release_of
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members.actions.verification import verify_identity
from gonghui.members.events import PersonVerified, RosterApplied
from gonghui.members.models import Membership, Person
from gonghui.members.tests.test_rosters import applied, id_no
from gonghui.notices.models import Message
from gonghui.partners.tests.stage import standing_agreement
from tests.cast import IDS
from tests.console_contract import ConsoleContract

SYSTEM = Actor.system("test")


@pytest.fixture
def money(cast):
    standing_agreement(cast.store.partner)
    return build_money(cast)


def parts(cast, money, *places: int, **facts) -> list[Pool]:
    """Reviewed releases that go out in packs only: 充电, 洗车, 体检, each with money of its own."""
    found = []
    for nth, count in enumerate(places):
        made = put_up(cast, by_union(money.city, permille=500), REST, title=("充电", "洗车", "体检")[nth])
        release = release_of(made, cast, count, **({"mode": "pack", "per_person": 3} | facts))
        releases.review_release(cast.actor("province_admin"), release_id=release.pk)
        found.append(release.pools.get())
    return found


def pack_of(cast, *items: tuple[Pool, int], places: int = 5, **facts) -> Release:
    """A draft."""
    admin, now = cast.actor("city_admin"), clock.now()
    offer = releases.write_offer(admin, union=cast.unions["city"], title="出行礼包", kind="car")
    times = {
        "announce_at": now,
        "opens_at": now + dt.timedelta(minutes=10),
        "closes_at": now + dt.timedelta(days=5),
    }
    pool = PoolPlan("礼包", places, valid_until=now + dt.timedelta(days=9))
    terms = ReleaseTerms("出行礼包", **(times | facts))
    release = releases.draft_release(admin, offer_id=offer.pk, terms=terms, pools=[pool])
    packs.fill_pack(admin, release_id=release.pk, items=[(part.pk, count) for part, count in items])
    return release


def reviewed(cast, *items: tuple[Pool, int], **facts) -> Release:
    release = pack_of(cast, *items, **facts)
    return releases.review_release(cast.actor("province_admin"), release_id=release.pk)


def held(person_id: int) -> list[tuple[str, str]]:
    found = Voucher.objects.unscoped("test").filter(person_id=person_id).select_related("release__offer")
    return sorted((voucher.release.offer.title, voucher.state) for voucher in found)


def told(person_id: int) -> list[tuple[str, str]]:
    found = Message.objects.unscoped("test").filter(person_id=person_id).order_by("id")
    return list(found.values_list("title", "body"))


@pytest.mark.django_db
def test_pack_claimed_once_is_held_apart(cast, money):
    charge, wash, check = parts(cast, money, 10, 10, 10)
    pack = reviewed(cast, (charge, 2), (wash, 1), (check, 1))
    mei = cast.people["mei"].pk
    given_voucher(pack.pools.get(), mei)
    assert packs.open_packs(SYSTEM) == 1
    wanted = [
        ("体检", "confirmed"),
        ("充电", "confirmed"),
        ("充电", "confirmed"),
        ("出行礼包", "redeemed"),
        ("洗车", "confirmed"),
    ]
    assert held(mei) == sorted(wanted)
    assert (packs.open_packs(SYSTEM), held(mei)) == (0, sorted(wanted))
    assert told(mei) == [("“出行礼包”已打开", "给您的券已放进“我的票”：“充电”2 张、“洗车”1 张、“体检”1 张。")]
    assert counts(charge) == (2, 8)
    assert purses_of(charge.release) == [15_000]


@pytest.mark.django_db
def test_vouchers_of_a_pack_have_their_own_page(cast, client, money):
    (charge,) = parts(cast, money, 10)
    given_voucher(reviewed(cast, (charge, 1)).pools.get(), cast.people["mei"].pk)
    packs.open_packs(SYSTEM)
    cast.sign_in(client, "mei")
    for voucher in Voucher.objects.unscoped("test").filter(person=cast.people["mei"]):
        assert client.get(f"/tickets/{voucher.code}").status_code == 200


@pytest.mark.django_db
def test_pack_that_cannot_be_opened_whole_is_not_opened_and_holds_up_no_other(cast, money):
    charge, wash = parts(cast, money, 10, 1)
    pack = reviewed(cast, (charge, 1), (wash, 1), places=1)
    other = reviewed(cast, (charge, 1))
    mei, lan = cast.people["mei"].pk, cast.people["lan"].pk
    thief = given_voucher(wash, lan)  # by hand, past every door
    given_voucher(pack.pools.get(), mei)
    given_voucher(other.pools.get(), lan)
    assert packs.open_packs(SYSTEM) == 1
    assert (held(mei), counts(charge)) == ([("出行礼包", "confirmed")], (1, 9))
    engine.give_back(thief.pk, "voided")
    assert packs.open_packs(SYSTEM) == 1
    assert len(held(mei)) == 3


@pytest.mark.django_db
def test_pack_with_a_paused_part_waits_whole_and_is_opened_when_it_goes_on(cast, money):
    charge, wash = parts(cast, money, 10, 10)
    mei, lan = cast.people["mei"].pk, cast.people["lan"].pk
    part = Release.objects.unscoped("test").filter(pk=wash.release_id)
    part.update(state="paused", pause_reason="洗车店检修")
    given_voucher(reviewed(cast, (charge, 1), (wash, 1)).pools.get(), mei)
    given_voucher(reviewed(cast, (charge, 1)).pools.get(), lan)
    assert packs.open_packs(SYSTEM) == 1
    assert (held(mei), counts(charge), counts(wash)) == ([("出行礼包", "confirmed")], (1, 9), (0, 10))
    waiting = Voucher.objects.unscoped("test").get(person_id=mei)
    assert packs.open_pack(SYSTEM, voucher_id=waiting.pk) is None
    part.update(state="open", pause_reason="")
    assert packs.open_packs(SYSTEM) == 1
    assert (len(held(mei)), counts(wash)) == (3, (1, 9))


@pytest.mark.django_db
def test_paused_welcome_gives_nothing_and_catches_up_when_it_goes_on(cast, money):
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 1), mode="pack")
    release = Release.objects.unscoped("test").filter(pk=pack.pk)
    release.update(state="paused", pause_reason="盘点")
    welcome = packs.set_welcome_pack(cast.actor("city_admin"), pool_id=pack.pools.get().pk)
    person = cast.people["mei"].pk
    assert packs.welcome_person(SYSTEM, welcome_id=welcome.pk, person_id=person) is None
    assert (packs.welcome_joiners(SYSTEM), held(person)) == (0, [])
    release.update(state="open", pause_reason="")
    assert packs.welcome_person(SYSTEM, welcome_id=welcome.pk, person_id=person) is not None


@pytest.mark.django_db
def test_pack_that_would_come_up_short_is_refused_at_its_review(cast, money):
    (charge,) = parts(cast, money, 10)
    reviewed(cast, (charge, 1), places=6)
    second = pack_of(cast, (charge, 1), places=5)
    with pytest.raises(DomainError) as caught:
        releases.review_release(cast.actor("province_admin"), release_id=second.pk)
    assert caught.value.message == "“十月发券 第 1 批”要留 11 份给礼包，只有 10 份。"
    assert fresh(second).state == "draft"
    packs.fill_pack(cast.actor("city_admin"), release_id=second.pk, items=[(charge.pk, 1)])
    second.pools.update(capacity=4)
    releases.review_release(cast.actor("province_admin"), release_id=second.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"mode": "grab"}, "不是“随礼包发放”的投放。"),
        ({"confirm_within_s": 60}, "要求领后确认"),
        ({"per_person": 1}, "每人限领次数至少要 2。"),
    ],
)
def test_what_is_in_a_pack_goes_out_in_packs_only(cast, money, facts, sentence):
    (charge,) = parts(cast, money, 10, **facts)
    pack = pack_of(cast, (charge, 2))
    with pytest.raises(DomainError) as caught:
        releases.review_release(cast.actor("province_admin"), release_id=pack.pk)
    assert (caught.value.code, sentence in caught.value.message) == ("pack_wrong", True)


@pytest.mark.django_db
def test_what_was_promised_to_packs_stays(cast, money):
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 2), places=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.unscoped("test").filter(pk=charge.pk).update(capacity=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        PackItem.objects.unscoped("test").update(count=1)
    admin = cast.actor("city_admin")
    assert refused(packs.fill_pack, admin, release_id=pack.pk, items=[]) == "pack_not_draft"
    more = {"pool_id": pack.pools.get().pk, "capacity": 6, "reason": "加份数"}
    assert refused(releases.change_capacity, admin, **more) == "pack_not_enlarged"


@pytest.mark.django_db
def test_returned_pack_is_not_opened(cast, money):
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 1))
    voucher = given_voucher(pack.pools.get(), cast.people["mei"].pk)
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state="returned")
    assert packs.open_pack(SYSTEM, voucher_id=voucher.pk) is None
    assert counts(charge) == (0, 10)


def welcome(cast, money, **facts):
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 1), mode="pack", **facts)
    return packs.set_welcome_pack(cast.actor("city_admin"), pool_id=pack.pools.get().pk), charge


def join(cast, who: str, union: str = "factory") -> int:
    person = cast.people[who]
    Membership.objects.unscoped("test").filter(person=person).delete()
    Membership.objects.create(person=person, union=cast.unions[union])
    return person.pk


@pytest.mark.django_db
def test_who_joins_is_welcomed_once_ever_and_who_was_there_before_is_not(cast, money):
    welcome(cast, money)
    Membership.objects.unscoped("test").update(created_at=clock.now() - dt.timedelta(days=900))
    assert packs.welcome_joiners(SYSTEM) == 0
    mei = join(cast, "mei")
    join(cast, "hua")  # not verified
    join(cast, "qiang", "riders")  # of the sister city
    assert (packs.welcome_joiners(SYSTEM), held(mei)) == (
        1,
        [("充电", "confirmed"), ("出行礼包", "redeemed")],
    )
    join(cast, "mei", "district")
    assert packs.welcome_joiners(SYSTEM) == 0
    assert WelcomeGift.objects.unscoped("test").get().person_id == mei


@pytest.mark.django_db
def test_member_who_only_moves_to_another_union_is_not_welcomed(cast, money):
    mei = Membership.objects.unscoped("test").get(person=cast.people["mei"])
    Membership.objects.unscoped("test").update(created_at=clock.now() - dt.timedelta(days=900))
    welcome(cast, money)
    Membership.objects.unscoped("test").filter(pk=mei.pk).update(status="ended")
    moved = cast.unions["district"]
    Membership.objects.create(person=cast.people["mei"], union=moved, source="transfer")
    assert packs.welcome_joiners(SYSTEM) == 0


@pytest.mark.django_db
def test_roster_brings_its_people_their_welcome_at_once(cast, money):
    welcome(cast, money, verified_only=False)
    roster = applied(cast, ("钱多一", id_no(7), "13900000007", "蓝海机械厂工会"))
    assert roster.state == "applied"
    job = "gonghui.bills.pack_tasks.welcome_who_is_on_a_roster"
    (facts,) = ProcrastinateJob.objects.filter(task_name=job).values_list("args", flat=True)
    assert facts == {"roster_id": roster.pk}
    pack_tasks.welcome_who_is_on_a_roster(RosterApplied(**facts))
    newcomer = Person.objects.unscoped("test").get(name="钱多一")
    assert held(newcomer.pk) == [("充电", "confirmed"), ("出行礼包", "redeemed")]


@pytest.mark.django_db
def test_news_of_tickets_passes_over_what_came_in_a_pack(cast, money):
    """Whoever opened the pack said it once for all of it; and those of other pools hear of theirs."""
    welcome(cast, money)
    lan, mei = cast.people["lan"].pk, join(cast, "mei")
    packs.welcome_joiners(SYSTEM)
    given_voucher(new_pool(new_release(cast.unions["city"])), lan)
    assert (news.tell_news(SYSTEM), news.tell_news(SYSTEM)) == (1, 0)
    assert told(mei) == [("“出行礼包”已打开", "给您的券已放进“我的票”：“充电”1 张。")]
    assert [title for title, _body in told(lan)] == ["抢到票了"]


@pytest.mark.django_db
def test_pack_whose_parts_were_all_cancelled_says_whom_to_ask(cast, money):
    (charge,) = parts(cast, money, 10)
    given_voucher(reviewed(cast, (charge, 1)).pools.get(), cast.people["mei"].pk)
    releases.cancel_release(cast.actor("city_admin"), release_id=charge.release_id, reason="商户停业")
    assert packs.open_packs(SYSTEM) == 1
    said = ("“出行礼包”已打开", f"很抱歉，里面的券都已取消。有疑问请问{cast.unions['city'].name}。")
    assert told(cast.people["mei"].pk) == [said]


@pytest.mark.django_db
def test_welcome_with_nothing_in_it_is_refused(cast, money):
    empty = reviewed(cast, mode="pack")
    with pytest.raises(DomainError) as caught:
        packs.set_welcome_pack(cast.actor("city_admin"), pool_id=empty.pools.get().pk)
    assert caught.value.message == "这个投放里还没有装券，请先组装礼包。"
    assert not WelcomePack.objects.unscoped("test").exists()


@pytest.mark.django_db
def test_welcome_is_for_its_groups_and_ends(cast, money):
    made, _charge = welcome(cast, money, audience_groups=("food_rider",))
    join(cast, "mei")
    qiang = join(cast, "qiang")
    assert (packs.welcome_joiners(SYSTEM), len(held(qiang))) == (1, 2)
    packs.end_welcome_pack(cast.actor("city_admin"), welcome_id=made.pk)
    join(cast, "lan")
    assert packs.welcome_joiners(SYSTEM) == 0
    assert refused(packs.end_welcome_pack, cast.actor("sister_admin"), welcome_id=made.pk) == "not_found"


@pytest.mark.django_db
def test_truck_driver_who_joins_first_and_is_verified_later_is_welcomed_then_and_once(cast, money):
    """S4-08: register with one's real name and join, in either order."""
    welcome(cast, money, audience_groups=("truck_driver",))
    hua = join(cast, "hua")
    Person.objects.unscoped("test").filter(pk=hua).update(groups=["truck_driver"])
    join(cast, "mei")  # verified, and drives no truck
    pack_tasks.welcome_new_members(0)
    assert not WelcomeGift.objects.unscoped("test").exists()
    name, number, _phone = IDS["hua"]
    verify_identity(cast.actor("hua"), name=name, id_no=number, consent=True)
    job = "gonghui.bills.pack_tasks.welcome_who_was_verified"
    (facts,) = ProcrastinateJob.objects.filter(task_name=job).values_list("args", flat=True)
    for _again in range(2):
        pack_tasks.welcome_who_was_verified(PersonVerified(**facts))
        pack_tasks.welcome_new_members(0)
    assert held(hua) == [("充电", "confirmed"), ("出行礼包", "redeemed")]
    assert WelcomeGift.objects.unscoped("test").get().person_id == hua


@pytest.mark.django_db(transaction=True)
def test_two_joins_at_once_are_one_welcome(cast, money):
    made, charge = welcome(cast, money)
    mei = join(cast, "mei")

    def ask(_n: int):
        try:
            return packs.welcome_person(SYSTEM, welcome_id=made.pk, person_id=mei)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sum(answer is not None for answer in answers) == 1
    assert held(mei) == [("充电", "confirmed"), ("出行礼包", "redeemed")]
    assert counts(charge) == (1, 9)


@pytest.mark.django_db(transaction=True)
def test_pack_opened_from_four_sides_is_opened_once(cast, money):
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 3), places=3)
    voucher = given_voucher(pack.pools.get(), cast.people["mei"].pk)

    def ask(_n: int):
        try:
            return packs.open_pack(SYSTEM, voucher_id=voucher.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert (sum(answer is not None for answer in answers), counts(charge)) == (1, (3, 7))


@pytest.mark.django_db
def test_pack_and_welcome_are_set_in_the_back_office(cast, client, money):
    charge, wash = parts(cast, money, 10, 10)
    pack = pack_of(cast, (charge, 1), mode="pack")
    cast.sign_in(client, "city_admin")
    posted = {"release": pack.pk, "pool1": charge.pk, "count1": "2", "pool2": wash.pk, "count2": "1"}
    twice = client.post(reverse("admin:pack_new"), posted | {"pool2": charge.pk})
    assert (twice.status_code, "同一种券只能选一次" in twice.content.decode()) == (422, True)
    assert client.post(reverse("admin:pack_new"), posted).status_code == 302
    found = pack.pack_items.order_by("id").values_list("pool_id", "count")
    assert list(found) == [(charge.pk, 2), (wash.pk, 1)]
    releases.review_release(cast.actor("province_admin"), release_id=pack.pk)
    answer = client.post(reverse("admin:welcome_new"), {"pool": pack.pools.get().pk})
    made = WelcomePack.objects.unscoped("test").get()
    assert answer.url == reverse("admin:bills_welcomepack_change", args=[made.pk])
    assert client.get(answer.url).status_code == 200
    cast.sign_in(client, "sister_admin")
    assert client.get(answer.url).status_code == 404


class TestPackItemScreen(ConsoleContract):
    model = PackItem

    def own(self, cast):
        return self._made(cast, "city")

    def foreign(self, cast):
        return self._made(cast, "sister")

    def more(self, cast, count):
        for _n in range(count):
            self._made(cast, "city")

    def _made(self, cast, union: str) -> PackItem:
        part = new_pool(new_release(cast.unions[union], mode="pack"))
        pack = new_release(cast.unions[union], state="draft", checker=None)
        return PackItem.objects.create(pack=pack, pool=part)


class TestWelcomeScreen(ConsoleContract):
    model = WelcomePack

    def own(self, cast):
        return self._made(cast, "city")

    def foreign(self, cast):
        return self._made(cast, "sister")

    def more(self, cast, count):
        for _n in range(count):
            self._made(cast, "city")

    def _made(self, cast, union: str) -> WelcomePack:
        pool = new_pool(new_release(cast.unions[union], mode="pack"))
        return WelcomePack.objects.create(pool=pool, maker=cast.users[f"{union}_admin"])
