"""暂停和恢复的消息: to those who wait for it, a moment after the verb, and only of what still stands then."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from gonghui.benefits import messages
from gonghui.benefits.actions.telling import tell_of_release
from gonghui.benefits.models import Release, Reminder, Voucher, WaitEntry
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.notices.models import Delivery, Send

OURS = "news of a release that is paused or goes on"
PAUSED, GOES_ON = "paused", "on"


@action
def tell_pause(actor: Actor, *, release_id: int) -> int:
    """Says what stands now where it is not what was said last: paused twice within a moment is heard of once, and what went on
    before anybody heard of the pause is no news. Returns how many are told."""
    locked = Release.objects.unscoped(OURS).select_for_update(no_key=True)  # two jobs at once say it once
    release = locked.filter(pk=release_id).first()
    if release is None or release.state not in (Release.State.PAUSED, Release.State.OPEN):
        return 0
    last = Send.objects.unscoped(OURS).filter(key__startswith=f"pause:{release_id}:").order_by("-id").first()
    said = last.key.rpartition(":")[2] if last else GOES_ON
    if release.state == Release.State.PAUSED:
        notice = messages.paused(release)
        if said == PAUSED and last.body == notice.body:
            return 0
        return _tell(actor, release, last, PAUSED, notice, concerned(release_id))
    if said == GOES_ON:
        return 0
    heard = Delivery.objects.unscoped(OURS).filter(send=last).values_list("person_id", flat=True)
    return _tell(actor, release, last, GOES_ON, messages.goes_on(release), concerned(release_id) & set(heard))


def _tell(
    actor: Actor, release: Release, last: Send | None, said: str, notice: messages.Notice, people: set[int]
) -> int:
    if not people and said == PAUSED:
        return 0
    number = int(last.key.split(":")[2]) + 1 if last else 1
    key = f"pause:{release.pk}:{number}:{said}"
    send = tell_of_release(actor, release, key=key, people=sorted(people), notice=notice)
    return send.recipients


def concerned(release_id: int) -> set[int]:
    """Who holds a place in a line, and who asked to be reminded and has no ticket yet."""
    waits = WaitEntry.objects.unscoped(OURS).filter(release_id=release_id, state=WaitEntry.State.WAITING)
    held = Voucher.objects.unscoped(OURS).filter(release_id=release_id, person=OuterRef("person"))
    asked = Reminder.objects.unscoped(OURS).filter(release_id=release_id)
    without = asked.exclude(Exists(held.exclude(state__in=GONE_STATES)))
    return {
        *waits.values_list("person_id", flat=True),
        *without.values_list("person_id", flat=True),
    }
