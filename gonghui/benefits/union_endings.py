"""When a union ends: what is being given out to its members is finished first, or they would lose it by moving. While it is
suspended it promises nothing new."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.benefits import errors
from gonghui.benefits.models import Release
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.orgs.errors import UNION_NOT_ACTIVE
from gonghui.orgs.models import Union

LIVE = ("reviewed", "announced", "open", "paused")


def require_nothing_goes_out(union: Union) -> None:
    """Its members are told by their union: in another they would no longer be meant."""
    meant = Q(audience_union=union) | Q(union=union, audience_union=None)
    live = Release.objects.unscoped("of a union that ends").filter(meant, state__in=LIVE)
    titles = list(live.order_by("id").values_list("title", flat=True)[:3])
    require(not titles, errors.UNION_GIVES_OUT, union=union.name, titles="”“".join(titles))


def require_not_suspended(actor: Actor, release: Release) -> None:
    """What was reviewed before goes on: its members keep what they were promised (SM-01)."""
    require(release.union.status != "suspended", UNION_NOT_ACTIVE, union=release.union.name)


STAYING = (
    _("已经发放的权益"),
    lambda union: (
        Release.objects.unscoped("of a union that ends").filter(union=union, state="closed").count()
    ),
)
