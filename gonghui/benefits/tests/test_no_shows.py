"""爽约: marked after the grace, forgiven with a reason, barred where a union rules so."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from gonghui.benefits import queries, rules, tasks
from gonghui.benefits.actions import claims, no_shows
from gonghui.benefits.models import NoShowExemption, NoShowRule, Pool, Voucher
from gonghui.benefits.models.vouchers import VOUCHER_VERBS
from gonghui.benefits.tests.plans import SYSTEM, fresh, in_minutes, opened, pool_of, refused, won
from gonghui.kit.states import move
from gonghui.notices.models import Message

DAY = dt.timedelta(days=1)


def missed(cast, name: str = "mei", days_ago: float = 3) -> Voucher:
    """A confirmed ticket whose time passed unused, and the job that marks it."""
    release = opened(cast)
    voucher = won(pool_of(release), cast.people[name].pk)
    until = timezone.now() - dt.timedelta(days=days_ago)
    Pool.objects.unscoped("test").filter(release=release).update(valid_until=until)
    no_shows.mark_no_shows(SYSTEM)
    return fresh(voucher)


def refusal(cast, name: str = "mei") -> str | None:
    found = queries.entitlement(cast.actor(name), pool_of(opened(cast)).pk)
    return found.refusal and found.refusal.code


def ruled(cast, count: int = 2, union: str = "city", within_days: int = 90, bar_days: int = 30) -> NoShowRule:
    return no_shows.write_no_show_rule(
        cast.actor("province_admin"),
        union_id=cast.unions[union].pk,
        count=count,
        within_days=within_days,
        bar_days=bar_days,
    )


def test_confirmed_and_never_honoured_is_a_no_show_after_the_grace(cast):
    release = opened(cast)
    voucher = won(pool_of(release), cast.people["mei"].pk)
    until = pool_of(release).valid_until
    with time_machine.travel(until + rules.NO_SHOW_GRACE - dt.timedelta(seconds=1), tick=False):
        assert no_shows.mark_no_shows(SYSTEM) == 0
    with time_machine.travel(until + rules.NO_SHOW_GRACE + dt.timedelta(seconds=1), tick=False):
        tasks.mark_no_shows(0)
        tasks.mark_no_shows(0)
    assert fresh(voucher).state == "no_show"
    titles = Message.objects.unscoped("test").filter(title="记为爽约").values_list("person_id", flat=True)
    assert list(titles) == [cast.people["mei"].pk]


@pytest.mark.parametrize("state", ["redeemed", "exchanged", "returned", "voided"])
def test_other_tickets_are_no_no_shows(cast, state):
    release = opened(cast)
    voucher = won(pool_of(release), cast.people["mei"].pk)
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state=state)
    with time_machine.travel(in_minutes(5 * 24 * 60), tick=False):
        assert no_shows.mark_no_shows(SYSTEM) == 0
    assert fresh(voucher).state == state


def test_nobody_is_barred_without_a_rule(cast):
    for _time in range(3):
        missed(cast)
    assert refusal(cast) is None


def test_repeat_no_shows_bar_for_a_time(cast):
    ruled(cast)
    missed(cast)
    assert refusal(cast) is None
    missed(cast, days_ago=1)
    assert (refusal(cast), refusal(cast, "lan")) == ("barred_for_no_shows", None)
    with pytest.raises(Exception, match="90 天内有 2 次约而未到"):
        claims.claim(cast.actor("mei"), pool_id=pool_of(opened(cast)).pk, key=uuid4())
    # Thirty days after the last of them it is over.
    with time_machine.travel(timezone.now() + dt.timedelta(days=29, minutes=1), tick=False):
        pool = pool_of(opened(cast))
        assert queries.entitlement(cast.actor("mei"), pool.pk).refusal is None


def test_rule_of_a_sister_city_does_not_bar_here(cast):
    ruled(cast, union="sister")
    missed(cast)
    missed(cast)
    assert refusal(cast) is None


def test_rule_of_the_province_bars_below(cast):
    ruled(cast, union="province", count=1)
    missed(cast)
    assert refusal(cast) == "barred_for_no_shows"


def test_no_shows_far_apart_do_not_bar(cast):
    ruled(cast, within_days=10)
    missed(cast, days_ago=1)
    missed(cast, days_ago=12)
    assert refusal(cast) is None


def test_exempted_no_show_no_longer_bars(cast):
    ruled(cast, count=1)
    voucher = missed(cast)
    admin = cast.actor("city_admin")
    assert refused(no_shows.exempt_no_show, admin, voucher_id=voucher.pk, reason=" ") == "reason_missing"
    no_shows.exempt_no_show(admin, voucher_id=voucher.pk, reason="住院")
    no_shows.exempt_no_show(admin, voucher_id=voucher.pk, reason="住院")
    assert (refusal(cast), fresh(voucher).state) == (None, "no_show")
    assert NoShowExemption.objects.unscoped("test").count() == 1
    assert Message.objects.unscoped("test").filter(title="爽约已免记").count() == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [("finance_officer", "not_found"), ("sister_admin", "not_found"), ("mei", "not_allowed")],
)
def test_no_show_is_exempted_only_by_those_who_may(cast, name, code):
    voucher = missed(cast)
    assert refused(no_shows.exempt_no_show, cast.actor(name), voucher_id=voucher.pk, reason="x") == code
    assert NoShowExemption.objects.unscoped("test").count() == 0


def test_used_ticket_needs_no_exemption(cast):
    voucher = won(pool_of(opened(cast)), cast.people["mei"].pk)
    code = refused(no_shows.exempt_no_show, cast.actor("city_admin"), voucher_id=voucher.pk, reason="x")
    assert code == "not_a_no_show"


def test_late_scan_from_the_counter_undoes_a_no_show(cast):
    """A device that was offline sends its scan the next day."""
    ruled(cast, count=1)
    voucher = missed(cast)
    assert refusal(cast) == "barred_for_no_shows"
    move(voucher, VOUCHER_VERBS, "redeem")
    assert refusal(cast) is None


@pytest.mark.parametrize(
    ("name", "code"), [("finance_officer", "not_allowed"), ("sister_admin", "not_found")]
)
def test_rule_is_written_only_by_those_who_may(cast, name, code):
    facts = {"union_id": cast.unions["city"].pk, "count": 1, "within_days": 1, "bar_days": 1}
    assert refused(no_shows.write_no_show_rule, cast.actor(name), **facts) == code
    assert NoShowRule.objects.count() == 0


def test_rule_is_rewritten_and_dropped(cast):
    ruled(cast, count=2)
    assert ruled(cast, count=3).count == 3
    no_shows.drop_no_show_rule(cast.actor("province_admin"), union_id=cast.unions["city"].pk)
    assert NoShowRule.objects.count() == 0


class Rule:
    """A rule without a database."""

    class union:
        path = "1."

    count, within_days, bar_days = 2, 30, 10


AT = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("days_ago", "until"),
    [
        ([1], None),
        ([1, 2], AT + 9 * DAY),
        ([1, 31], AT + 9 * DAY),
        ([1, 32], None),
        ([9, 10, 11], AT + 1 * DAY),
        ([10, 11], None),
        ([1, 35, 36], None),
    ],
)
def test_bar_runs_from_the_last_no_show_that_fills_the_count(days_ago, until):
    times = [("1.2.", AT - days * DAY) for days in days_ago]
    bar = rules.bar_of([Rule], times, AT)
    assert (bar and bar.until) == until
