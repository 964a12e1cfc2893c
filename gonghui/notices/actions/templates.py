"""Templates: written by one, reviewed by another, never changed after; a new wording is a new version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.notices import errors
from gonghui.notices.models import MessageKind, Template
from gonghui.notices.words import (
    SMS_PARTS_MAX,
    WECHAT_FIELD,
    WECHAT_LENGTHS,
    signed,
    sms_parts,
    unknown_placeholders,
)
from gonghui.orgs.models import Union

WORDS = ("name", "kind", "title", "body", "link", "sms_text", "sms_signature", "wechat_template", "wechat_fields",
         "wechat_page")  # fmt: skip
WECHAT_ID = re.compile(r"[0-9A-Za-z_\-]{10,64}")
WECHAT_FIELDS_MAX = 7
SAMPLE_LINK = "https://gonghui.example/m/AAAAAAAAAAAAAAAAAAAAAA"


@action
def draft_template(actor: Actor, *, union_id: int, words: Mapping[str, Any]) -> Template:
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.may("notices.send", union.path))
    check_words(words)
    return Template.objects.create(union=union, maker_id=actor.user_id, **_known(words))


@action
def change_template(actor: Actor, *, template_id: int, words: Mapping[str, Any]) -> Template:
    """A draft; what was sent to review stays."""
    row = template_for(actor, template_id, "notices.send")
    require(row.state == Template.State.DRAFT, errors.TEMPLATE_MOVED)
    check_words(words)
    for name, value in _known(words).items():
        setattr(row, name, value)
    row.save()
    return row


@action
def revise_template(actor: Actor, *, template_id: int) -> Template:
    """The next version, to be changed and reviewed; the one before serves until then."""
    row = template_for(actor, template_id, "notices.send")
    lock_name("template-series", str(row.series))
    series = Template.objects.unscoped("versions of one template").filter(series=row.series)
    draft = series.filter(state=Template.State.DRAFT).first()
    if draft is not None:
        return draft
    last = series.order_by("-version").values_list("version", flat=True).first() or 0
    words = {name: getattr(row, name) for name in WORDS}
    return Template.objects.create(
        union_id=row.union_id, series=row.series, version=last + 1, maker_id=actor.user_id, **words
    )


@action
def submit_template(actor: Actor, *, template_id: int) -> Template:
    row = template_for(actor, template_id, "notices.send")
    return _move(row, Template.State.DRAFT, Template.State.SUBMITTED)


@action
def approve_template(actor: Actor, *, template_id: int) -> Template:
    """By another than its maker; from now on it may be sent, and the versions before it are retired."""
    row = template_for(actor, template_id, "notices.review")
    require(actor.user_id, NOT_ALLOWED)
    require(row.maker_id != actor.user_id, errors.TEMPLATE_BY_TWO)
    row = _move(row, Template.State.SUBMITTED, Template.State.APPROVED, checker_id=actor.user_id)
    before = Template.objects.unscoped("versions of one template").filter(
        series=row.series, version__lt=row.version, state=Template.State.APPROVED
    )
    before.update(state=Template.State.RETIRED, updated_at=now())
    return row


@action
def refuse_template(actor: Actor, *, template_id: int, reason: str) -> Template:
    row = template_for(actor, template_id, "notices.review")
    require(actor.user_id, NOT_ALLOWED)
    require(row.maker_id != actor.user_id, errors.TEMPLATE_BY_TWO)
    return _move(
        row, Template.State.SUBMITTED, Template.State.REFUSED, checker_id=actor.user_id, answer=reason[:200]
    )


@action
def retire_template(actor: Actor, *, template_id: int) -> Template:
    row = template_for(actor, template_id, "notices.send")
    return _move(row, Template.State.APPROVED, Template.State.RETIRED)


def template_for(actor: Actor, template_id: int, verb: str) -> Template:
    row = Template.objects.visible_to(actor).select_related("union").filter(pk=template_id).first()
    require(row, NOT_FOUND)
    require(actor.may(verb, row.union.path))
    return row


def _move(row: Template, before: str, after: str, **facts: Any) -> Template:
    mine = Template.objects.unscoped("compare-and-set of a fetched row").filter(pk=row.pk, state=before)
    require(mine.update(state=after, updated_at=now(), **facts), errors.TEMPLATE_MOVED)
    row.refresh_from_db()
    return row


def _known(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: words[name] for name in WORDS if name in words}


# --- What may be written ----------------------------------------------------------------------------------------


def check_words(words: Mapping[str, Any]) -> None:
    """Placeholders of ours only, an SMS of at most a few parts, WeChat's own names of fields; and never in the name of what
    members cannot switch off."""
    if words.get("kind") == MessageKind.SECURITY:
        refuse(_("“账号安全”只由系统发"))
    for name in ("title", "body"):
        _filled(words.get(name, ""))
    _check_sms(words.get("sms_text", ""), words.get("sms_signature", ""))
    _check_wechat(words.get("wechat_template", ""), words.get("wechat_fields") or {})


def _filled(text: str, *, with_link: bool = False) -> None:
    if unknown := unknown_placeholders(text, with_link=with_link):
        refuse(_("{what} 不是可以填写的项目").format(what="、".join(unknown)))


def _check_sms(text: str, signature: str) -> None:
    if not text:
        return
    _filled(text, with_link=True)
    if not signature:
        refuse(_("短信要写签名"))
    if any(mark in signature for mark in "【】") or text.startswith("【"):
        refuse(_("签名不用写【】，会自动加上"))
    parts = sms_parts(signed(signature, text.replace("{link}", SAMPLE_LINK)))
    if parts > SMS_PARTS_MAX:
        refuse(_("短信太长，要拆成 {parts} 条，最多 {most} 条").format(parts=parts, most=SMS_PARTS_MAX))


def _check_wechat(template: str, fields: Mapping[str, str]) -> None:
    if not template and not fields:
        return
    if not WECHAT_ID.fullmatch(template):
        refuse(_("微信模板编号不对，请从微信公众平台复制"))
    if not 1 <= len(fields) <= WECHAT_FIELDS_MAX:
        refuse(_("微信模板要有 1 到 {most} 个栏目").format(most=WECHAT_FIELDS_MAX))
    for name, value in fields.items():
        if not WECHAT_FIELD.match(str(name)):
            refuse(_("{name} 不是微信的栏目名，应如 thing1、time2").format(name=name))
        if not isinstance(value, str) or not value.strip():
            refuse(_("栏目 {name} 没有写内容").format(name=name))
        _filled(value)
        most = WECHAT_LENGTHS[re.sub(r"\d+$", "", name)]
        if "{" not in value and len(value) > most:
            refuse(_("栏目 {name} 最多 {most} 个字").format(name=name, most=most))


def refuse(detail: str) -> None:
    raise DomainError(errors.TEMPLATE_WORDS, detail=detail)
