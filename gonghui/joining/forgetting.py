"""What becomes of applications when their applicant is forgotten: the way they went stays, who it was does not."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.joining.models import OPEN, JoinApplication
from gonghui.kit.crypto import get_keyring
from gonghui.members.leaving import FOUND_BY, RECORD, Hindrance, Leaving, hinders, lies_open, register

THEIRS = "of somebody who is forgotten"


def _applications(leaving: Leaving):
    """By account and person, and those an officer entered, by document and telephone."""
    ring = get_keyring()
    numbers = ring.blind_indexes("id_no", leaving.id_no) if leaving.id_no else []
    phones = [index for phone in leaving.phones for index in ring.blind_indexes("phone", phone)]
    owned = Q(user_id=leaving.user_id) | Q(id_index__in=numbers) | Q(phone_index__in=phones)
    if leaving.person_id is not None:
        owned |= Q(person_id=leaving.person_id)
    return JoinApplication.objects.unscoped(THEIRS).filter(owned)


def _empty(leaving: Leaving) -> None:
    found = _applications(leaving)
    found.filter(state="draft").delete()
    found.exclude(state="draft").update(
        user=None,
        name="",
        pinyin="",
        grams=[],
        id_no=None,
        id_index=None,
        phone=None,
        phone_index=None,
        employer="",
    )


register("joining.JoinApplication", _("入会申请里的姓名、证件和手机号"), _empty, because=RECORD)


@hinders
def application_in_review(leaving: Leaving) -> Iterator[Hindrance]:
    if _applications(leaving).filter(state__in=OPEN).exists():
        advice = _("请先在“加入工会”里撤回申请，或等审核结束。")
        yield Hindrance("join_application", _("您的入会申请还在审核。"), advice)


lies_open("joining.JoinApplication", "name", "pinyin", "grams", "id_type", because=FOUND_BY)
