"""Jobs of partners: agreements follow the calendar."""

from __future__ import annotations

from django.db.models import Q

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep
from gonghui.partners.actions.agreements import WARN_BEFORE, follow_agreement
from gonghui.partners.models import Agreement
from gonghui.partners.models.agreements import IN_FORCE

TIMER = Actor.system("timer of agreements")


@periodic("*/10 * * * *")
def follow_agreements(timestamp: int) -> None:
    """Those that start, come near their end, or have passed it."""
    today = clock.today()
    due = Agreement.objects.unscoped("the timer looks at every agreement").filter(
        Q(state="signed", starts_on__lte=today)
        | Q(state="effective", ends_on__lte=today + WARN_BEFORE)
        | Q(state__in=IN_FORCE, ends_on__lt=today)
    )
    with sweep() as each:
        for agreement_id in due.order_by("starts_on", "id").values_list("id", flat=True):
            each(follow_agreement, TIMER, agreement_id=agreement_id)
