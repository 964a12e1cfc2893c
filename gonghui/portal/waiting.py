"""The waiting page: the same bytes for everybody, rendered when something changes, served by the gate from memory."""

from __future__ import annotations

import hashlib

from django.template.loader import render_to_string
from django.utils import translation

from gonghui.activities.models import Session
from gonghui.benefits.models import Pool, WaitingPage
from gonghui.kit import clock
from gonghui.portal.forms import first_pool
from gonghui.portal.offerings import Offering, offerings_of_pools
from gonghui.portal.queries.activity import group_names

ETAG_CHARS = 24


def render_waiting_page(release_id: int) -> bool:
    """Writes the page anew where it differs; the gates are told by the database. False for a draft."""
    offering = waiting_offering(release_id)
    if offering is None:
        return False
    html = render_offering(offering).encode()
    etag = hashlib.sha256(html).hexdigest()[:ETAG_CHARS]
    known = WaitingPage.objects.filter(release_id=release_id, etag=etag)
    if not known.exists():
        page = WaitingPage(release_id=release_id, html=html, etag=etag, rendered_at=clock.now())
        # Two may render at once: the later one wins, and neither looks before it writes.
        WaitingPage.objects.bulk_create(
            [page],
            update_conflicts=True,
            unique_fields=["release"],
            update_fields=["html", "etag", "rendered_at", "updated_at"],
        )
    return True


def waiting_offering(release_id: int) -> Offering | None:
    """A release with its pools and their sessions, in two queries."""
    pools = list(
        Pool.objects.unscoped("the waiting page is the same for everybody")
        .filter(release_id=release_id)
        .exclude(release__state__in=("draft", "reviewed"))
        .select_related("release__union", "release__audience_union", "release__offer")
    )
    sessions = (
        Session.objects.unscoped("sessions of these pools")
        .filter(pool__in=pools)
        .select_related("store", "hall", "activity__kind", "activity__holiday", "activity__offer")
    )
    by_pool = {session.pool_id: session for session in sessions}
    found = offerings_of_pools([(pool, by_pool.get(pool.pk)) for pool in pools], group_names())
    return next(iter(found), None)


def render_offering(offering: Offering) -> str:
    """No request, hence no reader: no name, no token, no time of rendering; elder.js and clock.js add what differs."""
    activity = next((row.session.activity for row in offering.rows if row.session), None)
    facts = {
        "offering": offering,
        "release": offering.release,
        "activity": activity,
        "title": activity.title if activity else offering.release.title,
        "offer": offering.release.offer,
        "chosen": first_pool(offering.rows),
        "companions": range(offering.release.party_max - 1) if offering.release.names_required else (),
    }
    with translation.override("zh-hans"):
        return render_to_string("portal/waiting.html", facts)
