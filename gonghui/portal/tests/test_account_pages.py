"""我的, 消息 and what hangs below them: what each reader sees, and what a refused reader cannot change."""

import io
import json
import re

import openpyxl
import pytest

from gonghui.accounts.models import Device, User
from gonghui.kit.actors import Actor
from gonghui.kit.models import AuditEntry
from gonghui.kit.ports import port
from gonghui.members.actions.consents import give_consent
from gonghui.members.consents import PURPOSES
from gonghui.members.models import Consent, Delegation, Person
from gonghui.notices.actions import tell
from gonghui.notices.models import Message
from gonghui.notices.queries import sms_sent_to
from tests.cast import IDS, STAFF

PAGES = (
    "/me/verify",
    "/me/data",
    "/me/phone",
    "/me/consents",
    "/me/devices",
    "/me/delegations",
    "/me/delegations/new",
    "/messages",
)
OPEN_PAGES = ("/me", "/me/settings", "/privacy", "/sign-in", "/console/sign-in")
SYSTEM = Actor.system("test")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sms():
    port("sms").faults.clear()


@pytest.fixture
def mei(client, cast):
    return cast.sign_in(client, "mei")


def text(answer) -> str:
    return answer.content.decode()


def say(cast, name, title="候补到位", **facts):
    return tell(SYSTEM, person_id=cast.people[name].pk, kind="ticket", title=title, body="请确认", **facts)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_for_the_signed_in(client, cast, path):
    assert client.get(path)["Location"].startswith("/sign-in?next=")
    for name in ("mei", "hua", "stranger", "clerk"):
        assert cast.sign_in(client, name).get(path).status_code == 200


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_page_is_open_to_everybody(client, cast, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/me/data", "/me/devices", "/messages", "/me/consents"])
def test_staff_without_their_second_factor_see_nothing(client, cast, path):
    client.force_login(cast.users[STAFF[0]])
    assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mei", ["陈**", "138****0001", "蓝海机械厂工会", "已实名会员"]),
        ("hua", ["还差一步：实名认证", "/me/verify"]),
        ("stranger", ["还差一步：实名认证", "未实名"]),
        ("clerk", ["核销台"]),
    ],
)
def test_me_says_who_one_is_and_the_next_step(client, cast, name, shown):
    page = text(cast.sign_in(client, name).get("/me"))
    assert [part for part in shown if part not in page] == []
    assert IDS["mei"][0] not in page and IDS["mei"][1] not in page


@pytest.mark.parametrize(
    "path", ["/me", "/me/data", "/me/delegations", "/messages", "/me/devices", "/me/consents"]
)
def test_pages_cost_at_most_ten_queries(mei, cast, path, django_assert_max_num_queries):
    for n in range(3):
        say(cast, "mei", title=f"第{n}条")
    mei.get("/me/settings")  # the day's first page also notes that the device was seen
    with django_assert_max_num_queries(10):
        mei.get(path)


def test_pages_are_under_a_hundred_kilobytes(mei, cast):
    for n in range(30):
        say(cast, "mei", title=f"第{n}条")
    assert max(len(mei.get(path).content) for path in (*PAGES, *OPEN_PAGES)) < 100_000


# --- My data ------------------------------------------------------------------------------------------------


def unmaskings() -> int:
    return AuditEntry.objects.unscoped("test").filter(op="UNMASK").count()


def test_numbers_are_masked_until_asked_and_the_asking_is_on_record(mei):
    page = text(mei.get("/me/data"))
    assert IDS["mei"][1] not in page and "**************0122" in page and unmaskings() == 0
    assert IDS["mei"][1] in text(mei.post("/me/data"))
    assert unmaskings() == 1


def test_download_as_json_holds_ones_own_and_nobody_elses(mei, cast):
    say(cast, "mei", title="给小梅")
    say(cast, "hua", title="给建华")
    answer = mei.post("/me/data/download.json")
    document = json.loads(answer.content)
    assert document["person"]["rows"][0]["证件号码"] == IDS["mei"][1]
    assert document["memberships"]["rows"][0]["工会"] == "蓝海机械厂工会"
    assert [row["标题"] for row in document["messages"]["rows"]] == ["给小梅"]
    assert "attachment" in answer["Content-Disposition"] and IDS["hua"][1] not in text(answer)
    assert unmaskings() == 1


