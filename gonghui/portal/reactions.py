"""The waiting page follows its release."""

from __future__ import annotations

from gonghui.benefits.events import (
    ReleaseAnnounced,
    ReleaseCancelled,
    ReleaseClosed,
    ReleaseOpened,
    ReleasePaused,
    ReleasePostponed,
    ReleaseResumed,
)
from gonghui.kit.events import reacts_to
from gonghui.portal.waiting import render_waiting_page


@reacts_to(ReleaseAnnounced)
def render_at_announcement(event: ReleaseAnnounced) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleasePostponed)
def render_at_postponing(event: ReleasePostponed) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleaseOpened)
def render_at_opening(event: ReleaseOpened) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleasePaused)
def render_at_pausing(event: ReleasePaused) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleaseResumed)
def render_at_resuming(event: ReleaseResumed) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleaseClosed)
def render_at_closing(event: ReleaseClosed) -> None:
    render_waiting_page(event.release_id)


@reacts_to(ReleaseCancelled)
def render_at_cancelling(event: ReleaseCancelled) -> None:
    render_waiting_page(event.release_id)
