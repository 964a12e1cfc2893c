"""What members are told about their membership: a transfer on its way, and an account whose number was handed on."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.kit.templatetags.kit import cn_day
from gonghui.members.events import (
    CorrectionDecided,
    PhoneHandedOn,
    TransferDecided,
    TransferOpened,
    TransferPassedOn,
    TransferReleased,
)
from gonghui.members.models import CorrectionRequest, TransferRequest, TransferStep
from gonghui.notices.actions.messages import Notice, tell_once
from gonghui.notices.models import MessageKind

PAGE = "/me/membership"


@reacts_to(TransferOpened)
def tell_transfer_opened(event: TransferOpened) -> None:
    row = _transfer(event.transfer_id)
    if row is None:
        return
    body = _("从{old}转到{new}。先等{old}同意转出，进度在“我的会籍”查看。").format(
        old=row.from_union.name, new=row.to_union.name
    )
    if row.document:
        body += _("这是工作人员按您带来的介绍信办理的；不是您本人的意思，可以在那里取消。")
    _tell(row, "opened", _("转会已提出"), body)


@reacts_to(TransferReleased)
def tell_transfer_released(event: TransferReleased) -> None:
    row = _transfer(event.transfer_id)
    if row is not None:
        body = _("接下来等{new}接收。").format(new=row.to_union.name)
        _tell(row, "released", _("原工会已同意转出"), body)


@reacts_to(TransferPassedOn)
def tell_transfer_passed_on(event: TransferPassedOn) -> None:
    found = TransferStep.objects.unscoped("news of a transfer").select_related("transfer", "union")
    step = found.filter(pk=event.step_id).first()
    if step is None or not step.transfer.is_open:
        return
    if step.kind == TransferStep.Kind.AIMED:
        title, body = _("转会已改转"), _("现在转到{union}。").format(union=step.union.name)
    else:
        title = _("转会已转上一级办理")
        body = _("{words}，转{union}办理，最迟 {day} 答复。").format(
            words=step.words,
            union=step.union.name,
            day=cn_day(step.transfer.due_on),
        )
    _tell(step.transfer, f"step:{step.pk}", title, body)


@reacts_to(TransferDecided)
def tell_transfer_decided(event: TransferDecided) -> None:
    row = _transfer(event.transfer_id)
    if row is None:
        return
    last = row.steps.filter(kind=row.state).first()
    title, body = {
        "accepted": (_("转会办好了"), _("您的会籍已经转到{new}。福豆、票券都还在，照常可用。")),
        "refused": (_("转会没有办成"), _("{union}没有同意：{words}。您的会籍仍在{old}。")),
        "cancelled": (_("转会已取消"), _("您的会籍仍在{old}。")),
    }.get(row.state, ("", ""))
    if title:
        facts = {"old": row.from_union.name, "new": row.to_union.name, "words": last.words if last else ""}
        union = last.union.name if last and last.union else ""
        _tell(row, row.state, title, body.format(union=union, **facts))


@reacts_to(PhoneHandedOn)
def tell_phone_handed_on(event: PhoneHandedOn) -> None:
    """Read by the person once they are back, under whatever phone."""
    body = _("有人用您原来的手机号登录并表示不是您本人，那个号码已与您的账号分开。福豆、票券都没有动。")
    notice = Notice(MessageKind.SECURITY, _("您原来的手机号换了主人"), body, "/me/data")
    actor = Actor.system("news of a phone handed on")
    tell_once(actor, once=f"handed-on:{event.user_id}", notice=notice, person_id=event.person_id)


@reacts_to(CorrectionDecided)
def tell_correction_decided(event: CorrectionDecided) -> None:
    found = CorrectionRequest.objects.unscoped("news of a correction").select_related("union")
    row = found.filter(pk=event.correction_id, state__in=("approved", "refused")).first()
    if row is None:
        return
    facts = {"union": row.union.name, "what": row.what, "words": row.answer}
    if row.state == "refused":
        title = _("资料没有更正")
        body = _("{union}核对后没有更正{what}：{words}。可以补充后重新提出。")
    elif row.proof == CorrectionRequest.Proof.RECORD and {"name", "document"} & set(row.parts):
        title = _("资料已更正，请重新实名认证")
        body = _("{union}已更正您的{what}。这次没有看到证件，请到“我的—实名认证”按证件再核验一次。")
    else:
        title, body = _("资料已更正"), _("{union}已核对并更正您的{what}。不是您本人提出的，请马上联系工会。")
    notice = Notice(MessageKind.SECURITY, title, body.format(**facts), "/me/data/correct")
    actor = Actor.system("news of a correction")
    tell_once(actor, once=f"correction:{row.pk}", notice=notice, person_id=row.person_id)


def _tell(row: TransferRequest, occasion: str, title: str, body: str) -> None:
    notice = Notice(MessageKind.NOTICE, title, body, PAGE)
    actor = Actor.system("news of a transfer")
    tell_once(actor, once=f"transfer:{row.pk}:{occasion}", notice=notice, person_id=row.person_id)


def _transfer(transfer_id: int) -> TransferRequest | None:
    found = TransferRequest.objects.unscoped("news of a transfer").select_related("from_union", "to_union")
    return found.filter(pk=transfer_id).first()