def test_download_as_workbook_cannot_run_formulas(mei, cast):
    say(cast, "mei", title="=1+1")
    book = openpyxl.load_workbook(io.BytesIO(mei.post("/me/data/download.xlsx").content))
    cell = book["消息"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert book["身份"]["B2"].value == IDS["mei"][1]


def test_download_needs_a_post_and_somebody(client, cast):
    assert client.post("/me/data/download.json").status_code == 401
    assert cast.sign_in(client, "mei").get("/me/data/download.json").status_code == 405
    assert unmaskings() == 0


def test_account_without_a_person_downloads_too(client, cast):
    stranger = cast.sign_in(client, "stranger")
    document = json.loads(stranger.post("/me/data/download.json").content)
    assert (document["account"]["rows"][0]["登录手机号"], document["person"]["rows"]) == ("13800000009", [])


# --- Verification, phone, consents, devices -----------------------------------------------------------------


def identity(**fields):
    said, id_no, _phone = IDS["hua"]
    return {"name": said, "id_type": "resident_id", "id_no": id_no, "consent": "on", **fields}


def test_member_verifies_and_goes_on_where_they_were(client, cast):
    hua = cast.sign_in(client, "hua")
    answer = hua.post("/me/verify?next=/activities/3", identity(next="/activities/3"))
    assert answer["Location"] == "/activities/3"
    assert Person.objects.unscoped("test").get(pk=cast.people["hua"].pk).is_verified


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": "李建"}, 422, "今天还可以试 2 次"),
        ({"id_no": "440101198811110053"}, 422, "校验码不对"),
        ({"consent": ""}, 422, "核验需要您的同意"),
        ({"id_type": "driving_licence"}, 422, "选择一个有效的选项"),
        ({"name": IDS["mei"][0], "id_no": IDS["mei"][1]}, 409, "已经在另一个账号上使用"),
    ],
)
def test_refused_verification_says_why_and_verifies_nobody(client, cast, fields, status, said):
    answer = cast.sign_in(client, "hua").post("/me/verify", identity(**fields))
    assert answer.status_code == status
    assert said in text(answer)
    assert not Person.objects.unscoped("test").get(pk=cast.people["hua"].pk).is_verified


def test_new_phone_signs_the_others_out_and_this_one_stays(mei, cast):
    mei.post("/me/phone", {"phone": "13900001234"})
    code = re.search(r"\d{6}", sms_sent_to("13900001234")[0].text).group()
    answer = mei.post("/me/phone", {"step": "code", "phone": "13900001234", "code": code})
    assert answer["Location"] == "/me/data"
    assert "139****1234" in text(mei.get("/me/data"))
    assert User.objects.unscoped("test").get(pk=cast.users["mei"].pk).session_epoch == 1


def test_consent_is_given_and_withdrawn_by_one_tap(mei, cast):
    mei.post("/me/consents/messages/give")
    assert Consent.objects.unscoped("test").filter(withdrawn_at=None).count() == 1
    mei.post("/me/consents/messages/withdraw")
    assert Consent.objects.unscoped("test").filter(withdrawn_at=None).count() == 0
    assert mei.post("/me/consents/selling/give").status_code == 404


def test_withdrawing_stands_where_giving_stood_and_asks_no_more(mei, cast):
    """The same page, the same place, one button and nothing to fill in, of every purpose."""

    def asked(verb: str) -> list[str]:
        page = mei.get("/me/consents").content.decode()
        forms = re.findall(
            r'<form method="post" action="/me/consents/(\w+)/' + verb + r'">(.*?)</form>', page
        )
        assert all(inside.count("<button") == 1 and inside.count("<input") == 1 for _code, inside in forms)
        return [code for code, _inside in forms]

    assert asked("give") == list(PURPOSES) and asked("withdraw") == []
    for code in PURPOSES:
        mei.post(f"/me/consents/{code}/give")
    assert asked("withdraw") == list(PURPOSES) and asked("give") == []


def test_withdrawing_consent_to_use_signs_out(mei, cast):
    give_consent(cast.actor("mei"), purpose="privacy")
    assert mei.post("/me/consents/privacy/withdraw")["Location"] == "/"
    assert "_auth_user_id" not in mei.session


def second_browser(cast, name="mei"):
    from django.test import Client

    from gonghui.accounts.actions.devices import record_device

    browser = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) MicroMessenger/8"})
    cast.sign_in(browser, name)
    record_device(
        cast.actor(name),
        user_id=cast.users[name].pk,
        session_key=browser.session.session_key,
        label="iPhone · 微信",
    )
    return browser


