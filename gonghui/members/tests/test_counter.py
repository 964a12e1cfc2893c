"""柜台受理: a member without a phone, two of the staff, one document; nothing before the second has looked."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import counter, forget
from gonghui.members.models import CounterRequest, Farewell, Person
from gonghui.orgs.models import Grant
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db
WORDS = "手机丢失，本人带身份证到场"
NEW = "13900000077"


def opened(cast, kind: str, name: str = "mei", who: str = "city_admin", **facts) -> CounterRequest:
    person = cast.people[name]
    return counter.open_request(cast.actor(who), person_id=person.pk, kind=kind, words=WORDS, **facts)


def confirmed(cast, request: CounterRequest, tail: str = "0122", who: str = "province_admin"):
    return counter.confirm_request(cast.actor(who), request_id=request.pk, tail=tail)


def code_of(call) -> str:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.code


def person_of(cast, name: str = "mei") -> Person:
    return Person.objects.unscoped("test").get(pk=cast.people[name].pk)


def state_of(request: CounterRequest) -> str:
    return CounterRequest.objects.unscoped("test").get(pk=request.pk).state


def test_second_hand_gives_a_member_a_new_phone_and_ends_what_the_old_one_opened(cast, client):
    cast.sign_in(client, "mei")
    request = opened(cast, "phone", new_phone=" 139 0000 0077")
    assert person_of(cast).phone == "13800000001"
    confirmed(cast, request)
    person = person_of(cast)
    assert (person.phone, User.objects.unscoped("test").get(pk=person.user_id).phone) == (NEW, NEW)
    assert (person.verification, person.verified_by) == ("verified", "roster")
    assert client.get("/me/data").status_code == 302


def test_farewell_at_the_counter_cools_off_and_is_taken_back_there(cast):
    request = confirmed(cast, opened(cast, "farewell", gives_up=True))
    farewell = Farewell.objects.unscoped("test").get()
    assert (farewell.person_id, farewell.state) == (cast.people["mei"].pk, "cooling")
    assert farewell.due_at - clock.now() > dt.timedelta(days=14)
    counter.take_back_at_counter(cast.actor("city_admin"), request_id=request.pk, reason="本人又来了")
    assert Farewell.objects.unscoped("test").get().state == "taken_back"


def test_member_who_never_signed_in_is_forgotten_alike_and_the_request_keeps_no_word(cast):
    Person.objects.unscoped("test").filter(pk=cast.people["lan"].pk).update(user=None)
    request = confirmed(cast, opened(cast, "farewell", "lan"), tail="0101")
    farewell = Farewell.objects.unscoped("test").get()
    Farewell.objects.unscoped("test").update(due_at=clock.now() - dt.timedelta(seconds=1))
    assert forget.carry_out(cast.actor("anonymous").system("test"), farewell_id=farewell.pk)
    assert (person_of(cast, "lan").id_no, person_of(cast, "lan").user_id) == (None, None)
    left = CounterRequest.objects.unscoped("test").get(pk=request.pk)
    assert (left.words, left.new_phone, left.state) == ("", None, "confirmed")


def test_copy_holds_what_the_registers_hold_and_is_taken_by_its_opener_for_a_day(cast):
    request = opened(cast, "copy")
    take = lambda who="city_admin": counter.take_copy(cast.actor(who), request_id=request.pk)  # noqa: E731
    assert code_of(take) == "counter_no_copy"
    confirmed(cast, request)
    assert code_of(lambda: take("province_admin")) == "not_found"
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(io.BytesIO(take()[1])).worksheets[0]]
    assert ["证件号码", "440101199003070122"] in rows
    assert "健康" not in str(rows)
    ops = AuditEntry.objects.unscoped("test").filter(actor_id=cast.users["city_admin"].pk)
    assert set(ops.values_list("op", flat=True)) >= {"EXPORT", "UNMASK"}
    take(), take()
    assert code_of(take) == "export_spent"
    CounterRequest.objects.unscoped("test").update(decided_at=clock.now() - dt.timedelta(hours=25), copies=0)
    assert code_of(take) == "counter_no_copy"


def test_nobody_confirms_their_own_nor_outside_their_subtree_nor_for_themselves(cast):
    request = opened(cast, "copy")
    for who, code in (("city_admin", "counter_own"), ("sister_admin", "not_found"), ("mei", "not_found")):
        assert code_of(lambda who=who: confirmed(cast, request, who=who)) == code
    assert code_of(lambda: opened(cast, "copy", who="sister_admin")) == "not_found"
    assert code_of(lambda: opened(cast, "copy", who="finance_officer")) == "not_found"
    assert code_of(lambda: opened(cast, "copy")) == "counter_open"
    Person.objects.unscoped("test").filter(pk=cast.people["hua"].pk).update(user=cast.users["city_admin"])
    assert code_of(lambda: opened(cast, "copy", "hua")) == "counter_oneself"
    mine = opened(cast, "copy", "hua", who="province_admin")
    assert code_of(lambda: confirmed(cast, mine, who="city_admin")) == "counter_oneself"
    assert (state_of(request), state_of(mine)) == ("open", "open")


def test_database_keeps_two_hands_and_serves_nobody_themselves(cast):
    request = opened(cast, "copy")
    rows = CounterRequest.objects.unscoped("test").filter(pk=request.pk)
    facts = {"state": "confirmed", "decided_at": clock.now()}
    wrong = (
        {**facts, "checker": cast.users["city_admin"]},
        {**facts, "checker": cast.users["mei"]},
        {"person": cast.people["hua"]},
        {"state": "confirmed"},
    )
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    confirmed(cast, request)
    with pytest.raises(IntegrityError, match="members_counter_guard"), transaction.atomic():
        rows.update(state="refused")


def test_wrong_tail_is_counted_and_three_lock(cast):
    request = opened(cast, "phone", new_phone=NEW)
    codes = [code_of(lambda: confirmed(cast, request, tail="9999")) for _nth in range(3)]
    assert codes == ["counter_tail", "counter_tail", "locked"]
    assert code_of(lambda: confirmed(cast, request)) == "locked"
    assert (person_of(cast).phone, state_of(request)) == ("13800000001", "open")


def test_phone_of_another_account_and_what_hinders_are_refused_and_nothing_changes(cast):
    taken = opened(cast, "phone", new_phone="13800000002")
    assert code_of(lambda: confirmed(cast, taken)) == "phone_taken"
    assert (person_of(cast).phone, state_of(taken)) == ("13800000001", "open")
    assert code_of(lambda: opened(cast, "phone", "lan", new_phone="123")) == "bad_phone"
    counter.refuse_request(cast.actor("province_admin"), request_id=taken.pk, reason="不是本人")
    assert code_of(lambda: confirmed(cast, taken)) != ""


def test_person_without_a_document_is_not_served(cast):
    Person.objects.unscoped("test").filter(pk=cast.people["hua"].pk).update(
        id_no=None, id_index=None, verification="none"
    )
    assert code_of(lambda: opened(cast, "copy", "hua")) == "counter_no_document"


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_carry_out_once(cast):
    second = User.objects.create(login="second", is_staff=True, display_name="second")
    cast.users["second"] = second
    Grant.objects.create(
        user=second, role="org_admin", union=cast.unions["city"], starts_on=dt.date(2024, 1, 1)
    )
    request = opened(cast, "farewell", gives_up=True)
    answers = at_once(
        lambda: confirmed(cast, request), lambda: confirmed(cast, request, who="second")
    )  # fmt: skip
    assert sorted(isinstance(one, Exception) for one in answers) == [False, True]
    assert Farewell.objects.unscoped("test").count() == 1


def test_pages_lead_from_the_person_to_the_second_hand_and_the_copy(cast, client):
    cast.sign_in(client, "city_admin")
    person = reverse("admin:members_person_change", args=[cast.people["mei"].pk])
    opening = reverse("admin:members_person_counter", args=[cast.people["mei"].pk])
    assert opening in client.get(person).content.decode()
    assert client.post(opening, {"kind": "phone", "words": WORDS}).status_code == 422
    assert client.post(opening, {"kind": "copy", "words": WORDS}).status_code == 302
    request = CounterRequest.objects.unscoped("test").get()
    address = reverse("admin:members_counterrequest_confirm", args=[request.pk])
    assert client.post(address, {"tail": "0122"}).status_code in {403, 422}
    row = reverse("admin:members_counterrequest_change", args=[request.pk])
    shown = client.get(row).content.decode()
    assert (address in shown, "请受理人以外的一位同事" in shown, "新手机号" in shown) == (False, True, False)
    cast.sign_in(client, "province_admin")
    assert address in client.get(row).content.decode()
    assert client.post(address, {"tail": "0122"}).status_code == 302
    copy = reverse("admin:counter_copy", args=[request.pk])
    assert (client.post(copy).status_code, client.get(copy).status_code) == (404, 404)
    cast.sign_in(client, "city_admin")
    assert copy in client.get(row).content.decode()
    asked = client.get(copy)
    assert asked.status_code == 200 and cast.people["mei"].name in asked.content.decode()
    groups = {group["title"]: group["open"] for group in asked.context["sidebar_navigation"]}
    assert [title for title, is_open in groups.items() if is_open] == ["会员"]
    for left in (2, 1, 0):
        assert client.post(copy)["Content-Disposition"].startswith("attachment")
        assert (copy in client.get(row).content.decode()) == bool(left)


class TestCounterScreen(ConsoleContract):
    model = CounterRequest
    sightless = ("judge", "finance_officer")

    def _asked(self, cast, name: str, union: str, kind: str = "copy") -> CounterRequest:
        return CounterRequest.objects.create(
            union=cast.unions[union],
            person=cast.people[name],
            kind=kind,
            words=WORDS,
            maker=cast.users["province_admin"],
        )

    def own(self, cast):
        return self._asked(cast, "mei", "factory")

    def foreign(self, cast):
        return self._asked(cast, "qiang", "riders")

    def more(self, cast, count):
        for name in ("hua", "lan")[:count]:
            self._asked(cast, name, "factory")
