"""A union ends while it gives something out, holds money, and sends messages: finished first, or goes on; nothing is lost."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.benefits.actions import releases
from gonghui.benefits.tests.plans import SYSTEM, announced, drafted, opened, pool_of, won
from gonghui.benefits.tests.plans import fresh as now
from gonghui.funds.tests.stage import build_money
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message
from gonghui.notices.tests.stage import a_send, a_template
from gonghui.orgs.actions import dissolve_union, merge_union
from gonghui.orgs.models import Union
from gonghui.orgs.tests.stage import refused
from tests.cast import new_union

pytestmark = pytest.mark.django_db


def merged(cast, union: str, into: Union):
    facts = {"union_id": cast.unions[union].pk, "into_id": into.pk, "reason": "上级批复合并"}
    return merge_union(cast.actor("province_admin"), **facts)


def dissolved(cast, union: str):
    facts = {"union_id": cast.unions[union].pk, "reason": "单位注销", "members_to": "above"}
    return dissolve_union(cast.actor("province_admin"), **facts)


def members_of(cast, union: str) -> int:
    return cast.unions[union].memberships.filter(status="active").count()


@pytest.mark.parametrize("made", [announced, opened])
def test_union_that_gives_out_to_its_members_finishes_first(cast, made):
    release, before = made(cast, audience_union_id=cast.unions["factory"].pk), members_of(cast, "factory")
    into = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    for end in (lambda: merged(cast, "factory", into), lambda: dissolved(cast, "factory")):
        with refused("union_gives_out"):
            end()
    assert (now(release).state, members_of(cast, "factory")) == (release.state, before)
    releases.cancel_release(cast.actor("city_admin"), release_id=release.pk, reason="工会合并")
    assert merged(cast, "factory", into).members == before


def test_release_over_the_whole_city_and_a_draft_hinder_nobody(cast):
    release = opened(cast)
    drafted(cast, audience_union_id=cast.unions["factory"].pk)
    voucher = won(pool_of(release), cast.people["mei"].pk)
    merged(cast, "factory", new_union("江口纺织厂工会", "enterprise", cast.unions["district"]))
    assert (now(voucher).state, now(release).state) == ("confirmed", "open")
    won(pool_of(release), cast.people["lan"].pk)


def test_budget_of_a_union_that_ended_stands_for_who_is_above(cast, client):
    money = build_money(cast)
    page = reverse("admin:orgs_union_merge", args=[cast.unions["factory"].pk])
    text = cast.sign_in(client, "province_admin").get(page).content.decode()
    assert "经费预算" in text and "1 项，照常办完，由上级管理" in text
    merged(cast, "factory", new_union("江口纺织厂工会", "enterprise", cast.unions["district"]))
    budget = type(money.factory).objects.visible_to(cast.actor("city_admin")).get(pk=money.factory.pk)
    assert (budget.state, budget.union_id) == ("approved", cast.unions["factory"].pk)


def test_send_of_a_union_that_ended_reaches_whom_it_was_meant_for(cast):
    send = a_send(cast, a_template(cast))
    twin = new_union("东湖市总工会", "city", cast.unions["province"])
    merged(cast, "city", twin)
    deliver(SYSTEM, send_id=send.pk)
    assert now(send).state == "done"
    assert Message.objects.unscoped("test").filter(person=cast.people["mei"]).exists()
