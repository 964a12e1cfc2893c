"""The way through WeChat's authorisation: once a session, back to where one was, and nothing for anybody else."""

from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.payments import collecting, identity_views
from gonghui.payments.actions import identities
from gonghui.payments.actions.coupons import draft_stock, note_stock, order_stock, send_external_coupon
from gonghui.payments.checks import adapters_know_the_same_account
from gonghui.payments.models import ExternalCoupon, IdentityRound, LocalTrade, PayerIdentity
from gonghui.payments.ports.coupons import StockOrder
from gonghui.payments.ports.local_identity import local_openid
from gonghui.payments.ports.local_trades import APPID
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, connected, identified, jobs

pytestmark = pytest.mark.django_db
START = "/payments/wechat/authorise?next=/privacy"


@pytest.fixture
def mei(cast, authorisation):
    return cast.sign_in(Client(), "mei")


@pytest.fixture
def hua(cast, authorisation):
    return cast.sign_in(Client(), "hua")


def gone(client, start=START) -> str:
    """Off to WeChat, which sends back to this address of ours."""
    page = client.get(client.get(start)["Location"])
    assert page.status_code == 302
    return page["Location"]


def kept() -> list[tuple]:
    rows = PayerIdentity.objects.unscoped("test").order_by("id")
    return [(row.person_id, row.appid, row.openid) for row in rows]


def at_hand(client):
    return client.session.get("wechat_identity")


# --- the round ----------------------------------------------------------------------------------------------


def test_member_comes_back_to_where_they_were_and_is_known(mei, cast, authorisation):
    away = mei.get(START)
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert asked["redirect_uri"] == ["http://testserver/payments/wechat/return"]
    assert (asked["appid"], asked["scope"], len(asked["state"][0])) == ([APPID], ["snsapi_base"], 64)
    back = mei.get(mei.get(away["Location"])["Location"])
    assert (back.status_code, back["Location"]) == (302, "/privacy")
    [(person_id, appid, openid)] = kept()
    assert (person_id, appid, openid[0], len(openid)) == (cast.people["mei"].pk, APPID, "o", 28)
    assert at_hand(mei) == [person_id, PayerIdentity.objects.unscoped("test").get().pk]


def test_openid_is_kept_sealed_and_found_by_its_blind_index(mei):
    connected(mei)
    openid = PayerIdentity.objects.unscoped("test").get().openid
    with connection.cursor() as cursor:
        cursor.execute("SELECT openid, openid_index, row_to_json(r)::text FROM payments_payeridentity r")
        [(sealed, index, row)] = cursor.fetchall()
    assert openid.encode() not in bytes(sealed) and openid not in row and len(bytes(index)) == 32
    assert PayerIdentity.objects.unscoped("test").filter(openid_index=openid).exists()
    trail = AuditEntry.objects.unscoped("test").filter(table_name="payments_payeridentity")
    assert [entry.op for entry in trail] == ["INSERT"]
    assert openid not in str(trail[0].after)


def test_return_again_asks_nothing_and_leads_back(mei, authorisation):
    """Phones load the address twice."""
    address = gone(mei)
    for _turn in range(3):
        assert mei.get(address)["Location"] == "/privacy"
    assert authorisation.asked == 1 and len(kept()) == 1


def test_state_of_another_session_opens_nothing(mei, hua, cast, authorisation):
    """Somebody is sent an address made for somebody else's WeChat, or their own phone's by another of their sessions."""
    address = gone(hua)
    same_person = cast.sign_in(Client(), "hua")
    for client in (mei, same_person):
        answer = client.get(address)
        assert (answer.status_code, "不是从这里开始的" in answer.content.decode()) == (403, True)
        assert at_hand(client) is None
    assert authorisation.asked == 0 and kept() == []
    assert hua.get(address).status_code == 302  # and it was not used up


@pytest.mark.parametrize("query", ["", "?code=x", "?state=", "?state=x&code=y", "?state=%00", "?state=码"])
def test_return_without_a_round_of_ours_opens_nothing(mei, authorisation, query):
    answer = mei.get(f"/payments/wechat/return{query}")
    assert answer.status_code in (400, 403)
    assert authorisation.asked == 0 and kept() == []


