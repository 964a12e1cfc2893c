"""Exports of people in a real browser: asked, agreed to, ready; clean for axe, none wider than the screen."""

from __future__ import annotations

import pytest

from gonghui.kit.tests.browser import DESKTOP, PHONE, chromium  # noqa: F401
from gonghui.members.actions import counter, exports
from tests.cast import IDS
from tests.test_money_pages_browser import faults, open_as  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pages_of_exports_are_clean_for_axe_and_fit(open_as, cast, size):  # noqa: F811
    terms = exports.ExportTerms(
        table="members.Person", title="职工", reason="夏送清凉慰问名单核对" * 8, asked="verification=verified；有搜索词"
    )  # fmt: skip
    ids = [cast.people[name].pk for name in ("mei", "hua")]
    first, second = (
        exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=ids) for _nth in range(2)
    )
    exports.approve_export(cast.actor("province_admin"), export_id=first.pk)
    exports.make_export(first.pk)
    page = open_as("city_admin", size)
    own = [
        "/console/members/person/export/",
        "/console/members/exportrequest/",
        f"/console/members/exportrequest/{first.pk}/change/",
        f"/console/exports/{first.pk}/file",
        "/console/privacy/register",
        "/console/members/retentionrule/",
    ]
    assert faults(page, own, within="#content") == []
    page = open_as("province_admin", size)
    asked = [
        f"/console/members/exportrequest/{second.pk}/change/",
        f"/console/members/exportrequest/{second.pk}/verb/approve/",
    ]
    assert faults(page, asked, within="#content") == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pages_of_the_counter_and_of_recovery_codes_are_clean_for_axe_and_fit(open_as, cast, size):  # noqa: F811
    words = "手机丢失，本人带身份证到场，家属陪同" * 6
    asked, copy = (
        counter.open_request(cast.actor("city_admin"), person_id=cast.people[name].pk, kind=kind, words=words)
        for name, kind in (("mei", "farewell"), ("lan", "copy"))
    )
    counter.confirm_request(cast.actor("province_admin"), request_id=copy.pk, tail=IDS["lan"][1][-4:])
    page = open_as("city_admin", size)
    own = [
        "/console/members/counterrequest/",
        f"/console/members/counterrequest/{copy.pk}/change/",
        f"/console/counter/{copy.pk}/copy",
        f"/console/members/person/{cast.people['hua'].pk}/verb/counter/",
        "/console/privacy/register",
        "/console/recovery",
    ]
    assert faults(page, own, within="#content") == []
    page = open_as("province_admin", size)
    second = [f"/console/members/counterrequest/{asked.pk}/verb/confirm/"]
    assert faults(page, second, within="#content") == []
