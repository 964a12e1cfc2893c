"""Codes of unions and employers (GB 32100), and what an employer is (unit category, GB/T 4754)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import likely_uscc, read_uscc
from gonghui.orgs import errors

CODED_PLAINLY = ("enterprise", "federation")
"""Kinds whose code begins with 81 (基层工会); those of all others with 89."""
WITHOUT_CODE = ("group", "pool")

EMPLOYER_CATEGORIES = [
    ("110", _("国有企业")),
    ("120", _("集体企业")),
    ("130", _("股份合作企业")),
    ("140", _("联营企业")),
    ("150", _("有限责任公司")),
    ("160", _("股份有限公司")),
    ("170", _("私营企业")),
    ("190", _("其他内资企业")),
    ("200", _("港澳台商投资企业")),
    ("300", _("外商投资企业")),
    ("400", _("机关")),
    ("500", _("事业单位")),
    ("600", _("社会团体")),
    ("700", _("民办非企业单位")),
]
INDUSTRIES = [
    ("A", _("农、林、牧、渔业")),
    ("B", _("采矿业")),
    ("C", _("制造业")),
    ("D", _("电力、热力、燃气及水生产和供应业")),
    ("E", _("建筑业")),
    ("F", _("批发和零售业")),
    ("G", _("交通运输、仓储和邮政业")),
    ("H", _("住宿和餐饮业")),
    ("I", _("信息传输、软件和信息技术服务业")),
    ("J", _("金融业")),
    ("K", _("房地产业")),
    ("L", _("租赁和商务服务业")),
    ("M", _("科学研究和技术服务业")),
    ("N", _("水利、环境和公共设施管理业")),
    ("O", _("居民服务、修理和其他服务业")),
    ("P", _("教育")),
    ("Q", _("卫生和社会工作")),
    ("R", _("文化、体育和娱乐业")),
    ("S", _("公共管理、社会保障和社会组织")),
    ("T", _("国际组织")),
]


class Evidenced(models.Model):
    """Why a code stands here although its last digit does not fit: the certificate, the reason, and who looked."""

    code_document = models.CharField(_("证书文号"), max_length=80, blank=True, editable=False)
    code_reason = models.CharField(_("代码例外的原因"), max_length=200, blank=True, editable=False)
    code_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("核对人"),
    )

    class Meta:
        abstract = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """Shown for a code that fails the check: a few genuine ones do."""

    document: str = ""
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        return bool(self.document.strip() and self.reason.strip())


NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Code:
    value: str | None
    needs_evidence: bool = False


NO_CODE = Code(None)


def union_code(raw: str | None, kind: str, evidence: Evidence = NO_EVIDENCE) -> Code:
    """Read, or refused with what to do; no code is no fault: the union may not be a legal person yet."""
    if not (raw or "").strip():
        return NO_CODE
    require(kind not in WITHOUT_CODE, errors.KIND_HAS_NO_CODE)
    prefix = prefix_of(kind)
    code = _read(raw, _("工会"), evidence)
    require(str(code.value).startswith(prefix), errors.CODE_PREFIX, code=code.value, prefix=prefix)
    return code


def prefix_of(kind: str) -> str:
    return "81" if kind in CODED_PLAINLY else "89"


def employer_code(raw: str | None, evidence: Evidence = NO_EVIDENCE) -> Code:
    if not (raw or "").strip():
        return NO_CODE
    code = _read(raw, _("用人单位"), evidence)
    require(not str(code.value).startswith("8"), errors.CODE_IS_OF_A_UNION, code=code.value)
    return code


def _read(raw: Any, whose: Any, evidence: Evidence) -> Code:
    reading = read_uscc(raw)
    if reading.ok:
        return Code(reading.value)
    if reading.code != "checksum":
        likely = likely_uscc(raw)
        hint = _("是不是“{code}”？").format(code=likely) if likely else ""
        raise DomainError(errors.CODE_WRONG, whose=whose, problem=reading.message, hint=hint)
    require(evidence.is_whole, errors.CODE_FAILS_THE_CHECK, whose=whose, code=reading.value)
    return Code(reading.value, needs_evidence=True)


def evidence_columns(codes: list[Code], evidence: Evidence, user_id: int | None) -> dict[str, Any]:
    """Of the row that keeps these codes: written where one needs it, empty where none does."""
    if not any(code.needs_evidence for code in codes):
        return {"code_document": "", "code_reason": "", "code_by_id": None}
    return {
        "code_document": evidence.document.strip(),
        "code_reason": evidence.reason.strip(),
        "code_by_id": user_id,
    }
