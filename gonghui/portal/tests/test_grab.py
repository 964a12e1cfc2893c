"""The waiting page, the pass, the party, and claiming without scripts."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import settings

from gonghui.benefits.actions.claims import claim
from gonghui.benefits.events import ReleaseAnnounced, ReleaseCancelled, ReleaseClosed, ReleaseOpened
from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.benefits.models import Party, Voucher, WaitEntry, WaitingPage
from gonghui.kit.crypto import get_keyring
from gonghui.kit.events import _reactions
from gonghui.members.models import Delegation, Membership
from gonghui.portal import reactions
from gonghui.portal.tests.programme import DAY, HOUR, new_activity, new_release
from gonghui.portal.tests.test_home import text_of
from gonghui.portal.waiting import render_waiting_page
from tests.cast import new_union


@pytest.fixture
def cruise(cast):
    return new_release(
        new_activity(cast.unions["city"]), store=cast.store, party_max=3, starts=[2 * DAY, 3 * DAY]
    )


def vouchers() -> int:
    return Voucher.objects.unscoped("test").count()


# --- The waiting page ---------------------------------------------------------------------------------------


def test_waiting_page_is_the_same_for_everybody(client, cast, cruise):
    path = f"/r/{cruise.release.pk}"
    pages = set()
    for who in ("anonymous", "stranger", "hua", "mei", "province_admin"):
        client.logout()
        pages.add(cast.sign_in(client, who).get(path).content)
    assert len(pages) == 1
    page = pages.pop()
    assert page == bytes(WaitingPage.objects.get(release=cruise.release).html)
    for secret in (b"csrf", "陈小梅".encode(), b'data-server-now="1'):
        assert secret not in page
    assert len(page) < 100_000


def test_waiting_page_names_every_address_the_scripts_need(client, cruise):
    text = text_of(client, f"/r/{cruise.release.pk}")
    for pool in cruise.pools:
        assert f'data-pass-base="/me/pass/{pool.pk}"' in text
        assert f'data-live-url="/grab/{pool.pk}/live"' in text
        assert f'data-grab-url="/grab/{pool.pk}"' in text
    assert f'data-party-url="/me/party/{cruise.release.pk}"' in text
    assert f'href="/claims/{cruise.release.pk}"' in text


def test_waiting_page_asked_for_again_is_not_sent_again(client, cruise):
    path = f"/r/{cruise.release.pk}"
    etag = client.get(path).headers["ETag"]
    again = client.get(path, HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")


def test_waiting_page_is_written_only_where_it_changed(cruise):
    pk = cruise.release.pk
    assert render_waiting_page(pk) is True
    first = WaitingPage.objects.get(release_id=pk)
    assert render_waiting_page(pk) is True
    assert WaitingPage.objects.get(release_id=pk).rendered_at == first.rendered_at
    cruise.sessions[0].state, cruise.sessions[0].cancel_reason = "cancelled", "台风"
    cruise.sessions[0].save()
    render_waiting_page(pk)
    assert WaitingPage.objects.get(release_id=pk).etag != first.etag


@pytest.mark.parametrize(
    ("state", "said"),
    [("cancelled", "主办方取消了这次活动"), ("closed", "这次投放已经结束"), ("open", "等待开抢")],
)
def test_waiting_page_says_where_the_release_stands(client, cast, state, said):
    made = new_release(new_activity(cast.unions["city"]), state=state)
    assert said in text_of(client, f"/r/{made.release.pk}")


def test_waiting_page_of_a_draw_leads_to_the_activity(client, cast):
    made = new_release(new_activity(cast.unions["city"]), mode="draw")
    text = text_of(client, f"/r/{made.release.pk}")
    assert "这一场不用抢" in text
    assert f"/activities/{made.activity.pk}" in text


def test_waiting_page_of_a_draft_is_not_found(client, cast):
    made = new_release(new_activity(cast.unions["city"], state="draft"), state="draft")
    assert client.get(f"/r/{made.release.pk}").status_code == 404
    assert WaitingPage.objects.count() == 0


@pytest.mark.parametrize("event", [ReleaseAnnounced, ReleaseOpened, ReleaseClosed, ReleaseCancelled])
def test_waiting_page_follows_its_release(cruise, event):
    ours = [task for task in _reactions[event] if task.name.startswith(reactions.__name__)]
    assert len(ours) == 1
    ours[0](release_id=cruise.release.pk)
    assert WaitingPage.objects.filter(release=cruise.release).count() == 1


def test_waiting_page_is_rendered_in_few_questions(cruise, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        render_waiting_page(cruise.release.pk)


# --- The pass -----------------------------------------------------------------------------------------------


def ask_pass(client, pool, **query) -> tuple[int, dict]:
    response = client.get(f"/me/pass/{pool.pk}", query)
    return response.status_code, response.json()


def test_pass_is_for_this_person_pool_party_and_session(client, cast, cruise):
    cast.sign_in(client, "mei")
    status, said = ask_pass(client, cruise.pool, seats=2)
    assert status == 200
    read = Passes(get_keyring()).read(said["pass"])
    assert (read.person_id, read.pool_id, read.max_seats) == (cast.people["mei"].pk, cruise.pool.pk, 2)
    assert read.booked_by_id is None
    assert read.binding == binding_of(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert said["expires_at"] == round(cruise.release.closes_at.timestamp() * 1000)


def test_pass_is_refused_in_a_transit_pool_with_the_way_to_a_union(client, cast, cruise):
    pool = new_union("东江市周转库", "pool", cast.unions["city"])
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(union=pool)
    cast.sign_in(client, "mei")
    status, said = ask_pass(client, cruise.pool)
    assert (status, said["code"], said["next_url"]) == (403, "in_transit", "/me/membership/transfer")
    assert "周转库" in said["title"] and "办理转会" in said["message"]
    assert client.get(said["next_url"]).status_code == 200
    assert "在周转库期间" in text_of(client, "/me/membership")


@pytest.mark.parametrize(
    ("who", "code", "next_url"),
    [
        ("anonymous", "sign_in_first", "/sign-in?next=/r/{release}"),
        ("stranger", "not_verified", "/me/verify"),
        ("hua", "not_verified", "/me/verify"),
        ("qiang", "not_in_audience", ""),
    ],
)
def test_pass_is_refused_with_the_reason_and_the_next_step(client, cast, cruise, who, code, next_url):
    cast.sign_in(client, who)
    status, said = ask_pass(client, cruise.pool)
    assert (status, said["code"]) == (403, code)
    assert said["next_url"] == next_url.format(release=cruise.release.pk)
    assert said["title"]
    assert said["message"]


def test_pass_for_one_who_holds_enough_says_already(client, cast, cruise):
    claim(cast.actor("mei"), pool_id=cruise.pool.pk, key=uuid4())
    cast.sign_in(client, "mei")
    status, said = ask_pass(client, cruise.pool)
    assert (status, said["code"], said["next_url"]) == (409, "already", "/tickets")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"seats": "4"}, 422),
        ({"seats": "0"}, 422),
        ({"seats": "x"}, 422),
        ({"seats": "9" * 50}, 422),
        ({"for": "x"}, 422),
        ({"for": "9" * 30}, 422),
    ],
)
def test_pass_with_nonsense_is_refused(client, cast, cruise, query, status):
    cast.sign_in(client, "mei")
    assert ask_pass(client, cruise.pool, **query)[0] == status


def test_pass_of_an_unknown_pool_is_not_found(client, cast):
    response = cast.sign_in(client, "mei").get("/me/pass/999999")
    assert response.status_code == 404


def test_pass_for_another_needs_their_word(client, cast, cruise):
    cast.sign_in(client, "mei")
    other = cast.people["lan"]
    status, said = ask_pass(client, cruise.pool, **{"for": other.pk})
    assert (status, said["code"]) == (403, "not_delegated")
    Delegation.objects.create(person=other, delegate=cast.people["mei"])
    status, said = ask_pass(client, cruise.pool, **{"for": other.pk})
    read = Passes(get_keyring()).read(said["pass"])
    assert (status, read.person_id, read.booked_by_id) == (200, other.pk, cast.people["mei"].pk)


# --- The party ----------------------------------------------------------------------------------------------


def write_party(client, release, body) -> tuple[int, dict]:
    response = client.post(f"/me/party/{release.pk}", json.dumps(body), content_type="application/json")
    return response.status_code, response.json()


def test_party_is_told_to_the_reader_only(client, cast, cruise):
    path = f"/me/party/{cruise.release.pk}"
    assert client.get(path).json() == {"is_signed_in": False}
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    cast.sign_in(client, "mei")
    said = client.get(path).json()
    assert said["delegates"] == [{"id": cast.people["lan"].pk, "name": "黄**"}]
    assert said["companions"] == []
    assert said["csrf"]


def test_names_are_kept_and_go_with_the_pass(client, cast):
    made = new_release(new_activity(cast.unions["city"], kind="family"), party_max=3, names_required=True)
    cast.sign_in(client, "mei")
    status, said = ask_pass(client, made.pool, seats=3)
    assert (status, said["code"]) == (422, "names_missing")
    assert write_party(client, made.release, {"companions": [" 陈一 ", "陈二"]}) == (
        200,
        {"companions": ["陈一", "陈二"]},
    )
    assert ask_pass(client, made.pool, seats=3)[0] == 200
    assert Party.objects.unscoped("test").get().names == ["陈一", "陈二"]


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("mei", {"companions": ["一", "二", "三"]}, 422),
        ("mei", {"companions": "一"}, 422),
        ("mei", {"companions": [1]}, 422),
        ("mei", [], 422),
        ("mei", {"companions": ["一"], "for": "x"}, 422),
        ("stranger", {"companions": ["一"]}, 403),
        ("anonymous", {"companions": ["一"]}, 403),
    ],
)
def test_party_out_of_order_is_refused_and_nothing_kept(client, cast, cruise, who, body, status):
    cast.sign_in(client, who)
    assert write_party(client, cruise.release, body)[0] == status
    assert Party.objects.unscoped("test").count() == 0


def test_party_of_another_needs_their_word(client, cast, cruise):
    cast.sign_in(client, "mei")
    body = {"companions": ["一"], "for": cast.people["lan"].pk}
    status, said = write_party(client, cruise.release, body)
    assert (status, said["code"]) == (403, "not_delegated")
    assert Party.objects.unscoped("test").count() == 0


def test_party_is_not_written_from_another_site(cast, cruise):
    from django.test import Client

    client = cast.sign_in(Client(enforce_csrf_checks=True), "mei")
    response = client.post(f"/me/party/{cruise.release.pk}", "{}", content_type="application/json")
    assert response.status_code == 403


# --- Without scripts ----------------------------------------------------------------------------------------


def order(made, **more) -> dict:
    return {"pool": made.pool.pk, "seats": 1, "key": str(uuid4())} | more


def test_plain_form_takes_a_ticket_once_however_often_it_is_sent(client, cast, cruise):
    cast.sign_in(client, "mei")
    path, wanted = f"/claims/{cruise.release.pk}", order(cruise, seats=2)
    assert "选场次" in text_of(client, path)
    answers = [client.post(path, wanted).content.decode() for _ in range(2)]
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.person, voucher.seats) == (cast.people["mei"], 2)
    for text in answers:
        assert "抢到了" in text
        assert f"/tickets/{voucher.code}" in text


def test_plain_form_gives_honest_answers(client, cast):
    cast.sign_in(client, "mei")
    full = new_release(new_activity(cast.unions["city"]), capacity=1)
    claim(cast.actor("lan"), pool_id=full.pool.pk, key=uuid4())
    text = client.post(f"/claims/{full.release.pk}", order(full)).content.decode()
    assert "已进入候补" in text
    assert "第 1 位" in text
    assert WaitEntry.objects.unscoped("test").count() == 1
    early = new_release(new_activity(cast.unions["city"]), opens_in=HOUR)
    assert "还没有开始" in client.post(f"/claims/{early.release.pk}", order(early)).content.decode()
    assert vouchers() == 1


def test_plain_form_asks_for_missing_names_and_keeps_what_was_written(client, cast):
    made = new_release(new_activity(cast.unions["city"]), party_max=3, names_required=True)
    cast.sign_in(client, "mei")
    path = f"/claims/{made.release.pk}"
    refused = client.post(path, order(made, seats=3, companion=["陈一", ""]))
    assert refused.status_code == 422
    assert "还差 1 位同行人的姓名" in refused.content.decode()
    assert 'value="陈一"' in refused.content.decode()
    assert vouchers() == 0
    client.post(path, order(made, seats=3, companion=["陈一", "陈二"]))
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.state, voucher.companions) == ("confirmed", ["陈一", "陈二"])


@pytest.mark.parametrize(
    "more", [{"seats": 4}, {"seats": 0}, {"pool": 99999}, {"key": "x"}, {"for_person": "7"}]
)
def test_plain_form_refuses_nonsense(client, cast, cruise, more):
    cast.sign_in(client, "mei")
    assert client.post(f"/claims/{cruise.release.pk}", order(cruise, **more)).status_code == 422
    assert vouchers() == 0


def test_plain_form_of_the_unverified_says_what_to_do(client, cast, cruise):
    cast.sign_in(client, "hua")
    refused = client.post(f"/claims/{cruise.release.pk}", order(cruise))
    assert refused.status_code == 403
    assert "请先完成实名认证" in refused.content.decode()
    assert vouchers() == 0


def test_plain_form_sends_strangers_to_sign_in_and_back(client, cast, cruise):
    response = client.get(f"/claims/{cruise.release.pk}")
    assert response.headers["Location"] == f"/sign-in?next=%2Fclaims%2F{cruise.release.pk}"


def test_plain_form_books_for_one_who_said_yes(client, cast, cruise):
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    cast.sign_in(client, "mei")
    path = f"/claims/{cruise.release.pk}"
    assert "黄**" in text_of(client, path)
    client.post(path, order(cruise, for_person=cast.people["lan"].pk))
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.person, voucher.booked_by) == (cast.people["lan"], cast.people["mei"])