def test_round_is_over_after_ten_minutes(mei, authorisation):
    address = gone(mei)
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=True):
        answer = mei.get(address)
        assert (answer.status_code, "已经过期" in answer.content.decode()) == (410, True)
    assert authorisation.asked == 0 and kept() == []


def test_anonymous_is_sent_to_sign_in(client, authorisation):
    for path in (START, "/payments/wechat/return?state=a&code=b"):
        assert client.get(path)["Location"].startswith("/sign-in?next=")
    assert IdentityRound.objects.unscoped("test").count() == 0


def test_whoever_is_no_member_begins_no_round(cast, authorisation):
    answer = cast.sign_in(Client(), "stranger").get(START)
    assert answer.status_code == 403
    assert IdentityRound.objects.unscoped("test").count() == 0


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "/%09/evil.example", "javascript:alert(1)", "",
    "/payments/wechat/authorise", "/" + "a" * 200,
])  # fmt: skip
def test_only_own_paths_are_come_back_to(mei, target):
    address = gone(mei, f"/payments/wechat/authorise?next={target}")
    assert mei.get(address)["Location"] == "/me"


def test_database_refuses_an_address_that_is_not_ours(cast):
    for back in ("https://evil.example", "//evil.example"):
        with pytest.raises(IntegrityError), transaction.atomic():
            identities.begin_round(cast.actor("mei"), session_key="s", back=back)


def test_eleventh_round_in_ten_minutes_is_refused(mei, authorisation):
    for _turn in range(10):
        assert mei.get(START).status_code == 302
    answer = mei.get(START)
    assert (answer.status_code, "太频繁" in answer.content.decode()) == (429, True)
    with time_machine.travel(clock.now() + timedelta(minutes=21), tick=True):
        assert mei.get(START).status_code == 302
    assert IdentityRound.objects.unscoped("test").count() == 1  # what is over is swept


def test_only_reading_opens_the_round_and_only_a_form_forgets(mei):
    for path in ("/payments/wechat/authorise", "/payments/wechat/return", "/payments/wechat/local/authorize"):
        assert mei.post(path).status_code == 405
        assert mei.head(path).status_code == 405
    assert mei.get("/payments/wechat/forget").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = mei.cookies
    assert strict.post("/payments/wechat/forget").status_code == 403


# --- what WeChat says ---------------------------------------------------------------------------------------


def test_used_code_is_said_and_the_next_round_is_good(mei, authorisation):
    connected(mei)
    authorisation.repeats[:] = ["again"]
    answer = mei.get(gone(mei))
    page = answer.content.decode()
    assert (answer.status_code, "已经用过或过期" in page, 'href="/privacy"' in page) == (409, True, True)
    assert len(kept()) == 1
    assert mei.get(gone(mei))["Location"] == "/privacy"


def test_code_that_waited_five_minutes_is_said(mei, authorisation):
    address = gone(mei)
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        assert mei.get(address).status_code == 409
    assert kept() == []


def test_code_put_in_by_hand_is_refused_and_the_round_is_gone(mei, authorisation):
    address = gone(mei)
    assert mei.get(address.replace("code=", "code=0")).status_code == 409
    assert mei.get(address)["Location"] == "/privacy"
    assert kept() == [] and authorisation.asked == 1


def test_busy_wechat_is_said_and_the_next_round_is_good(mei, authorisation):
    authorisation.faults[:] = ["busy"]
    answer = mei.get(gone(mei))
    assert (answer.status_code, "微信暂时没有应答" in answer.content.decode()) == (503, True)
    assert kept() == []
    connected(mei)
    assert len(kept()) == 1


def test_network_that_fails_is_tried_again_within_the_round(mei, authorisation):
    authorisation.faults[:] = ["down", "down"]
    assert mei.get(gone(mei))["Location"] == "/privacy"
    assert (authorisation.asked, len(kept())) == (3, 1)
    authorisation.faults[:] = ["down"] * 3
    assert mei.get(gone(mei)).status_code == 503


# --- whose it is --------------------------------------------------------------------------------------------


def with_wechat_of(client, other) -> Client:
    """The same phone: one WeChat, another member signed in."""
    for name, morsel in other.cookies.items():
        if name == identity_views.LOCAL_WECHAT:
            client.cookies[name] = morsel.value
            client.cookies[name]["path"] = morsel["path"]
    return client


