"""Answers of WeChat that trying again does not change, or not now."""

from datetime import datetime

from gonghui.kit.ports import PortFailed


class MemberRefuses(PortFailed):
    """The member has no message of this template left there, or wants none (43101)."""


class CodeRefused(PortFailed):
    """This login code is worth nothing (any more)."""


class NeverGoes(PortFailed):
    """Template, fields or openid are not what WeChat takes (47003, 40037, 40003)."""


class AskedTooOften(PortFailed):
    """Of anybody's, WeChat takes no more before `until` (45009: of this day, 45011: of this minute)."""

    def __init__(self, why: str, until: datetime):
        super().__init__(why)
        self.until = until
