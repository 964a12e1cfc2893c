"""WeChat messages a member allowed: added by a tap, used one a message, given back when nothing went out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, require
from gonghui.notices.errors import WECHAT_TEMPLATE_UNKNOWN
from gonghui.notices.models import QuotaEntry, Template, WechatQuota
from gonghui.notices.models.wechat import BALANCE_MAX

OURS = "quota of one send or one tap"
ACCEPTED = "accept"
TAP, EVENT = "tap", "event"
PAIRED = timedelta(minutes=10)
TEMPLATES_MAX = 3
"""WeChat asks about so many at once."""


@action
def record_tap(actor: Actor, *, key: UUID, answers: Mapping[str, str]) -> int:
    """What wx.requestSubscribeMessage answered: template → accept, reject, ban or filter. Under its key it counts once; returns
    how many messages the member has allowed with it, whether this word of it or WeChat's own came first."""
    require(actor.person_id, NOT_ALLOWED)
    accepted = sorted(template for template, answer in answers.items() if answer == ACCEPTED)
    require(
        len(answers) <= TEMPLATES_MAX and set(answers) <= subscribable_ids(answers), WECHAT_TEMPLATE_UNKNOWN
    )
    noted = [count_consent(actor.person_id, template, key=f"{TAP}:{key}", at=now()) for template in accepted]
    return sum(entry is not None for entry in noted)


def count_consent(person_id: int, template: str, *, key: str, at: datetime) -> QuotaEntry | None:
    """One consent is told twice: by the member's phone (`tap:`) and by WeChat (`event:`). Whichever comes second within `PAIRED`
    is written beside the first and adds nothing; `at`: when it was said. None: the same word again, or more than is kept.
    Part of an action."""
    WechatQuota.objects.bulk_create(
        [WechatQuota(person_id=person_id, wechat_template=template)], ignore_conflicts=True
    )
    rows = WechatQuota.objects.unscoped(OURS).filter(person_id=person_id, wechat_template=template)
    quota = rows.select_for_update().get()
    entries, name = QuotaEntry.objects.unscoped(OURS).filter(quota=quota), f"{key}:{quota.pk}"
    if entries.filter(key=name).exists():
        return None
    other = EVENT if key.startswith(f"{TAP}:") else TAP
    near = entries.filter(
        reason=QuotaEntry.Reason.ALLOWED, key__startswith=f"{other}:", paired=None,
        created_at__range=(at - PAIRED, at + PAIRED),
    )  # fmt: skip
    if first := near.order_by("id").first():
        return QuotaEntry.objects.create(
            quota=quota, change=0, reason=QuotaEntry.Reason.CONFIRMED, pair=first, key=name, created_at=at
        )
    if quota.balance >= BALANCE_MAX:
        return None
    return QuotaEntry.objects.create(
        quota=quota, change=1, reason=QuotaEntry.Reason.ALLOWED, key=name, created_at=at
    )


def subscribable_ids(among: Collection[str]) -> set[str]:
    found = Template.objects.unscoped("what members may allow is public").filter(
        wechat_template__in=[name for name in among if name], state=Template.State.APPROVED
    )
    return set(found.values_list("wechat_template", flat=True))


LOCKED = """
SELECT id, person_id FROM notices_wechatquota WHERE wechat_template = %s AND person_id = ANY (%s) AND balance > 0
 ORDER BY id FOR UPDATE
"""


def reserve_quota(template: str, asked: Mapping[int, int]) -> set[int]:
    """One message each for these deliveries (→ person), where one is left. Two sends at once wait for each other here: the
    second sees what the first took. Part of an action."""
    if not asked or not template:
        return set()
    of_person = {person_id: delivery_id for delivery_id, person_id in asked.items()}
    with connection.cursor() as cursor:
        cursor.execute(LOCKED, [template, list(of_person)])
        found = [(quota_id, of_person[person_id]) for quota_id, person_id in cursor.fetchall()]
    _write(found, -1, QuotaEntry.Reason.USED)
    return {delivery_id for _quota, delivery_id in found}


def return_quota(delivery_ids: Collection[int]) -> None:
    """What was set aside for these and did not go out. Part of an action."""
    if not delivery_ids:
        return
    of_these = QuotaEntry.objects.unscoped(OURS).filter(
        delivery_id__in=delivery_ids, reason__in=(QuotaEntry.Reason.USED, QuotaEntry.Reason.RETURNED)
    )
    left = of_these.order_by("quota_id", "delivery_id").values_list("quota_id", "delivery_id")
    owed = left.annotate(owed=-Sum("change")).filter(owed__gt=0)
    _write([(quota_id, delivery_id) for quota_id, delivery_id, _owed in owed], 1, QuotaEntry.Reason.RETURNED)


def _write(rows: Collection[tuple[int, int]], change: int, reason: str) -> None:
    """The nth use of a delivery is given back as its nth."""
    if not rows:
        return
    before = QuotaEntry.objects.unscoped(OURS).filter(
        delivery_id__in=[delivery_id for _quota, delivery_id in rows], reason=reason
    )
    seen: dict[int, int] = {}
    for delivery_id in before.values_list("delivery_id", flat=True):
        seen[delivery_id] = seen.get(delivery_id, 0) + 1
    QuotaEntry.objects.bulk_create(
        QuotaEntry(
            quota_id=quota_id,
            change=change,
            reason=reason,
            delivery_id=delivery_id,
            key=f"{reason}:{delivery_id}:{seen.get(delivery_id, 0) + 1}",
        )
        for quota_id, delivery_id in rows
    )


def hold_quotas(of: Mapping[int, str]) -> None:
    """Person → WeChat template: their rows, in the order in which everybody holds them. Part of an action."""
    rows = WechatQuota.objects.unscoped(OURS).filter(
        person_id__in=of, wechat_template__in=set(of.values()) - {""}
    )
    list(rows.order_by("id").select_for_update().values_list("id"))


def correct_quota(person_id: int, template: str, *, delivery_id: int) -> None:
    """WeChat says nothing is left: neither is it here. Part of an action."""
    times = QuotaEntry.objects.unscoped(OURS).filter(
        delivery_id=delivery_id, reason=QuotaEntry.Reason.CORRECTED
    )
    key = f"corrected:{delivery_id}:{times.count()}"
    clear_quota(person_id, template, key=key, delivery_id=delivery_id)


def clear_quota(person_id: int, template: str, *, key: str, delivery_id: int | None = None) -> bool:
    """Nothing is left; False where nothing was. Part of an action."""
    rows = WechatQuota.objects.unscoped(OURS).select_for_update()
    quota = rows.filter(person_id=person_id, wechat_template=template, balance__gt=0).first()
    if quota is None:
        return False
    QuotaEntry.objects.create(
        quota=quota,
        change=-quota.balance,
        reason=QuotaEntry.Reason.CORRECTED,
        delivery_id=delivery_id,
        key=f"{key}:{quota.pk}",
    )
    return True
