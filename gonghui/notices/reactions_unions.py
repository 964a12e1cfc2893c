"""What staff are told: of their applications for a new union, and of a roster below them that one person alone confirmed."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.members.events import RosterConfirmedByMaker
from gonghui.members.models import RosterImport
from gonghui.notices.actions.messages import Notice
from gonghui.notices.actions.staff import tell_staff
from gonghui.notices.models import MessageKind
from gonghui.orgs.events import RegistrationAnswered
from gonghui.orgs.models import UnionRegistration
from gonghui.orgs.queries import nearest_others_with


@reacts_to(RegistrationAnswered)
def tell_registration_answered(event: RegistrationAnswered) -> None:
    """Its maker, once an answer. One that was mended and sent again meanwhile waits for the next."""
    found = UnionRegistration.objects.unscoped("news of an application")
    row = found.select_related("parent").filter(pk=event.registration_id).first()
    if row is None or row.decided_at is None:
        return
    title, body = {
        "approved": (_("建会申请已批准"), _("{name}已经建成，上级是{parent}。接下来可以给它的管理员授权，再导入会员名册。")),
        "returned": (_("建会申请请修改"), _("{name}：{answer}。改好后再提交，原来填的都在。")),
        "rejected": (_("建会申请没有批准"), _("{name}：{answer}。情况有变化时可以重新申请。")),
    }.get(row.state, ("", ""))  # fmt: skip
    if not title:
        return
    said = body.format(name=row.name, parent=row.parent.name, answer=row.answer.rstrip("。"))
    link = reverse("admin:orgs_unionregistration_change", args=[row.pk])
    actor = Actor.system("news of an application for a union")
    occasion = f"registration:{row.pk}:{row.decided_at:%Y%m%d%H%M%S%f}"
    tell_staff(
        actor,
        occasion=occasion,
        user_ids=[row.maker_id],
        notice=Notice(MessageKind.NOTICE, title, said, link),
    )


@reacts_to(RosterConfirmedByMaker)
def tell_roster_of_one_hand(event: RosterConfirmedByMaker) -> None:
    """Whoever else might have confirmed it, at the nearest level: once a roster."""
    found = RosterImport.objects.unscoped("news of a roster").select_related("union", "maker")
    row = found.filter(pk=event.roster_id).first()
    if row is None:
        return
    body = _(
        "{who}上传“{file}”（{union}）并自己确认导入：新增 {new}，变更 {changed}。没有第二人复核，请看一看。"
    ).format(
        who=row.maker,
        file=row.file_name[:60],
        union=row.union.name,
        new=row.count_new,
        changed=row.count_changed,
    )
    tell_staff(
        Actor.system("news of a roster"),
        occasion=f"roster-one-hand:{row.pk}",
        user_ids=nearest_others_with("rosters.apply", row.union, but=row.maker_id),
        notice=Notice(
            MessageKind.NOTICE, _("一份名册由上传人自己确认"), body, reverse("admin:roster", args=[row.pk])
        ),
    )
