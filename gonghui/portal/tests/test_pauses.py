"""What members read while a release is paused: that it is, why, and that what they hold stays valid."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.benefits.actions.claims import claim
from gonghui.benefits.actions.releases import pause_release, resume_release
from gonghui.benefits.events import ReleasePaused, ReleaseResumed
from gonghui.benefits.models import Release, Voucher, WaitingPage
from gonghui.bills.tests.priced import given_voucher, published, released
from gonghui.kit.events import _reactions
from gonghui.portal import reactions
from gonghui.portal.tests.programme import new_activity, new_release
from gonghui.portal.tests.test_home import text_of
from gonghui.portal.tests.till import opened
from gonghui.portal.waiting import render_waiting_page

WHY = "游船检修，预计10月2日恢复"


def pause(cast, release: Release) -> None:
    pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)


@pytest.fixture
def cruise(cast):
    return new_release(new_activity(cast.unions["city"]), store=cast.store)


@pytest.fixture
def halted(cast, cruise):
    pause(cast, cruise.release)
    return cruise


def test_waiting_page_says_that_it_is_paused_why_and_what_stays(client, halted):
    text = text_of(client, f"/r/{halted.release.pk}")
    assert "发放暂停了" in text and WHY in text and "已经领到的仍然有效" in text
    assert 'data-grab-paused role="status">' in text


def test_waiting_page_of_what_goes_out_hides_the_words_of_a_pause(client, cruise):
    text = text_of(client, f"/r/{cruise.release.pk}")
    assert 'data-grab-paused role="status" hidden>' in text and WHY not in text


@pytest.mark.parametrize("event", [ReleasePaused, ReleaseResumed])
def test_waiting_page_is_rendered_anew_at_a_pause_and_after_it(cruise, event):
    ours = [task for task in _reactions[event] if task.name.startswith(reactions.__name__)]
    assert len(ours) == 1
    ours[0](release_id=cruise.release.pk)
    assert WaitingPage.objects.filter(release=cruise.release).count() == 1


def test_waiting_page_changes_with_the_pause_and_back(cast, cruise):
    pk = cruise.release.pk
    seen = []
    for step in (lambda: None, lambda: pause(cast, cruise.release), lambda: resumed(cast, pk)):
        step()
        render_waiting_page(pk)
        seen.append(WHY in bytes(WaitingPage.objects.get(release_id=pk).html).decode())
    assert seen == [False, True, False]


def resumed(cast, pk: int) -> None:
    resume_release(cast.actor("city_admin"), release_id=pk)


@pytest.mark.parametrize("path", ["/", "/activities"])
def test_lists_say_that_it_is_paused_and_why(client, cast, halted, path):
    text = text_of(client, path)
    assert "暂停发放" in text and WHY in text and "已经领到的仍然有效" in text
    assert ">正在抢票<" not in text


def test_page_of_the_activity_says_why_and_offers_nothing_to_grab(client, cast, halted):
    cast.sign_in(client, "mei")
    text = text_of(client, f"/activities/{halted.activity.pk}")
    assert "发放暂停了" in text and WHY in text and "已经领到的仍然有效" in text
    assert ">立即抢票<" not in text and "发放暂停，恢复后再来" in text


def test_page_of_the_activity_leads_holders_to_their_ticket_still(client, cast, cruise):
    claim(cast.actor("mei"), pool_id=cruise.pool.pk, key=uuid4())
    pause(cast, cruise.release)
    cast.sign_in(client, "mei")
    code = Voucher.objects.unscoped("test").get().code
    assert f'href="/tickets/{code}"' in text_of(client, f"/activities/{cruise.activity.pk}")


def test_who_waits_reads_that_the_line_stands(client, cast):
    made = new_release(new_activity(cast.unions["city"]), capacity=1)
    claim(cast.actor("mei"), pool_id=made.pool.pk, key=uuid4())
    claim(cast.actor("lan"), pool_id=made.pool.pk, key=uuid4())
    pause(cast, made.release)
    cast.sign_in(client, "lan")
    assert "候补暂停" in text_of(client, "/tickets?view=waiting")
    assert "发放暂停，您的候补保留" in text_of(client, f"/activities/{made.activity.pk}")


def test_message_of_a_paused_release_leads_to_its_waiting_page(client, halted):
    response = client.get(f"/releases/{halted.release.pk}")
    assert (response.status_code, response.headers["Location"]) == (302, f"/r/{halted.release.pk}")


def test_entrant_of_a_paused_draw_may_still_withdraw(client, cast):
    made = new_release(new_activity(cast.unions["city"]), mode="draw")
    pause(cast, made.release)
    cast.sign_in(client, "mei")
    text = text_of(client, f"/activities/{made.activity.pk}")
    assert "报名抽签" not in text and WHY in text


def test_claim_without_scripts_is_answered_with_the_reason(client, cast, halted):
    cast.sign_in(client, "mei")
    given = {"pool": halted.pool.pk, "seats": "1", "key": str(uuid4())}
    response = client.post(f"/claims/{halted.release.pk}", given)
    assert response.status_code == 200
    assert "发放暂停了" in response.content.decode() and f"主办方说：{WHY}。" in response.content.decode()
    assert Voucher.objects.unscoped("test").count() == 0


def test_pass_is_refused_with_the_reason(client, cast, halted):
    cast.sign_in(client, "mei")
    response = client.get(f"/me/pass/{halted.pool.pk}")
    said = response.json()
    assert (response.status_code, said["code"], said["title"]) == (
        409,
        "release_paused",
        f"发放暂停了：{WHY}。",
    )


def test_api_says_paused_and_why(client, cast, halted):
    card = client.get("/api/v1/activities").json()["items"][0]
    assert (card["state"], card["pause_reason"]) == ("paused", WHY)
    (release,) = client.get(f"/api/v1/activities/{halted.activity.pk}").json()["releases"]
    assert (release["state"], release["pause_reason"], release["pools"][0]["state"]) == (
        "paused",
        WHY,
        "paused",
    )


def test_offer_whose_coupons_are_paused_says_so_and_what_is_held_stays(client, cast):
    opened(cast)
    terms = published(cast, title="满减券", needs_voucher=True)
    held = given_voucher(released(terms), cast.people["lan"].pk)
    Release.objects.unscoped("test").filter(pk=held.release_id).update(state="paused", pause_reason=WHY)
    cast.sign_in(client, "mei")
    text = text_of(client, f"/offers/{terms.offer_id}")
    assert "领券暂停了" in text and WHY in text and "已经领到的券仍然有效" in text
    assert "去领券" not in text
    offers = client.get("/api/v1/offers").json()["items"]
    assert {one["title"]: one["pause_reason"] for one in offers}["满减券"] == WHY
