"""Frames kept for all readers: told apart by their gaps and by language; what is said to one reader stays with them."""

from __future__ import annotations

import pytest
from django.utils import translation

from gonghui.benefits.models import Reminder
from gonghui.portal.shells import filled, frame
from gonghui.portal.tests.programme import HOUR, new_activity, new_release
from gonghui.portal.tests.test_home import text_of

HOME = "portal/home.html"
SAID = "设好了，开抢前 5 分钟会提醒您。"


def gaps_of(pieces: tuple[str, ...]) -> set[str]:
    return set(pieces[1::2])


@pytest.mark.parametrize("gaps", [("now",), ("now", "own"), ("now", "unread_count", "own")])
def test_frame_has_the_gaps_asked_for_whichever_was_kept_before(gaps):
    frame("k", HOME, dict, ("now", "own"))
    assert gaps_of(frame("k", HOME, dict, gaps)) == set(gaps)


def test_frame_is_rendered_once_for_the_same_gaps_and_once_for_each_language():
    asked = []

    def facts() -> dict:
        asked.append(translation.get_language())
        return {"release_id": 7, "is_reminded": False}

    for language in ("zh-hans", "en", "zh-hans", "en"):
        with translation.override(language):
            pieces = frame("k", "portal/parts/remind_form.html", facts, ("csrf_token",))
    assert asked == ["zh-hans", "en"]
    assert 'value="x"' in filled(pieces, {"csrf_token": "x"})


@pytest.mark.parametrize("page", ["/", "/activities", "/activities?q=珠岛", "/activities/{activity}"])
def test_what_is_said_to_one_reader_is_said_once_on_the_next_page(client, cast, page):
    made = new_release(new_activity(cast.unions["city"]), opens_in=HOUR)
    address = page.format(activity=made.activity.pk)
    cast.sign_in(client, "mei")
    assert SAID not in text_of(client, address)
    client.post(f"/releases/{made.release.pk}/reminder", {"on": "1"})
    assert Reminder.objects.unscoped("test").count() == 1
    assert text_of(client, address).count(SAID) == 1
    assert SAID not in text_of(client, address)