def test_ending_another_device_signs_that_browser_out_at_once(mei, cast):
    other = second_browser(cast)
    assert "iPhone · 微信" in text(mei.get("/me/devices"))
    device = Device.objects.unscoped("test").get()
    assert mei.post(f"/me/devices/{device.pk}/end").status_code == 302
    assert (other.get("/messages").status_code, mei.get("/messages").status_code) == (302, 200)


def test_ending_all_others_keeps_the_one_in_hand(mei, cast):
    other, strangers = second_browser(cast), second_browser(cast, "hua")
    mei.post("/me/devices/end")
    assert [b.get("/messages").status_code for b in (mei, other, strangers)] == [200, 302, 200]


def test_device_of_another_is_not_found(mei, cast):
    second_browser(cast, "hua")
    device = Device.objects.unscoped("test").get()
    assert mei.post(f"/me/devices/{device.pk}/end").status_code == 404
    assert Device.objects.unscoped("test").get().ended_at is None


def test_elder_mode_works_without_javascript(client):
    answer = client.post("/me/settings/elder", {"on": "1"})
    assert answer.cookies["elder"].value == "1"
    assert " data-elder" in text(client.get("/me/settings")).split("<body")[0]


# --- Delegations --------------------------------------------------------------------------------------------


def test_delegation_from_form_to_end(mei, cast):
    other = {"name": IDS["lan"][0], "phone": IDS["lan"][2], "relation": "family"}
    assert mei.post("/me/delegations/new", other).status_code == 200
    code = re.search(r"\d{6}", sms_sent_to(IDS["lan"][2])[0].text).group()
    mei.post("/me/delegations/new", {**other, "step": "code", "code": code})
    assert "黄玉兰" in text(mei.get("/me/delegations"))
    made = Delegation.objects.unscoped("test").get()
    lan = cast.sign_in(mei, "lan")
    assert "陈小梅" in text(lan.get("/me/delegations"))
    lan.post(f"/me/delegations/{made.pk}/end")
    assert Delegation.objects.unscoped("test").get().ended_at is not None


def test_delegation_code_page_keeps_what_was_filled_in(mei):
    other = {"name": IDS["lan"][0], "phone": IDS["lan"][2], "relation": "colleague"}
    mei.post("/me/delegations/new", other)
    page = mei.post("/me/delegations/new", {**other, "step": "code", "code": "1"})
    assert page.status_code == 422
    assert [
        part for part in ('value="黄玉兰"', 'value="colleague"', "没有与这个姓名") if part not in text(page)
    ] == []
    assert Delegation.objects.unscoped("test").count() == 0


@pytest.mark.parametrize("name", ["qiang", "stranger", "city_admin"])
def test_delegation_of_others_is_not_found(client, cast, name):
    made = Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    assert cast.sign_in(client, name).post(f"/me/delegations/{made.pk}/end").status_code == 404
    assert Delegation.objects.unscoped("test").get().ended_at is None


# --- Messages -----------------------------------------------------------------------------------------------


def test_message_is_read_by_opening_it(mei, cast):
    found = say(cast, "mei", link="/tickets")
    assert "未读" in text(mei.get("/messages"))
    page = text(mei.get(f"/messages/{found.pk}"))
    assert "候补到位" in page and 'href="/tickets"' in page
    assert Message.objects.unscoped("test").get().read_at is not None


@pytest.mark.parametrize("name", ["hua", "city_admin", "clerk"])
def test_message_of_another_is_not_found_and_stays_unread(client, cast, name):
    found = say(cast, "mei")
    assert cast.sign_in(client, name).get(f"/messages/{found.pk}").status_code == 404
    assert Message.objects.unscoped("test").get().read_at is None


def test_all_are_read_at_once(mei, cast):
    for _ in range(3):
        say(cast, "mei")
    assert mei.get("/messages/read").status_code == 405
    mei.post("/messages/read")
    assert "都看过了" in text(mei.get("/messages?show=unread"))


def test_markup_in_a_message_is_text(mei, cast):
    found = say(cast, "mei", title="<script>alert(1)</script>")
    for path in ("/messages", f"/messages/{found.pk}"):
        assert "<script>alert(1)" not in text(mei.get(path))


def test_messages_are_paged(mei, cast):
    for n in range(25):
        say(cast, "mei", title=f"第{n}条")
    first, second = (text(mei.get(f"/messages?page={n}")) for n in (1, 2))
    assert ("第24条" in first, "第4条" in first, "第4条" in second) == (True, False, True)
