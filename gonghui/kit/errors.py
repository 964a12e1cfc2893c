"""Refusals: defined once in an app's `errors.py`, raised as `DomainError`, rendered once by each door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it was refused and what to do next, in plain words; `clause` names the regulation that is the reason."""

    code: str
    message: Text
    advice: Text = ""
    status: int = 409
    clause: Text = ""


_known: dict[str, Refusal] = {}


def refusal(code: str, message: Text, *, advice: Text = "", status: int = 409, clause: Text = "") -> Refusal:
    """Define a refusal; a code means one thing in the whole product."""
    if code in _known:
        raise ValueError(f"refusal {code!r} is defined twice")
    _known[code] = Refusal(code, message, advice, status, clause)
    return _known[code]


def known_refusals() -> dict[str, Refusal]:
    return dict(_known)


class DomainError(Exception):
    """A refusal with the facts of this case: `DomainError(SOLD_OUT, position=3)`; texts use {position}."""

    def __init__(self, reason: Refusal, **facts: Any):
        super().__init__(reason.code)
        self.reason, self.facts = reason, facts

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def status(self) -> int:
        return self.reason.status

    @property
    def message(self) -> str:
        return str(self.reason.message).format(**self.facts)

    @property
    def advice(self) -> str:
        return str(self.reason.advice).format(**self.facts)

    @property
    def clause(self) -> str:
        return str(self.reason.clause).format(**self.facts)

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.advice) if part)


NOT_FOUND = refusal(
    "not_found", _("没有找到这一项，或者您无权查看。"), advice=_("请检查链接，或返回上一页。"), status=404
)
NOT_ALLOWED = refusal(
    "not_allowed",
    _("您没有做这件事的权限。"),
    advice=_("如果工作需要，请联系上级工会管理员授权。"),
    status=403,
)
SIGN_IN_FIRST = refusal("sign_in_first", _("请先登录。"), advice=_("登录后会回到这一页。"), status=401)
BAD_INPUT = refusal("bad_input", _("填写的内容有误：{detail}"), advice=_("请改正后再提交。"), status=422)
STATE_CHANGED = refusal(
    "state_changed", _("这一项刚刚被别人改动过。"), advice=_("请刷新页面，看过最新情况后再操作。")
)
TOO_MANY = refusal("too_many", _("操作太频繁了。"), advice=_("请在 {seconds} 秒后再试。"), status=429)
BODY_TOO_LARGE = refusal(
    "body_too_large",
    _("提交的内容太大。"),
    advice=_("一次最多 {limit_mb} MB，请减少内容后再提交。"),
    status=413,
)


def require(condition: object, reason: Refusal = NOT_ALLOWED, **facts: Any) -> None:
    if not condition:
        raise DomainError(reason, **facts)
