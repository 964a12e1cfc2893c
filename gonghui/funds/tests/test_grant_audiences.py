"""福豆 for an audience: those in it by the wording the grant was drafted with, or nobody."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.audiences.tests.stage import VERIFIED, saved
from gonghui.audiences.tests.test_audiences import HARDSHIP
from gonghui.audiences.tests.test_audiences_console import tagged
from gonghui.funds.actions import grants
from gonghui.funds.admin.grants import shown_sum
from gonghui.funds.models import PointGrant
from gonghui.funds.tests.granting import SYSTEM, drafted, fresh, granted, states
from gonghui.funds.tests.stage import build_money
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person
from gonghui.notices.models import Send

pytestmark = pytest.mark.django_db
FEW = "不足 10 人"
WOMEN = {"kind": "gender", "is": "female"}


@pytest.fixture
def money(cast):
    return build_money(cast)


def named(grant: PointGrant) -> list[str]:
    return sorted(Person.objects.unscoped("test").filter(pk__in=states(grant)).values_list("name", flat=True))


def test_points_go_to_who_is_in_the_audience_and_fits_the_rest(money):
    women = saved(money.cast, WOMEN)
    grant = granted(money, audience=women)
    assert (grant.state, grant.granted, named(grant)) == ("granted", 2, ["陈小梅", "黄玉兰"])
    assert fresh(grant).audience_version.number == 1
    riders = drafted(money, audience=women, audience_groups=["food_rider"])
    assert not grants.audience_of(riders).exists()


def test_grant_whose_audience_was_reworded_gives_nothing(money):
    audience = saved(money.cast, WOMEN)
    grant = drafted(money, audience=audience)
    saved(money.cast, VERIFIED, audience_id=audience.pk, name=audience.name)
    with pytest.raises(DomainError) as said:
        grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    assert said.value.code == "grant_audience_reworded"
    assert (fresh(grant).state, states(grant)) == ("draft", {})


def test_audience_reworded_before_the_job_makes_the_roster_puts_the_grant_back(money, monkeypatch):
    monkeypatch.setattr(grants, "SMALL", 0)
    audience = saved(money.cast, WOMEN)
    grant = drafted(money, audience=audience)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    saved(money.cast, VERIFIED, audience_id=audience.pk, name=audience.name)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert (fresh(grant).state, states(grant)) == ("draft", {})
    assert "条件在起草以后改过" in fresh(grant).problem


def test_audience_of_others_or_one_not_made_is_refused(money):
    theirs = saved(money.cast, VERIFIED, union="sister", who="sister_admin")
    unmade = saved(money.cast, WOMEN, built=False)
    for audience, code in ((theirs, "not_found"), (unmade, "audience_not_made")):
        with pytest.raises(DomainError) as said:
            drafted(money, audience=audience)
        assert said.value.code == code
    assert not PointGrant.objects.unscoped("test").exists()


def test_audience_and_its_wording_stand_together(money):
    grant = drafted(money, audience=saved(money.cast, WOMEN))
    with pytest.raises(IntegrityError, match="audience_as_worded"), transaction.atomic():
        PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(audience_version=None)


def hard_up(cast, *names: str):
    """困难职工 of the city: these."""
    for name in names:
        tagged(cast, name, "hardship")
    return saved(cast, HARDSHIP, name="受众甲")


def test_people_of_a_sensitive_grant_are_in_tens_wherever_they_stand(money, client):
    grant = granted(money, audience=hard_up(money.cast, "lan", "mei"))
    assert (grant.is_sensitive, grant.granted) == (True, 2)
    send = Send.objects.unscoped("test").get(key=f"points:{grant.pk}")
    assert (send.is_sensitive, send.recipients) == (True, 2)
    money.cast.sign_in(client, "city_admin")
    listed = reverse("admin:funds_pointgrant_changelist")
    row = reverse("admin:funds_pointgrant_change", args=[grant.pk])
    pages = {
        "list": client.get(listed),
        "row": client.get(row),
        "page": client.get(reverse("admin:point_grant", args=[grant.pk])),
        "progress": client.get(reverse("admin:point_grant_progress", args=[grant.pk])),
    }
    for name, answer in pages.items():
        said = answer.content.decode() if name != "progress" else str(answer.json())
        assert FEW in said, name
        for told in ("2 / 2", ">2<", "2 人", "黄**", "陈**", "<dd>200<"):
            assert told not in said, (name, told)
    assert client.get(reverse("admin:point_grant_progress", args=[grant.pk])).json()["done"] is None


def test_grant_says_for_good_that_it_tells_of_sensitive_data(money):
    audience = hard_up(money.cast, "lan")
    grant = drafted(money, audience=audience)
    assert grant.is_sensitive and not drafted(money, audience=saved(money.cast, WOMEN)).is_sensitive
    with pytest.raises(IntegrityError, match="grant_says_what_it_tells"), transaction.atomic():
        PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(is_sensitive=False)
    plain = drafted(money)
    with pytest.raises(IntegrityError, match="grant_says_what_it_tells"), transaction.atomic():
        PointGrant.objects.unscoped("test").filter(pk=plain.pk).update(
            audience=audience, audience_version=grant.audience_version
        )


@pytest.mark.parametrize(("people", "shown"), [(0, "不足 1,000"), (9, "不足 1,000"), (29, "约 2,000")])
def test_sum_of_a_sensitive_grant_is_no_more_exact_than_its_people(people, shown):
    grant = PointGrant(per_head=100, is_sensitive=True)
    assert shown_sum(grant, people) == shown