def test_another_members_wechat_pays_and_stays_theirs(mei, hua, cast, wechat, taken):
    """Decided: a bill may be paid from any WeChat, as from any purse; the openid stays with whoever had it first."""
    connected(mei)
    connected(with_wechat_of(hua, mei))
    assert [person for person, _appid, _openid in kept()] == [cast.people["mei"].pk]
    assert at_hand(hua) == [cast.people["hua"].pk, at_hand(mei)[1]]
    payment = taken(person_id=cast.people["hua"].pk)
    PayerIdentity.objects.unscoped("test").filter(person_id=cast.people["hua"].pk).delete()
    collecting.start_payment(cast.actor("hua"), payment_id=payment.pk, identity_id=at_hand(hua)[1])
    trade = LocalTrade.objects.unscoped("test").get(kind="trade")
    assert trade.facts["payer"] == {"openid": kept()[0][2]}


@pytest.fixture
def stock(cast, wechat):
    now = clock.now()
    order = StockOrder(uuid4().hex, "满30减5", 500, 3000, 100, now, now + timedelta(days=30))
    draft = draft_stock(cast.actor("finance_officer"), union_id=cast.unions["city"].pk, order=order)
    stock = order_stock(cast.actor("city_admin"), stock_pk=draft.pk)
    note_stock(SYSTEM, pk=stock.pk, stock_id="9000001")
    return again(stock)


def test_another_members_wechat_gets_no_coupon(mei, hua, cast, stock):
    connected(mei)
    connected(with_wechat_of(hua, mei))
    with pytest.raises(DomainError) as refused:
        send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=cast.people["hua"].pk)
    assert refused.value.code == "coupon_own_wechat_needed"
    assert (ExternalCoupon.objects.unscoped("test").count(), jobs("send_coupon")) == (0, 0)
    send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=cast.people["mei"].pk)
    assert jobs("send_coupon") == 1


def test_wechat_given_up_by_one_member_may_become_anothers(mei, hua, cast):
    connected(mei)
    assert "付款用的微信" in mei.get("/me/consents").content.decode()
    assert mei.post("/payments/wechat/forget")["Location"] == "/me/consents"
    assert kept() == [] and "付款用的微信" not in mei.get("/me/consents").content.decode()
    connected(with_wechat_of(hua, mei))
    assert [person for person, *_rest in kept()] == [cast.people["hua"].pk]


def test_member_with_a_new_wechat_has_that_one_from_now_on(mei, cast):
    connected(mei)
    [before] = kept()
    del mei.cookies[identity_views.LOCAL_WECHAT]
    connected(mei)
    [now] = kept()
    assert before[:2] == now[:2] and before[2] != now[2]


def test_session_on_the_wechat_of_before_asks_again(mei, cast, wechat, taken):
    """Both phones pay, each from its own WeChat."""
    other = connected(cast.sign_in(Client(), "mei"))
    connected(mei)
    page = other.get("/payments/wechat/authorise?next=/privacy", follow=True)
    assert page.redirect_chain[-1][0] == "/privacy"
    [(_person, _appid, openid)] = kept()
    payment = taken()
    collecting.start_payment(cast.actor("mei"), payment_id=payment.pk, identity_id=at_hand(other)[1])
    assert LocalTrade.objects.unscoped("test").get(kind="trade").facts["payer"] == {"openid": openid}
    assert not PayerIdentity.objects.unscoped("test").filter(pk=at_hand(mei)[1]).exists()


def test_payment_without_any_identity_is_refused_in_words(cast, wechat, taken):
    payment = taken()
    PayerIdentity.objects.unscoped("test").all().delete()
    with pytest.raises(DomainError) as refused:
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert refused.value.code == "payment_openid_needed"
    assert again(payment).state == "created"


def test_payment_by_an_openid_of_another_appid_is_refused_there(cast, wechat, taken):
    payment = taken()
    row = PayerIdentity.objects.unscoped("test").get()
    row.openid = "oOfAnotherAppid"
    row.save()
    with pytest.raises(DomainError) as refused:
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert refused.value.code == "payment_provider_down"


