"""抽签 as members see it: entering, leaving, what is published and how it is checked."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from click.testing import CliRunner

from gonghui.benefits.actions.draws import announce_draws, publish_draw, run_draw
from gonghui.benefits.draws.document import parse_draw_file
from gonghui.benefits.models import Draw, DrawEntry
from gonghui.config.cli.draw import draw as draw_command
from gonghui.kit.actors import Actor
from gonghui.kit.tests.shelves import forget_kept
from gonghui.portal.tests.programme import DAY, new_activity, new_release
from gonghui.portal.tests.test_home import text_of

SYSTEM = Actor.system("test")


@pytest.fixture
def opera(cast):
    made = new_release(
        new_activity(cast.unions["city"], title="粤剧专场", kind="culture"),
        mode="draw", capacity=1, party_max=2, starts=[25 * DAY],
    )  # fmt: skip
    announce_draws(made.release)
    return made


def entries() -> int:
    return DrawEntry.objects.unscoped("test").count()


def order(made, **more) -> dict:
    return {"pool": made.pool.pk, "seats": 1} | more


def drawn(made) -> None:
    draw = Draw.objects.unscoped("test").get(release=made.release)
    with time_machine.travel(made.release.closes_at + dt.timedelta(minutes=1)):
        publish_draw(SYSTEM, draw_id=draw.pk)
    with time_machine.travel(made.release.closes_at + dt.timedelta(minutes=12)):
        run_draw(SYSTEM, draw_id=draw.pk)
    forget_kept()


def test_entering_is_said_on_the_activity_and_can_be_taken_back(client, cast, opera):
    cast.sign_in(client, "mei")
    page, form = f"/activities/{opera.activity.pk}", f"/draws/{opera.release.pk}/enter"
    assert form in text_of(client, page)
    assert "粤剧专场" in text_of(client, form)
    assert client.post(form, order(opera, seats=2)).headers["Location"] == page
    text = text_of(client, page)
    assert "您已报名" in text
    assert "取消报名" in text
    client.post(f"/draws/{opera.release.pk}/leave", {"pool": opera.pool.pk})
    assert entries() == 0
    assert form in text_of(client, page)


def test_second_entry_is_refused(client, cast, opera):
    cast.sign_in(client, "mei")
    form = f"/draws/{opera.release.pk}/enter"
    client.post(form, order(opera))
    again = client.post(form, order(opera))
    assert again.status_code == 409
    assert "您已经报名了这次抽签" in again.content.decode()
    assert entries() == 1


@pytest.mark.parametrize(
    ("who", "more", "status"),
    [
        ("hua", {}, 403),
        ("qiang", {}, 403),
        ("mei", {"seats": 3}, 422),
        ("mei", {"pool": 99999}, 422),
        ("anonymous", {}, 401),
    ],
)
def test_entry_out_of_order_is_refused_and_nothing_kept(client, cast, opera, who, more, status):
    cast.sign_in(client, who)
    assert client.post(f"/draws/{opera.release.pk}/enter", order(opera, **more)).status_code == status
    assert entries() == 0


@pytest.mark.parametrize("pool", ["", "x", "999999"])
def test_leaving_what_was_not_entered_is_refused(client, cast, opera, pool):
    cast.sign_in(client, "mei")
    assert client.post(f"/draws/{opera.release.pk}/leave", {"pool": pool}).status_code in (404, 409)


def test_grab_is_no_draw(client, cast):
    made = new_release(new_activity(cast.unions["city"]))
    assert cast.sign_in(client, "mei").get(f"/draws/{made.release.pk}/enter").status_code == 409
    assert client.get(f"/draws/{made.release.pk}/document.json").status_code == 404


def test_promise_is_published_before_the_first_entry(client, cast, opera):
    draw = Draw.objects.unscoped("test").get(release=opera.release)
    text = text_of(client, f"/activities/{opera.activity.pk}")
    document = client.get(f"/draws/{opera.release.pk}/document.json").json()
    assert draw.seed_hash in text
    assert document["fingerprints"]["announced"] in text
    assert (document["closed"], document["drawn"]) == (None, None)
    assert draw.seed not in text
    assert draw.seed not in json.dumps(document)


def test_drawn_result_is_told_and_checked_by_one_command(client, cast, opera, tmp_path):
    for who in ("mei", "lan"):
        client.logout()
        cast.sign_in(client, who).post(f"/draws/{opera.release.pk}/enter", order(opera))
    before = client.get(f"/draws/{opera.release.pk}/document.json").json()["fingerprints"]["announced"]
    drawn(opera)
    raw = client.get(f"/draws/{opera.release.pk}/{opera.pool.pk}/document.json").content
    assert parse_draw_file(raw)["drawn"]["winners"]
    file = tmp_path / "document.json"
    file.write_bytes(raw)
    answer = CliRunner().invoke(draw_command, ["verify", str(file), "--announced", before])
    assert answer.exit_code == 0, answer.output
    pages = {}
    for who in ("mei", "lan"):
        client.logout()
        pages[who] = text_of(cast.sign_in(client, who), f"/activities/{opera.activity.pk}")
    assert sorted("您有票了" in text for text in pages.values()) == [False, True]
    assert sorted("这次没有抽中，抽出的次序是第 2" in text for text in pages.values()) == [False, True]
    assert all("已开签，结果可以验证" in text for text in pages.values())


def test_own_token_is_shown_to_find_oneself_in_the_file(client, cast, opera):
    cast.sign_in(client, "mei").post(f"/draws/{opera.release.pk}/enter", order(opera))
    drawn(opera)
    entries_of = client.get(f"/draws/{opera.release.pk}/document.json").json()["drawn"]["entries"]
    ((token, _weight, _seats),) = entries_of
    assert token in text_of(client, f"/activities/{opera.activity.pk}")
