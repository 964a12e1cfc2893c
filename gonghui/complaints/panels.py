"""意见: what members say is wrong with a merchant's bills, on the merchant's own pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.complaints.deadlines import ANSWER_DAYS
from gonghui.complaints.queries import over, to_answer
from gonghui.complaints.thread import MERCHANT, words_of
from gonghui.kit.actors import Actor
from gonghui.partners.panels import MerchantPanel, register_panel

SHOWN = 20


def complaints(actor: Actor) -> dict[str, Any]:
    """What waits for a word in full, what is over in a line each."""
    return {
        "to_answer": [(one, words_of(one, reader=MERCHANT)) for one in to_answer(actor)[:SHOWN]],
        "over": list(over(actor)[:SHOWN]),
        "days": ANSWER_DAYS,
    }


def register_panels() -> None:
    register_panel(MerchantPanel("complaints", _("意见"), "complaints/merchant/panel.html", complaints))