def test_identity_goes_with_its_person(cast):
    """Lan has nothing that keeps her: no bill, no voucher."""
    identified(cast.people["lan"].pk)
    identities.begin_round(cast.actor("lan"), session_key="s", back="/me")
    cast.people["lan"].memberships.all().delete()
    cast.people["lan"].delete()
    assert kept() == [] and IdentityRound.objects.unscoped("test").count() == 0


def test_one_openid_belongs_to_one_person_in_the_database(cast):
    mei, hua = cast.people["mei"].pk, cast.people["hua"].pk
    identified(mei)
    for facts in (
        {"person_id": hua, "appid": APPID, "openid": local_openid(f"of {mei}")},
        {"person_id": mei, "appid": APPID, "openid": local_openid("another")},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayerIdentity.objects.create(**facts)
    PayerIdentity.objects.create(person_id=hua, appid="wx2", openid=local_openid(f"of {mei}"))


def test_members_own_file_names_their_wechat_and_no_others(mei, hua, cast):
    from gonghui.portal.my_data import my_data_json

    connected(mei)
    connected(hua)
    by_person = {person: openid for person, _appid, openid in kept()}
    said = my_data_json(cast.actor("mei")).decode()
    assert by_person[cast.people["mei"].pk] in said and by_person[cast.people["hua"].pk] not in said


# --- at once ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_wechat_noted_for_two_members_at_once_is_one_members(cast):
    sides = [
        partial(identities.note_identity, cast.actor(name), appid=APPID, openid=openid)
        for name in ("mei", "hua", "qiang")
        for openid in ("o1234567", "o7654321")
    ]
    found = at_once(*sides, *sides)
    assert {type(one).__name__ for one in found} == {"PayerIdentity"}
    rows = PayerIdentity.objects.unscoped("test")
    people, openids = zip(*((row.person_id, row.openid) for row in rows), strict=True)
    assert len(set(people)) == len(people) == len(set(openids)) <= 2


@pytest.mark.django_db(transaction=True)
def test_round_used_from_sixteen_sides_is_first_once(cast):
    actor = cast.actor("mei")
    state = identities.begin_round(actor, session_key="s", back="/me")
    found = at_once(*[partial(identities.use_round, actor, session_key="s", state=state)] * 16)
    assert sorted(one.is_first for one in found) == [False] * 15 + [True]


@pytest.mark.django_db(transaction=True)
def test_rounds_begun_from_sixteen_sides_stay_within_their_number(cast):
    actor = cast.actor("mei")
    at_once(*[partial(identities.begin_round, actor, session_key="s", back="/me")] * 16)
    assert IdentityRound.objects.unscoped("test").count() == 10


# --- set up -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changed", "said"), [
    ({}, []),
    ({"payment": "gonghui.payments.ports.wechat.WeChatPayments"}, ["payment"]),
    ({"wechat_identity": "gonghui.payments.ports.wechat_identity.WeChatIdentity"},
     ["payment", "coupon_provider", "wechat_messages"]),
    ({"payment": "a.WeChatPayments", "coupon_provider": "a.WeChatCoupons", "wechat_identity": "a.WeChatIdentity",
      "wechat_messages": "a.WeChatMessages"}, []),
])  # fmt: skip
def test_adapters_of_different_accounts_are_said_at_start(settings, changed, said):
    settings.GONGHUI_PORTS = settings.GONGHUI_PORTS | changed
    assert [one.msg.split()[1] for one in adapters_know_the_same_account()] == said


# --- the page that plays it ---------------------------------------------------------------------------------


def test_played_page_leads_to_no_other_house(mei):
    address = mei.get(START)["Location"]
    for other in ("https%3A%2F%2Fevil.example%2F", "%2F%2Fevil.example", "", "http%3A%2F%2F%5B"):
        wrong = address.replace("http%3A%2F%2Ftestserver%2Fpayments%2Fwechat%2Freturn", other)
        assert mei.get(wrong).status_code == 400
    assert mei.get(address.replace(APPID, "wx2")).status_code == 400


def test_production_knows_no_played_page_and_says_that_paying_is_closed(mei, settings, monkeypatch):
    from gonghui.kit import ports

    monkeypatch.undo()
    ports._adapter.cache_clear()
    settings.PRODUCTION = True
    assert mei.get("/payments/wechat/local/authorize").status_code == 404
    assert mei.get(START).status_code == 503
    ports._adapter.cache_clear()
