"""Sends that tell of sensitive personal data: numbers in tens wherever they stand, and only by who may use such data."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.audiences.models import Audience
from gonghui.audiences.queries import people_in, version_of
from gonghui.audiences.tests.stage import VERIFIED, saved
from gonghui.audiences.tests.test_audiences import HARDSHIP, operator
from gonghui.audiences.tests.test_audiences_console import tagged
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Membership, Person, WorkerGroup
from gonghui.notices.actions.control import retry_failed
from gonghui.notices.actions.proposals import Meant, is_large
from gonghui.notices.actions.sends import deliver
from gonghui.notices.admin.proposing import SendForm
from gonghui.notices.models import Send, SendRule
from gonghui.notices.results import shown_number
from gonghui.notices.tests.stage import SYSTEM, a_send, a_template, everybody
from gonghui.notices.tests.test_console_pages import SENDS, asked
from gonghui.notices.tests.test_proposals import refused
from gonghui.orgs.models import Grant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FEW = "不足 10 人"


def hard_up(cast, *names: str, **facts) -> Audience:
    """困难职工 of the city: these."""
    for name in names:
        tagged(cast, name, "hardship")
    return saved(cast, HARDSHIP, name="受众甲", **facts)


def to(audience: Audience, **facts) -> Meant:
    return Meant(people_in(audience.pk), audience.name, audience, version_of(audience.pk), **facts)


def cared_for(*people: Person) -> WorkerGroup:
    """A worker group that tells of hardship, and who is in it."""
    group = WorkerGroup.objects.create(code="cared_for", name="帮扶对象", kind="hardship")
    Person.objects.unscoped("test").filter(pk__in=[one.pk for one in people]).update(groups=[group.code])
    return group


def a_crowd(cast, count: int) -> None:
    people = Person.objects.bulk_create(Person(name=f"会员{n}", groups=["cared_for"]) for n in range(count))
    Membership.objects.bulk_create(Membership(person=one, union=cast.unions["factory"]) for one in people)


def pages_of(client, send: Send) -> dict[str, str]:
    """Everywhere its numbers stand."""
    sheet = client.get(reverse("admin:send_sheet", args=[send.pk]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    listed = client.get(reverse("admin:notices_send_changelist"))
    return {
        "list": listed.content.decode(),
        "page": client.get(reverse("admin:notices_send_change", args=[send.pk])).content.decode(),
        "result": client.get(reverse("admin:send_result", args=[send.pk])).content.decode(),
        "sheet": str([row[1:] for row in list(book.worksheets[0].values)[1:]]),
    }


def test_numbers_of_a_sensitive_send_are_in_tens_wherever_they_stand(cast, client):
    audience = hard_up(cast, "lan", "mei")
    cast.sign_in(client, "city_admin")
    given = asked(cast, a_template(cast), audience=audience.pk, holdout_percent="20")
    look = client.post(reverse(SENDS), given).content.decode()
    assert f"受众甲：{FEW}" in look and f"现在发给 {FEW}" in look and f"没有同意 {FEW}" in look
    assert "2 人" not in look and "<b>2</b>" not in look and 'name="seen" value="2"' not in look
    assert "黄" not in look and "陈" not in look  # nobody is shown for example
    answer = client.post(reverse(SENDS), given | {"step": "send", "seen": FEW})
    assert answer.status_code == 302
    send = Send.objects.unscoped("test").get()
    assert (send.is_sensitive, send.state) == (True, "waiting")
    deliver(SYSTEM, send_id=send.pk)
    for name, page in pages_of(client, send).items():
        assert FEW in page, name
        for told in ("2 / 2", "4 / 4", ">2<", "<b>2</b>", "2 人", "1 人", "2 条", "4 条", "没有同意接收短信"):
            assert told not in page, (name, told)
    assert 'id="chart-send"' not in client.get(answer["Location"]).content.decode()
    trail = AuditEntry.objects.unscoped("test").filter(table_name="notices_send", row_id=send.pk)
    assert {str((entry.after or {}).get("recipients", "…")) for entry in trail} == {"…"}


def test_who_reads_it_without_the_verb_sees_no_more(cast, client):
    send = a_send(cast, a_template(cast), meant=to(hard_up(cast, "lan")))
    deliver(SYSTEM, send_id=send.pk)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="reviewer")
    page = cast.sign_in(client, "city_admin").get(reverse("admin:send_result", args=[send.pk]))
    assert page.status_code == 200 and page.content.decode().count(FEW) >= 6


def test_nobody_and_somebody_look_alike(cast, client):
    """Narrowed to a small union, a refusal would say who is none; the look and the send say nothing."""
    audience, template = hard_up(cast, "lan"), a_template(cast)
    district = {"audience": audience.pk, "union": cast.unions["district"].pk}
    cast.sign_in(client, "city_admin")

    def look() -> tuple[int, str]:
        page = client.post(reverse(SENDS), asked(cast, template, **district))
        return page.status_code, page.content.decode().split('id="look-title"')[1].split("nt-samples")[0]

    some = look()
    assert some[0] == 200
    Membership.objects.unscoped("test").filter(person=cast.people["lan"]).update(union=cast.unions["city"])
    assert look() == some
    answer = client.post(reverse(SENDS), asked(cast, template, **district, step="send", seen=FEW))
    send = Send.objects.unscoped("test").get()
    assert (answer.status_code, send.recipients) == (302, 0)
    deliver(SYSTEM, send_id=send.pk)
    assert Send.objects.unscoped("test").get().state == "done"
    assert FEW in client.get(answer["Location"]).content.decode()


def test_sensitive_send_is_made_by_who_holds_the_verb(cast, client):
    audience, template = hard_up(cast, "lan"), a_template(cast)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    assert refused(a_send, cast, template, meant=to(audience)) == "audience_sensitive"
    given = asked(cast, template, audience=audience.pk, step="send", seen=FEW)
    assert cast.sign_in(client, "city_admin").post(reverse(SENDS), given).status_code == 422
    assert Send.objects.unscoped("test").count() == 0


def test_what_failed_of_a_sensitive_send_goes_again_by_who_holds_the_verb(cast):
    send = a_send(cast, a_template(cast), meant=to(hard_up(cast, "lan")))
    deliver(SYSTEM, send_id=send.pk)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    assert refused(retry_failed, cast.actor("city_admin"), send_id=send.pk) == "audience_sensitive"


def test_union_of_an_employer_sends_to_no_sensitive_audience_of_others(cast):
    audience, template = hard_up(cast, "lan"), a_template(cast)
    given = {"meant": to(audience), "union": "factory"}
    assert refused(a_send, cast, template, **given) == "audience_health_of_employer"
    assert Send.objects.unscoped("test").count() == 0
    own = saved(cast, HARDSHIP, name="本厂困难职工", union="factory")
    assert a_send(cast, template, meant=to(own), union="factory").is_sensitive


def test_group_that_tells_of_hardship_is_offered_to_who_holds_the_verb(cast, client):
    cared_for(cast.people["lan"])
    offered = {
        who: {code for code, _name in SendForm(actor=actor).fields["groups"].choices}
        for who, actor in (("admin", cast.actor("city_admin")), ("operator", operator(cast)))
    }
    assert offered["admin"] - offered["operator"] == {"cared_for"} and "food_rider" in offered["operator"]
    template = a_template(cast)
    cast.sign_in(client, "city_admin")
    look = client.post(reverse(SENDS), asked(cast, template, groups=["cared_for"])).content.decode()
    assert f"现在发给 {FEW}" in look and "1 人" not in look
    client.post(reverse(SENDS), asked(cast, template, groups=["cared_for"], step="send", seen=FEW))
    assert Send.objects.unscoped("test").get().is_sensitive
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    forged = asked(cast, template, groups=["cared_for"], sent="00000000-0000-4000-8000-00000000000b")
    assert client.post(reverse(SENDS), forged).status_code == 422
    meant = Meant(everybody(), "帮扶对象", groups=("cared_for",))
    assert refused(a_send, cast, template, meant=meant) == "audience_sensitive"
    assert Send.objects.unscoped("test").count() == 1


def test_more_than_ten_are_said_in_tens_and_need_a_second_person_by_them(cast, client):
    cared_for()
    a_crowd(cast, 23)
    cast.sign_in(client, "city_admin")
    look = client.post(reverse(SENDS), asked(cast, a_template(cast), groups=["cared_for"])).content.decode()
    assert "现在发给 约 20 人" in look and "23" not in look.split('id="look-title"')[1].split("nt-samples")[0]
    assert [shown_number(n, is_sensitive=True) for n in (None, 0, 9, 10, 23)] == [
        "—", FEW, FEW, "约 10 人", "约 20 人",
    ]  # fmt: skip
    assert [shown_number(n, is_sensitive=False) for n in (None, 0, 1234)] == ["—", "0", "1,234"]
    city = cast.unions["city"]
    SendRule.objects.create(union=city, two_from=25)
    assert [is_large(n, city, is_sensitive=True) for n in (0, 9, 19, 20, 29)] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert [is_large(n, city, is_sensitive=False) for n in (24, 25)] == [False, True]


def test_database_takes_no_sensitive_send_that_does_not_say_so(cast):
    audience = hard_up(cast, "lan")
    facts = {
        "kind": "notice",
        "title": "x",
        "channels": ["inbox"],
        "union": cast.unions["city"],
        "audience": audience,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.create(key="x", **facts)
    said = Send.objects.create(key="y", is_sensitive=True, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.unscoped("test").filter(pk=said.pk).update(is_sensitive=False)
    plain = saved(cast, VERIFIED, name="已实名的")
    assert not a_send(cast, a_template(cast), meant=to(plain)).is_sensitive
