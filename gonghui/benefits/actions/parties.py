"""Companions' names: written before the claim, moved onto the voucher, then forgotten here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models.functions import Now

from gonghui.benefits.models import Party, Voucher

NAME_LENGTH_MAX = 40


def clean_names(companions: Sequence[str]) -> list[str]:
    """Without blanks too many and without characters that cannot be seen: half a surrogate cannot even be sealed."""
    names = ["".join(filter(str.isprintable, " ".join(str(name).split()))) for name in companions]
    return [name[:NAME_LENGTH_MAX] for name in names if name]


def write_party(release_id: int, person_id: int, booked_by_id: int | None, names: Sequence[str]) -> None:
    """The latest names count; none at all removes the row."""
    found = Party.objects.unscoped("the party being written").filter(
        release_id=release_id, person_id=person_id
    )
    if not names:
        found.delete()
        return
    Party.objects.unscoped("the party being written").update_or_create(
        release_id=release_id,
        person_id=person_id,
        defaults={"names": list(names), "booked_by_id": booked_by_id},
    )


def seat_party(party: Party, voucher: Voucher) -> None:
    """Names onto the voucher; a ticket held only for want of names is confirmed when all are there."""
    names = party.names[: voucher.seats - 1]
    live = Voucher.objects.unscoped("the voucher just won").filter(pk=voucher.pk, companions__isnull=True)
    if not live.update(companions=names, updated_at=Now()):
        return
    voucher.companions = names
    complete = len(names) >= voucher.seats - 1
    if complete and not voucher.release.confirm_within_s:
        held = live.model.objects.unscoped("the voucher just won").filter(
            pk=voucher.pk, state=Voucher.State.HELD
        )
        if held.update(state=Voucher.State.CONFIRMED, updated_at=Now()):
            voucher.state = Voucher.State.CONFIRMED
