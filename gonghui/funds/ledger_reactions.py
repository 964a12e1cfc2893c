"""What happens when the nightly proof of the books finds something: those who read the ledger at the root are told."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.ledger.events import BooksDisagree
from gonghui.ledger.models import Proof
from gonghui.members.queries import person_id_of
from gonghui.notices.actions import Notice, tell_once
from gonghui.orgs.models import Grant
from gonghui.orgs.queries import in_force_on
from gonghui.orgs.roles import ROLES

TELLING = Actor.system("the nightly proof of the books")
READERS = [code for code, role in ROLES.items() if "ledger.view" in role.verbs]
TEXT_MAX = 200


@reacts_to(BooksDisagree)
def tell_of_books(event: BooksDisagree) -> None:
    """Once a proof and reader; the next night says it again while it stands."""
    proof = Proof.objects.get(pk=event.proof_id)
    advice = _("请先不要付款，请技术人员运行 gonghui ledger verify 查明，并保存好公示过的区块指纹。")
    notice = Notice(
        kind="notice",
        title=_("账本核对发现不一致"),
        body=_("今天凌晨的自动核对发现：{found}。").format(found=str(proof)[:TEXT_MAX]) + advice,
        link="/console/ledger/trial",
    )
    for user_id in _readers_at_the_root():
        once = f"books:{proof.pk}:{user_id}"
        tell_once(TELLING, once=once, notice=notice, person_id=person_id_of(user_id), user_id=user_id)


def _readers_at_the_root() -> list[int]:
    found = Grant.objects.unscoped("whom a finding of the books is told").filter(
        in_force_on(clock.today()), role__in=READERS, union__parent=None, user__is_active=True
    )
    return sorted(set(found.values_list("user_id", flat=True)))
