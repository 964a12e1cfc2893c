"""The console's own pages of messages: a template from draft to approval, a send from its numbers to its result."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.urls import reverse

from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Send, SendRule, Template
from gonghui.notices.tests.stage import SYSTEM, WORDS, a_send, a_template

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NEW, SENDS = "admin:template_new", "admin:send_new"


def words(cast, **given) -> dict:
    fields = "\n".join(f"{name}={value}" for name, value in WORDS["wechat_fields"].items())
    form = {name: value for name, value in WORDS.items() if name != "wechat_fields"}
    return form | {"fields_text": fields, "union": cast.unions["city"].pk} | given


def asked(cast, template, **given) -> dict:
    return {
        "template": template.pk, "union": cast.unions["city"].pk, "channels": ["inbox", "sms"], "holdout_percent": "0",
        "sent": "00000000-0000-4000-8000-00000000000a", "step": "look",
    } | given  # fmt: skip


def test_template_is_written_changed_sent_to_review_and_approved(cast, client):
    cast.sign_in(client, "city_admin")
    answer = client.post(reverse(NEW), words(cast))
    row = Template.objects.unscoped("test").get()
    assert answer["Location"] == reverse("admin:template_look", args=[row.pk])
    look = client.get(answer["Location"]).content.decode()
    assert "【东江工会】" in look
    assert "陈小梅" not in look
    edit = reverse("admin:template_edit", args=[row.pk])
    assert client.get(edit).status_code == 200
    assert client.post(edit, words(cast, title="改过的标题")).status_code == 302
    client.post(reverse("admin:notices_template_submit", args=[row.pk]))
    assert client.get(edit).status_code == 404
    assert client.post(reverse("admin:notices_template_approve", args=[row.pk])).status_code == 422
    client.logout()
    cast.sign_in(client, "province_admin")
    assert "消息模板待复核" in client.get(reverse("admin:index")).content.decode()
    client.post(reverse("admin:notices_template_approve", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.title) == ("approved", "改过的标题")
    answer = client.post(reverse("admin:notices_template_revise", args=[row.pk]))
    assert answer["Location"] == reverse("admin:template_edit", args=[row.pk + 1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields_text": "没有等号"},
        {"title": "{age}"},
        {"link": "https://evil.example"},
        {"sms_signature": ""},
    ],
)
def test_wrong_template_is_said_and_what_was_typed_stays(cast, client, wrong):
    answer = cast.sign_in(client, "city_admin").post(reverse(NEW), words(cast, **wrong))
    assert (answer.status_code, Template.objects.unscoped("test").count()) == (422, 0)
    assert WORDS["body"].split("：")[1] in answer.content.decode()


def test_numbers_are_looked_at_and_then_it_goes_once(cast, client):
    template = a_template(cast)
    cast.sign_in(client, "city_admin")
    page = client.post(reverse(SENDS), asked(cast, template)).content.decode()
    assert "现在发给 3 人" in page
    assert "没有同意 3" in page
    assert Send.objects.unscoped("test").count() == 0
    for _twice in range(2):
        answer = client.post(reverse(SENDS), asked(cast, template, step="send", seen="3"))
        assert answer.status_code == 302
    send = Send.objects.unscoped("test").get()
    assert (send.recipients, send.chosen, send.state) == (3, "东江市总工会", "waiting")
    deliver(SYSTEM, send_id=send.pk)
    result = client.get(answer["Location"]).content.decode()
    assert "没有同意接收短信 3" in result


def test_numbers_that_changed_are_shown_anew_and_nothing_goes(cast, client):
    template = a_template(cast)
    answer = cast.sign_in(client, "city_admin").post(
        reverse(SENDS), asked(cast, template, step="send", seen="2")
    )
    assert "请再看一遍再发" in answer.content.decode()
    assert Send.objects.unscoped("test").count() == 0


def test_filters_narrow_who_is_meant(cast, client):
    template = a_template(cast)
    cast.sign_in(client, "city_admin")
    assert (
        "现在发给 2 人"
        in client.post(reverse(SENDS), asked(cast, template, is_verified="on")).content.decode()
    )
    none = client.post(reverse(SENDS), asked(cast, template, groups=["food_rider"]))
    assert (none.status_code, "一个人也没有" in none.content.decode()) == (422, True)


def test_large_send_is_handed_to_a_second_person_on_the_page(cast, client):
    template = a_template(cast)
    SendRule.objects.create(union=cast.unions["city"], two_from=2)
    cast.sign_in(client, "city_admin")
    assert "交给另一位同事放行" in client.post(reverse(SENDS), asked(cast, template)).content.decode()
    client.post(reverse(SENDS), asked(cast, template, step="send", seen="3"))
    send = Send.objects.unscoped("test").get()
    assert client.post(reverse("admin:notices_send_release", args=[send.pk])).status_code == 422
    client.logout()
    cast.sign_in(client, "province_admin")
    assert "群发待放行" in client.get(reverse("admin:index")).content.decode()
    assert client.post(reverse("admin:notices_send_release", args=[send.pk])).status_code == 302
    assert Send.objects.unscoped("test").get().state == "waiting"


@pytest.mark.parametrize("who", ["sister_admin", "judge", "finance_officer", "mei", "stranger", "anonymous"])
def test_pages_are_of_its_own_union_only(cast, client, who):
    template = a_template(cast)
    send = a_send(cast, template)
    cast.sign_in(client, who)
    of_a_row = [
        reverse("admin:send_result", args=[send.pk]), reverse("admin:send_sheet", args=[send.pk]),
        reverse("admin:template_look", args=[template.pk]), reverse("admin:template_edit", args=[template.pk]),
    ]  # fmt: skip
    for address in of_a_row:
        assert client.get(address).status_code in (302, 403, 404), address
    posted = client.post(reverse(SENDS), asked(cast, template, step="send", seen="3"))
    assert posted.status_code in (302, 403, 422)
    assert (Send.objects.unscoped("test").count(), Message.objects.unscoped("test").count()) == (1, 0)


def test_union_of_a_sister_cannot_be_chosen(cast, client):
    template = a_template(cast)
    answer = cast.sign_in(client, "city_admin").post(
        reverse(SENDS), asked(cast, template, union=cast.unions["riders"].pk, step="send", seen="1")
    )
    assert (answer.status_code, Send.objects.unscoped("test").count()) == (422, 0)


def test_numbers_of_a_send_are_taken_along_without_a_person(cast, client):
    send = a_send(cast, a_template(cast), ("inbox", "sms"))
    deliver(SYSTEM, send_id=send.pk)
    answer = cast.sign_in(client, "city_admin").get(reverse("admin:send_sheet", args=[send.pk]))
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0].values)
    assert [row[:4] for row in rows] == [
        ("渠道", "应发", "送达", "还没发"), ("站内消息", 3, 3, 0), ("短信", 3, 0, 0),
    ]  # fmt: skip


def test_result_costs_the_same_queries_for_one_and_three(cast, client, django_assert_max_num_queries):
    template = a_template(cast)
    cast.sign_in(client, "city_admin")
    seen = []
    for union in ("factory", "city"):
        send = a_send(cast, template, ("inbox", "sms", "wechat"), union=union)
        deliver(SYSTEM, send_id=send.pk)
        client.get(reverse("admin:send_result", args=[send.pk]))
        with django_assert_max_num_queries(40) as counted:
            client.get(reverse("admin:send_result", args=[send.pk]))
        seen.append(len(counted))
    assert len(set(seen)) == 1, seen
