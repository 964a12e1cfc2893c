"""消息设置 as its member sees it, and the doors of the API that do the same."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.kit.actors import Actor
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, WechatQuota
from gonghui.notices.queries import quiet_hours_of, switches_of
from gonghui.notices.tests.conftest import noon, wechat  # noqa: F401
from gonghui.notices.tests.stage import SYSTEM, WX, a_send, a_template, connected, left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAGE = "/me/settings/messages"


def page_of(cast, client, who="mei") -> str:
    return cast.sign_in(client, who).get(PAGE).content.decode()


def all_on_but(cast, *off: str) -> dict:
    on = [f"{kind}:{channel}" for kind, channel in switches_of(cast.actor("mei"))]
    return {"on": [name for name in on if name not in off], "starts": "22:00", "ends": "08:00", "quiet": "on"}


def test_switches_moved_on_the_page_are_kept(cast, client):
    cast.sign_in(client, "mei")
    off = ("activity:sms", "survey:inbox", "notice:wechat")
    assert client.post(PAGE, all_on_but(cast, *off)).status_code == 302
    moved = {
        f"{kind}:{channel}" for (kind, channel), is_on in switches_of(cast.actor("mei")).items() if not is_on
    }
    assert moved == set(off)
    assert client.post(PAGE, all_on_but(cast)).status_code == 302
    assert all(switches_of(cast.actor("mei")).values())


def test_switches_that_stay_on_are_shown_so_and_stay_on(cast, client):
    text = page_of(cast, client)
    assert text.count("disabled") == 5
    client.post(PAGE, {"on": [], "starts": "22:00", "ends": "08:00", "quiet": "on"})
    still_on = {key for key, is_on in switches_of(cast.actor("mei")).items() if is_on}
    assert {("security", "sms"), ("ticket", "inbox"), ("points", "inbox")} <= still_on
    assert len(still_on) == 5


def test_quiet_hours_are_changed_and_nonsense_is_said(cast, client):
    cast.sign_in(client, "mei")
    client.post(PAGE, all_on_but(cast) | {"starts": "23:30", "ends": "06:00"})
    assert f"{quiet_hours_of(cast.actor('mei'))}" == "23:30-06:00"
    for wrong in ({"starts": "25:00"}, {"starts": ""}, {"starts": "06:00"}):
        answer = client.post(PAGE, all_on_but(cast) | {"ends": "06:00"} | wrong)
        assert (answer.status_code, "alert" in answer.content.decode()) == (422, True)
    assert f"{quiet_hours_of(cast.actor('mei'))}" == "23:30-06:00"


def test_stranger_is_led_to_verification(cast, client):
    assert "去认证" in page_of(cast, client, "stranger")
    assert client.post(PAGE, {"on": []}).status_code == 403


def test_every_message_leads_to_its_switch(cast, client):
    send = a_send(cast, a_template(cast))
    deliver(SYSTEM, send_id=send.pk)
    message = Message.objects.unscoped("test").get(person=cast.people["mei"])
    text = cast.sign_in(client, "mei").get(f"/messages/{message.pk}").content.decode()
    assert f"{PAGE}#kind-activity" in text
    assert "/m/" in text
    assert client.post(f"/messages/{message.pk}/like", {"on": "1"}).status_code == 302
    assert "赞过了" in client.get(f"/messages/{message.pk}").content.decode()
    client.post(f"/messages/{message.pk}/like")
    assert Message.objects.unscoped("test").get(pk=message.pk).liked_at is None


def test_allowing_one_message_counts_once_however_often_it_is_sent(cast, client, wechat):  # noqa: F811
    a_template(cast)
    connected(cast, "mei")
    assert "现在一条也不能发" in page_of(cast, client)
    asked = {"template": WX, "key": str(uuid4())}
    for _twice in range(2):
        assert client.post(f"{PAGE}/wechat", asked).status_code == 302
    assert "还可以给您发 1 条" in page_of(cast, client)
    assert client.post(f"{PAGE}/wechat", {"template": WX, "key": "x"}).status_code == 422
    assert client.post(f"{PAGE}/wechat", asked | {"template": "nonsense-template"}).status_code == 422
    assert left(cast, "mei") == 1


def test_real_wechat_is_not_played_on_the_page(cast, client, monkeypatch):
    a_template(cast)
    monkeypatch.setattr("gonghui.portal.views.message_settings.stand_in", lambda: None)
    assert "允许一条" not in page_of(cast, client)
    assert client.post(f"{PAGE}/wechat", {"template": WX, "key": str(uuid4())}).status_code == 403
    assert WechatQuota.objects.unscoped("test").count() == 0


def test_page_costs_the_same_queries_for_one_template_and_three(cast, client, django_assert_max_num_queries):
    cast.sign_in(client, "mei")
    seen = []
    for nth in range(3):
        a_template(cast, name=f"模板{nth}", wechat_template=f"tmpl_000000000{nth}")
        client.get(PAGE)
        with django_assert_max_num_queries(40) as counted:
            client.get(PAGE)
        seen.append(len(counted))
    assert len(set(seen)) == 1, seen


# --- API ------------------------------------------------------------------------------------------------------


@pytest.fixture
def api(cast, client):
    user_id = cast.users["mei"].pk
    token = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="小程序")

    def ask(method: str, path: str, body=None):
        headers = {"Authorization": f"Bearer {token}"}
        return client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers=headers,
        )

    return ask


def test_mini_program_reports_a_tap_and_reads_what_is_left(cast, api):
    a_template(cast)
    body = {"key": str(uuid4()), "answers": {WX: "accept"}}
    assert [api("POST", "/me/wechat-messages", body).json() for _n in range(2)] == [
        {"added": 1},
        {"added": 0},
    ]
    assert api("GET", "/me/wechat-messages").json() == [{"template": WX, "title": "开抢预告", "left": 1}]
    refused = api("POST", "/me/wechat-messages", {"key": str(uuid4()), "answers": {"other": "accept"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "wechat_template_unknown")
    assert (
        api("POST", "/me/wechat-messages", {"key": str(uuid4()), "answers": {WX: "yes"}}).status_code == 422
    )
    assert left(cast, "mei") == 1


def test_mini_program_moves_switches_and_quiet_hours(cast, api):
    assert (
        api(
            "PUT", "/me/message-settings/switch", {"kind": "activity", "channel": "sms", "is_on": False}
        ).status_code
        == 204
    )
    refused = api(
        "PUT", "/me/message-settings/switch", {"kind": "security", "channel": "sms", "is_on": False}
    )
    assert refused.json()["code"] == "message_stays_on"
    hours = {"starts": "21:00:00", "ends": "09:00:00", "is_on": True}
    assert api("PUT", "/me/message-settings/quiet-hours", hours).status_code == 204
    told = api("GET", "/me/message-settings").json()
    assert told["quiet_hours"] == hours
    assert [one for one in told["switches"] if not one["is_on"]] == [
        {"kind": "activity", "channel": "sms", "is_on": False, "is_fixed": False}
    ]


def test_mini_program_likes_a_message_and_takes_it_back(cast, api):
    send = a_send(cast, a_template(cast))
    deliver(SYSTEM, send_id=send.pk)
    message = Message.objects.unscoped("test").get(person=cast.people["mei"])
    others = Message.objects.unscoped("test").get(person=cast.people["hua"])
    assert api("PUT", f"/me/messages/{message.pk}/like").status_code == 204
    assert Message.objects.unscoped("test").get(pk=message.pk).liked_at is not None
    assert api("DELETE", f"/me/messages/{message.pk}/like").status_code == 204
    assert api("PUT", f"/me/messages/{others.pk}/like").status_code == 404
    assert Message.objects.unscoped("test").filter(liked_at__isnull=False).count() == 0
