"""我的票: whose they are, what they show, and what can be done with them."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from gonghui.benefits.actions.claims import claim
from gonghui.benefits.models import Redemption, Release, Voucher, WaitEntry
from gonghui.kit.tokens import voucher_secret
from gonghui.members.models import Delegation
from gonghui.portal.tests.programme import DAY, HOUR, new_activity, new_release
from gonghui.portal.tests.test_home import QUERIES_MAX, queries_of, text_of


def win(cast, made, who="mei", seats=1, **more) -> Voucher:
    answer = claim(cast.actor(who), pool_id=made.pool.pk, key=uuid4(), seats=seats, **more)
    assert answer.answer == "won"
    return Voucher.objects.unscoped("test").get(code=answer.code)


def honour(voucher: Voucher, cast, kind="check_in") -> None:
    Redemption.objects.create(
        voucher=voucher, kind=kind, at=timezone.now(), store=cast.store, clerk=cast.users["clerk"], idempotency_key=uuid4()
    )  # fmt: skip
    state = "redeemed" if kind == "check_in" else "exchanged"
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state=state)


def state_of(voucher: Voucher) -> str:
    return Voucher.objects.unscoped("test").get(pk=voucher.pk).state


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def cruise(cast):
    return new_release(
        new_activity(cast.unions["city"]), store=cast.store, party_max=3, capacity=3, starts=[2 * DAY]
    )


# --- The list -----------------------------------------------------------------------------------------------


def test_tickets_need_an_account(client, db):
    assert client.get("/tickets").headers["Location"] == "/sign-in?next=%2Ftickets"


def test_no_tickets_says_what_to_do(client, cast):
    text = text_of(cast.sign_in(client, "mei"), "/tickets")
    assert "还没有可用的票" in text
    assert 'href="/activities"' in text


def test_no_tickets_of_the_unverified_says_the_step_missing(client, cast):
    assert "还差一步：实名认证" in text_of(cast.sign_in(client, "stranger"), "/tickets")


def test_tickets_are_told_apart_by_where_they_stand(client, cast, cruise):
    coming = win(cast, cruise)
    over = new_release(new_activity(cast.unions["city"], title="昨天的活动"), starts=[-DAY], store=cast.store)
    used = win(cast, over)
    honour(used, cast)
    full = new_release(new_activity(cast.unions["city"], title="抢完的活动"), capacity=1)
    win(cast, full, "lan")
    assert claim(cast.actor("mei"), pool_id=full.pool.pk, key=uuid4()).place == 1
    cast.sign_in(client, "mei")
    ahead, waiting, past = (
        text_of(client, f"/tickets{query}") for query in ("", "?view=waiting", "?view=past")
    )
    assert (coming.code in ahead, used.code in ahead, "抢完的活动" in ahead) == (True, False, False)
    assert "候补第 1 位" in waiting
    assert "抢完的活动" in waiting
    assert "昨天的活动" in past
    assert "已使用" in past


def test_place_in_line_counts_those_before_only(client, cast):
    full = new_release(new_activity(cast.unions["city"]), capacity=1, waitlist_max=5)
    win(cast, full, "lan")
    for who in ("qiang", "mei"):
        Release.objects.unscoped("test").update(audience_union=cast.unions["province"])
        claim(cast.actor(who), pool_id=full.pool.pk, key=uuid4())
    assert "候补第 2 位" in text_of(cast.sign_in(client, "mei"), "/tickets?view=waiting")
    client.logout()
    assert "候补第 1 位" in text_of(cast.sign_in(client, "qiang"), "/tickets?view=waiting")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("view", ["ahead", "waiting", "past"])
def test_lists_ask_few_questions(client, cast, view, rows, django_assert_max_num_queries):
    for n in range(rows):
        made = new_release(new_activity(cast.unions["city"], title=f"活动{n}"), capacity=1, store=cast.store)
        voucher = win(cast, made)
        full = new_release(new_activity(cast.unions["city"], title=f"满{n}"), capacity=1)
        win(cast, full, "lan")
        claim(cast.actor("mei"), pool_id=full.pool.pk, key=uuid4())
        if view == "past":
            honour(voucher, cast)
    cast.sign_in(client, "mei")
    assert queries_of(client, f"/tickets?view={view}", django_assert_max_num_queries) <= QUERIES_MAX


# --- One ticket ---------------------------------------------------------------------------------------------


def test_ticket_shows_its_holder_all_the_gate_asks(client, cast, cruise):
    voucher = win(cast, cruise, seats=3, companions=["陈大文", "欧阳修"])
    text = text_of(cast.sign_in(client, "mei"), f"/tickets/{voucher.code}")
    assert f'data-secret="{voucher_secret(voucher.code).hex()}"' in text
    for words in ("珠岛游船码头（滨江路 1 号）", "3 人：陈**、欧**", "抢到票", "到场出示二维码", "退票"):
        assert words in text, words
    assert "陈大文" not in text


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("stranger", 404), ("lan", 404), ("clerk", 404)]
)
def test_ticket_and_its_secret_are_for_nobody_else(client, cast, cruise, who, status):
    voucher = win(cast, cruise)
    cast.sign_in(client, who)
    for path in ("", "/rate"):
        response = client.get(f"/tickets/{voucher.code}{path}")
        assert response.status_code == status
        assert voucher_secret(voucher.code).hex() not in response.content.decode()
    for verb in ("confirm", "return"):
        assert client.post(f"/tickets/{voucher.code}/{verb}").status_code == {302: 401}.get(status, status)
    assert state_of(voucher) == "confirmed"


@pytest.mark.parametrize("code", ["NOSUCH22", "7KQ2M9XW"])
def test_unknown_ticket_is_not_found(client, cast, code):
    assert cast.sign_in(client, "mei").get(f"/tickets/{code}").status_code == 404


def test_spent_ticket_keeps_its_secret_to_itself(client, cast, cruise):
    voucher = win(cast, cruise)
    honour(voucher, cast)
    text = text_of(cast.sign_in(client, "mei"), f"/tickets/{voucher.code}")
    assert "data-secret" not in text
    assert "核销入场" in text
    assert f"/tickets/{voucher.code}/rate" in text


def test_exchange_window_is_named_before_and_after(client, cast):
    made = new_release(new_activity(cast.unions["city"]), store=cast.store, pool={"honour_by": "exchange"})
    voucher = win(cast, made)
    cast.sign_in(client, "mei")
    assert "先到会员专窗换纸质票，再入场" in text_of(client, f"/tickets/{voucher.code}")
    honour(voucher, cast, "exchange")
    assert "窗口换票" in text_of(client, f"/tickets/{voucher.code}")


def test_booked_ticket_is_shown_to_both_and_says_for_whom(client, cast, cruise):
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    voucher = win(cast, cruise, person_id=cast.people["lan"].pk)
    assert "代订的票" in text_of(cast.sign_in(client, "mei"), f"/tickets/{voucher.code}")
    client.logout()
    assert "代订的票" not in text_of(cast.sign_in(client, "lan"), f"/tickets/{voucher.code}")


@pytest.mark.parametrize("seats", [1, 3])
def test_ticket_asks_few_questions(client, cast, cruise, seats, django_assert_max_num_queries):
    voucher = win(cast, cruise, seats=seats)
    honour(voucher, cast)
    cast.sign_in(client, "mei")
    assert queries_of(client, f"/tickets/{voucher.code}", django_assert_max_num_queries) == 6


# --- Confirm, return, leave ---------------------------------------------------------------------------------


@pytest.fixture
def named(cast):
    return new_release(new_activity(cast.unions["city"]), party_max=3, names_required=True, starts=[2 * DAY])


def test_held_ticket_counts_down_and_is_confirmed_with_names(client, cast, named):
    voucher = win(cast, named, seats=3)
    assert voucher.state == "held"
    cast.sign_in(client, "mei")
    text = text_of(client, f"/tickets/{voucher.code}")
    assert "抢到了，请确认参加" in text
    assert f'data-countdown="{round(voucher.confirm_by.timestamp() * 1000)}"' in text
    assert text.count('name="companion"') == 2
    assert "data-secret" not in text
    refused = client.post(f"/tickets/{voucher.code}/confirm", {"companion": ["陈一", ""]})
    assert refused.status_code == 422
    assert "还差 1 位同行人的姓名" in refused.content.decode()
    assert state_of(voucher) == "held"
    for _ in range(2):
        done = client.post(f"/tickets/{voucher.code}/confirm", {"companion": ["陈一", "陈二"]})
        assert done.headers["Location"] == f"/tickets/{voucher.code}"
        assert state_of(voucher) == "confirmed"


def test_return_gives_the_seats_to_the_next_in_line(client, cast):
    made = new_release(new_activity(cast.unions["city"]), capacity=1)
    voucher = win(cast, made)
    claim(cast.actor("lan"), pool_id=made.pool.pk, key=uuid4())
    cast.sign_in(client, "mei")
    assert 'id="return"' in text_of(client, f"/tickets/{voucher.code}")
    response = client.post(f"/tickets/{voucher.code}/return")
    assert response.headers["Location"] == "/tickets"
    assert said(response) == ["票已退回，名额会按顺序给候补的人。"]
    assert state_of(voucher) == "returned"
    assert Voucher.objects.unscoped("test").get(person=cast.people["lan"]).from_waitlist is True
    assert client.post(f"/tickets/{voucher.code}/return").status_code == 409


def test_return_after_the_cut_off_is_refused_with_advice(client, cast):
    made = new_release(new_activity(cast.unions["city"]), starts=[3 * HOUR])
    voucher = win(cast, made)
    Release.objects.unscoped("test").filter(pk=made.release.pk).update(
        opens_at=timezone.now() - dt.timedelta(hours=2), cancel_until=timezone.now() - dt.timedelta(hours=1)
    )
    cast.sign_in(client, "mei")
    assert 'id="return"' not in text_of(client, f"/tickets/{voucher.code}")
    refused = client.post(f"/tickets/{voucher.code}/return")
    assert refused.status_code == 409
    assert "已经过了最晚退票时间" in refused.content.decode()
    assert state_of(voucher) == "confirmed"


def test_line_is_left_once(client, cast):
    made = new_release(new_activity(cast.unions["city"]), capacity=1)
    win(cast, made, "lan")
    claim(cast.actor("mei"), pool_id=made.pool.pk, key=uuid4())
    cast.sign_in(client, "mei")
    path = f"/tickets/waiting/{made.pool.pk}/leave"
    assert path in text_of(client, "/tickets?view=waiting")
    assert client.post(path).headers["Location"] == "/tickets"
    assert WaitEntry.objects.unscoped("test").get().state == "left"
    assert client.post(path).status_code == 409


def test_verbs_are_not_done_by_looking(client, cast, cruise):
    voucher = win(cast, cruise)
    cast.sign_in(client, "mei")
    for path in (
        f"/tickets/{voucher.code}/return",
        f"/tickets/{voucher.code}/confirm",
        "/tickets/waiting/1/leave",
    ):
        assert client.get(path).status_code == 405
    assert state_of(voucher) == "confirmed"
