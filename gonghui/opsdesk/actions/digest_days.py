"""五问五答 is periodic: whoever keeps the desk is told that the next issue is due, once an account and day it fell due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_ALLOWED, require
from gonghui.kit.templatetags.kit import cn_day
from gonghui.notices.actions import Notice
from gonghui.notices.actions.staff import tell_staff
from gonghui.opsdesk.actions.digests import first_day
from gonghui.opsdesk.deadlines import rule_for
from gonghui.opsdesk.models import Answer, DigestIssue
from gonghui.opsdesk.models.digests import FIVE, UNPUBLISHED
from gonghui.opsdesk.people import desk_of
from gonghui.orgs.models import Union

WHY = "the days of the desk"
PAGE = "/console/opsdesk/digests"


@dataclass(frozen=True, slots=True)
class Due:
    since: date
    """The day it fell due; of several that passed without an issue the last."""
    every: int
    last_on: date | None
    """When the issue before was published; None: this is the first."""


def unions_of_digests() -> QuerySet[Union]:
    """Those that have published an issue, and those whose answers would make their first."""
    issues = DigestIssue.objects.unscoped(WHY).filter(state="published")
    answers = Answer.objects.unscoped(WHY).filter(withdrawn_at=None).order_by().values("union_id")
    enough = answers.annotate(n=Count("pk")).filter(n__gte=FIVE)
    wanted = Q(pk__in=issues.values("union_id")) | Q(pk__in=enough.values("union_id"))
    return Union.objects.unscoped(WHY).filter(wanted, status="active").order_by("path")


def digest_due(union: Union) -> Due | None:
    """None while the days of the nearest rule have not passed since the last issue was published."""
    published = DigestIssue.objects.unscoped(WHY).filter(union=union, state="published")
    moment = published.order_by("-published_at").values_list("published_at", flat=True).first()
    last_on = moment.astimezone(clock.CHINA).date() if moment else None
    begun, every = last_on or first_day(union), rule_for(union.path).digest_days
    passed = (clock.today() - begun).days // every
    return Due(begun + timedelta(days=passed * every), every, last_on) if passed else None


@action
def remind_of_digest(actor: Actor, *, union_id: int) -> int:
    """Tells the desk of the union, or the nearest above; how many accounts. Again on the same day, or with the issue published
    meanwhile, nobody."""
    require(actor.is_system, NOT_ALLOWED)
    union = Union.objects.visible_to(actor).get(pk=union_id)
    due = digest_due(union)
    if due is None:
        return 0
    issues = DigestIssue.objects.unscoped(WHY).filter(union=union, state__in=UNPUBLISHED)
    title = _("{union}：五问五答该出下一期了").format(union=union.name)
    notice = Notice("notice", title[:80], said_of(due, issues.first()), PAGE)
    editors = desk_of(union.path)
    tell_staff(actor, occasion=f"digest-due:{union.pk}:{due.since}", user_ids=editors, notice=notice)
    return len(editors)


def said_of(due: Due, issue: DigestIssue | None) -> str:
    if due.last_on:
        said = _("上一期是 {day} 发布的，约定每 {n} 天一期。").format(day=cn_day(due.last_on), n=due.every)
    else:
        said = _("问答库里已经够五条，还没有出过第一期；约定每 {n} 天一期。").format(n=due.every)
    if issue is None:
        return said + _("请选五问、写好编者的话，再交另一位同事复核。")
    next_step = {
        "draft": _("{issue}正在编辑，请选好五问后送审。"), "submitted": _("{issue}在等复核，请另一位同事看过后发布。"),
    }[issue.state]  # fmt: skip
    return said + next_step.format(issue=issue)
