"""工惠日: a name for days, followed by windows and series of its union and of those below, and by nobody else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import plans, pricing
from gonghui.bills.actions import days as actions
from gonghui.bills.actions import series, terms
from gonghui.bills.actions.days import DayPlan, coming_days, wrong_day
from gonghui.bills.actions.series import SeriesPlan, days_of
from gonghui.bills.models import BenefitDay, OfferTerms, ReleaseSeries
from gonghui.bills.offers_live import live_offers
from gonghui.bills.screens import screen_of
from gonghui.bills.tests.test_bills_console import page, send, typed
from gonghui.bills.tests.test_terms_series import NOW, SYSTEM, template
from gonghui.bills.tests.written import drafted, put_up
from gonghui.funds.tests.stage import build_money
from gonghui.kit.clock import CHINA
from gonghui.partners.tests.stage import standing_agreement
from tests.console_contract import ConsoleContract

LAST_FRIDAY = DayPlan("骑手工惠日", "nth", nth=-1, weekday=5, groups=("food_rider",))
DATES = DayPlan("年货节", "dates", days=(dt.date(2026, 12, 18), dt.date(2027, 1, 8)))


def named(cast, plan: DayPlan = LAST_FRIDAY, *, by: str = "city_admin", union: str = "city") -> BenefitDay:
    return actions.write_benefit_day(cast.actor(by), union_id=cast.unions[union].pk, plan=plan)


def following(day: BenefitDay, **facts) -> dict:
    return {"windows": (pricing.Window(only_on=day.named, **facts),)}


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    ("plan", "said", "days"),
    [
        (LAST_FRIDAY, "每月最后一个周五", ["2026-10-30", "2026-11-27", "2026-12-25"]),
        (DayPlan("x", "nth", nth=2, weekday=7), "每月第二个周日", ["2026-11-08", "2026-12-13", "2027-01-10"]),
        (DayPlan("x", "monthly", day=31), "每月 31 号", ["2026-10-31", "2026-11-30", "2026-12-31"]),
        (DATES, "12月18日、1月8日", ["2026-12-18", "2027-01-08"]),
    ],
)
def test_days_of_a_name(now, plan, said, days):
    found = [str(day) for day in coming_days(plan.named, NOW.date())]
    assert (plan.named.says(), found[:3]) == (said, days)


@pytest.mark.django_db
def test_what_is_wrong_with_a_day_is_said(cast):
    today = NOW.date()
    assert wrong_day(DayPlan(" ", "dates"), today) == ["请填写名称。", "请填写指定的日子。"]
    assert wrong_day(DayPlan("x", "dates", days=(dt.date(2026, 1, 1),)), today) == [
        "今后一年里没有这样的日子。"
    ]
    assert wrong_day(DayPlan("x", "monthly", day=1, groups=("ghost",)), today) == ["没有“ghost”这个群体。"]


@pytest.mark.django_db
def test_window_holds_on_its_days_for_those_the_day_is_for(cast, now):
    standing_agreement(cast.store.partner)
    made = put_up(cast, **following(named(cast), from_time=dt.time(13), to_time=dt.time(14)))
    assert plans.plan_of(made).windows[0].only_on.says() == "每月最后一个周五"
    on, off = (dt.datetime(2026, 10, day, 13, 30, tzinfo=CHINA) for day in (30, 23))
    assert [(one.lines, one.is_open) for one in screen_of(cast.store.pk, on)] == [
        (("外卖配送员 骑手工惠日（每月最后一个周五） 13:00–14:00 满200元减30元",), True)
    ]
    assert [one.is_open for one in screen_of(cast.store.pk, off)] == [False]
    (live,), asker, _visit = live_offers(cast.store.pk, cast.people["qiang"].pk, on)
    assert [
        pricing.is_open(live.windows[0], at, groups=groups)
        for at, groups in ((on, asker.groups), (off, asker.groups), (on, ()))
    ] == [True, False, False]


@pytest.mark.django_db
def test_series_comes_on_its_days_for_those_the_day_is_for(cast, now):
    standing_agreement(cast.store.partner)
    release = template(cast, build_money(cast))
    plan = SeriesPlan(
        "骑手工惠日发券", "named", dt.date(2026, 11, 1), dt.date(2026, 12, 31), benefit_day=named(cast)
    )
    made = series.draft_series(cast.actor("city_admin"), release_id=release.pk, plan=plan)
    assert [str(day) for day in days_of(fresh(made), dt.date(2026, 11, 1), dt.date(2027, 2, 1))] == [
        "2026-11-27",
        "2026-12-25",
    ]
    series.review_series(cast.actor("province_admin"), series_id=made.pk)
    now.move_to(dt.datetime(2026, 11, 22, 10, tzinfo=CHINA))
    (one,) = series.make_due_days(SYSTEM)
    assert (one.starts_on, fresh(one.release).audience_groups) == (dt.date(2026, 11, 27), ["food_rider"])


@pytest.mark.django_db
def test_union_below_follows_and_the_one_beside_does_not(cast, now):
    day = named(cast, by="province_admin", union="province")
    assert drafted(cast, **following(day)).windows.get().benefit_day_id == day.pk
    beside = named(cast, by="sister_admin", union="sister")
    facts = {"union_id": cast.unions["city"].pk, "plan": plans.plan_of(drafted(cast, **following(day)))}
    count = OfferTerms.objects.unscoped("test").count()
    wrong = facts | {"plan": replace(facts["plan"], **following(beside))}
    assert refused(terms.write_terms, cast.actor("city_admin"), **wrong) == "benefit_day_of_others"
    assert OfferTerms.objects.unscoped("test").count() == count
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        drafted(cast, **following(day)).windows.update(benefit_day=beside)
    assert caught.value.__cause__.diag.constraint_name == "bills_benefit_day_of_line"


@pytest.mark.django_db
def test_followed_day_only_gets_further_dates(cast, now):
    standing_agreement(cast.store.partner)
    day, admin, city = named(cast, DATES), cast.actor("city_admin"), cast.unions["city"].pk

    def written(**facts):
        known = {one: getattr(DATES, one) for one in DATES.__slots__}
        return {"union_id": city, "day_id": day.pk, "plan": DayPlan(**known | facts)}

    actions.write_benefit_day(admin, **written(rule="monthly"))
    actions.write_benefit_day(admin, **written())
    put_up(cast, **following(fresh(day)))
    more = (*DATES.days, dt.date(2027, 2, 5))
    assert actions.write_benefit_day(admin, **written(days=more, name="年货周")).days == sorted(more)
    for facts in (
        {"days": DATES.days[:1]},
        {"rule": "monthly", "days": more},
        {"groups": ("food_rider",), "days": more},
    ):
        assert refused(actions.write_benefit_day, admin, **written(**facts)) == "benefit_day_followed"
    assert (fresh(day).days, fresh(day).rule, fresh(day).groups) == (sorted(more), "dates", [])
    for facts in ({"day": 9}, {"days": [dt.date(2027, 2, 5)]}):
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            BenefitDay.objects.filter(pk=day.pk).update(**facts)
        assert caught.value.__cause__.diag.constraint_name == "bills_benefit_day_followed"


@pytest.mark.django_db
def test_further_date_is_seen_at_once_by_whoever_kept_the_offer(cast, now):
    standing_agreement(cast.store.partner)
    day, further = named(cast, DATES), dt.date(2027, 2, 5)
    put_up(cast, **following(day))

    def holds() -> bool:
        (live,), _asker, _visit = live_offers(cast.store.pk, None, NOW)
        return live.windows[0].only_on.has(further)

    assert (holds(), holds()) == (False, False)
    plan = replace(DATES, days=(*DATES.days, further))
    admin = cast.actor("city_admin")
    actions.write_benefit_day(admin, union_id=day.union_id, plan=plan, day_id=day.pk)
    assert holds()


@pytest.mark.django_db
def test_ended_day_is_chosen_by_nobody_and_goes_on_where_it_was(cast, client, now):
    standing_agreement(cast.store.partner)
    day = named(cast)
    up, draft = put_up(cast, **following(day)), drafted(cast, **following(day))
    actions.end_benefit_day(cast.actor("city_admin"), day_id=day.pk)
    assert page(client, cast, "city_admin", "offer_new").context["editor"].windows[0].days == {}
    asked = {"terms_id": draft.pk}
    assert refused(terms.review_terms, cast.actor("province_admin"), **asked) == "terms_wrong"
    assert fresh(up).state == "published"
    assert screen_of(cast.store.pk, dt.datetime(2026, 10, 30, 13, tzinfo=CHINA))[0].is_open


@pytest.mark.django_db
def test_day_is_typed_and_chosen_in_the_back_office(cast, client, now):
    posted = {"union": cast.unions["city"].pk, "name": "骑手工惠日", "rule": "nth", "nth": "-1", "weekday": "5", "day": "1",
              "days": "", "groups": ["food_rider"]}  # fmt: skip
    wrong = send(client, cast, "city_admin", "benefit_day_new", posted | {"rule": "dates"})
    assert (wrong.status_code, "请填写指定的日子" in wrong.content.decode()) == (422, True)
    assert not BenefitDay.objects.exists()
    answer = send(client, cast, "city_admin", "benefit_day_new", posted)
    day = BenefitDay.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("admin:benefit_day", args=[day.pk]))
    offer = typed(cast, **{"window0-benefit_day": f"{day.pk}"})
    assert send(client, cast, "city_admin", "offer_new", offer).status_code == 302
    made = OfferTerms.objects.unscoped("test").get()
    shown = page(client, cast, "city_admin", "offer_edit", made.pk)
    assert shown.context["editor"].windows[0]["benefit_day"].value() == f"{day.pk}"
    detail = page(client, cast, "city_admin", "benefit_day", day.pk)
    assert (list(detail.context["offers"]), detail.context["coming"][0]) == ([made], dt.date(2026, 10, 30))
    dated = posted | {"rule": "dates", "days": "2026/12/18、2027-01-08"}
    assert send(client, cast, "city_admin", "benefit_day_edit", dated, day.pk).status_code == 302
    assert fresh(day).days == [dt.date(2026, 12, 18), dt.date(2027, 1, 8)]
    for who, status in (("sister_admin", 404), ("judge", 403), ("finance_officer", 403)):
        assert page(client, cast, who, "benefit_day_edit", day.pk).status_code == status


@pytest.mark.django_db
def test_series_by_a_day_is_typed_in_the_back_office(cast, client, now):
    standing_agreement(cast.store.partner)
    release, day = template(cast, build_money(cast)), named(cast, by="province_admin", union="province")
    posted = {
        "release": release.pk, "title": "工惠日发券", "rule": "named", "day": "1", "starts_on": "2026-11-01",
        "ends_on": "2027-12-31", "ahead_days": "7", "days": "", "benefit_day": "",
    }  # fmt: skip
    wrong = send(client, cast, "city_admin", "series_new", posted)
    assert (wrong.status_code, "请选择工惠日" in wrong.content.decode()) == (422, True)
    assert send(client, cast, "city_admin", "series_new", posted | {"benefit_day": day.pk}).status_code == 302
    made = ReleaseSeries.objects.unscoped("test").get()
    assert page(client, cast, "city_admin", "series", made.pk).context["coming"][0] == dt.date(2026, 11, 27)


@pytest.mark.django_db
def test_days_of_the_union_above_are_seen_and_not_written(cast, client):
    day = named(cast, by="province_admin", union="province")
    listed = page(client, cast, "city_admin", "bills_benefitday_changelist").context["cl"].result_list
    assert list(listed) == [day]
    assert page(client, cast, "city_admin", "benefit_day", day.pk).context["may_edit"] is False
    assert page(client, cast, "city_admin", "benefit_day_edit", day.pk).status_code == 403
    asked = {"union_id": cast.unions["city"].pk, "plan": LAST_FRIDAY, "day_id": day.pk}
    assert refused(actions.write_benefit_day, cast.actor("city_admin"), **asked) == "not_allowed"
    assert fresh(day).union_id == cast.unions["province"].pk


class TestBenefitDayScreen(ConsoleContract):
    model = BenefitDay

    def own(self, cast):
        return named(cast)

    def foreign(self, cast):
        return named(cast, DayPlan("西岭工惠日", "monthly", day=18), by="sister_admin", union="sister")

    def more(self, cast, count):
        for n in range(count):
            named(cast, DayPlan(f"更多 {n}", "monthly", day=n + 1, groups=("food_rider",)))
