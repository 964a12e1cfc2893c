"""Which column is meant, whatever an office calls it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gonghui.kit.identifiers import plain_text

REASON_HEADING = "原因"
LINE_HEADING = "行号"
OUR_HEADINGS = frozenset({REASON_HEADING, LINE_HEADING})
"""Columns we add to sheets of refused rows; ignored when such a sheet comes back."""
SERIAL_HEADINGS = frozenset({"序号", "编号", "序", "no", "号", "顺序号"})

IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】|〔[^〕]*〕")
DECORATION = re.compile(r"[\s*:：.。、,，/\\_\-·●★※#“”\"']+")
SOMEBODY_ELSE = re.compile(
    "配偶|家属|父|母|子女|孩子|紧急|推荐|介绍|联系人|填表|填报|经办|负责人|主席|法人|法定|拼音|曾用|英文|监护"
)


@dataclass(frozen=True, slots=True)
class Field:
    """`names` in order of preference: a 手机号 column beats a 联系电话 column beside it."""

    key: str
    label: str | Promise
    names: tuple[str, ...]
    pattern: str = ""
    never: str = ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIELDS = (
    Field(
        "name",
        _("姓名"),
        _names("姓名 会员姓名 职工姓名 员工姓名 本人姓名 人员姓名 真实姓名 中文姓名 名字 会员名称 会员 name"),
        pattern="姓名",
    ),
    Field(
        "id_type",
        _("证件类型"),
        _names("证件类型 证件种类 证件类别 证件名称 身份证件类型 身份证件种类 证照类型"),
    ),
    Field(
        "id_no",
        _("身份证号"),
        _names(
            "身份证号 身份证号码 公民身份号码 公民身份证号码 居民身份证号码 居民身份证号 居民身份证 身份证"
            " 身份号码 证件号码 证件号 证件编号 身份证件号码 身份证件号 idcard idno id"
        ),
        pattern="身份证|证件号|身份号码",
        never="有效|期限|照片|复印|地址|类型|种类|类别|机关|正面|反面|归属|后六位|后四位",
    ),
    Field(
        "phone",
        _("手机号"),
        _names(
            "手机号 手机号码 手机 移动电话 移动电话号码 本人手机 本人手机号 会员手机号 联系手机 联系电话"
            " 联系方式 电话 电话号码 联系号码 本人电话 mobile phone tel"
        ),
        pattern="手机|移动电话|联系电话",
        never="型号|品牌|是否|运营商|短号|归属",
    ),
    Field(
        "union",
        _("所属工会"),
        _names(
            "所属工会 所属工会名称 基层工会名称 基层工会 所属基层工会 所属工会组织 会籍所在工会 所在工会"
            " 工会名称 工会组织名称 工会组织 工会 工会全称 单位名称 工作单位 所在单位 用人单位 所属单位 单位"
            " 工作单位名称 单位全称 企业名称 公司名称 公司 企业"
        ),
        pattern="所属.*工会|基层工会.*名称",
        never="上级|小组|主席|职务|电话",
    ),
    Field("gender", _("性别"), _names("性别 gender sex")),
    Field("birth_date", _("出生日期"), _names("出生日期 出生年月日 出生年月 出生时间 生日 birthday")),
    Field(
        "joined_on",
        _("入会时间"),
        _names("入会时间 入会日期 入会年月 加入工会时间 加入工会日期 会员入会时间"),
        pattern="入会.*(时间|日期|年月)",
        never="申请|审批",
    ),
    Field(
        "groups",
        _("职业群体"),
        _names(
            "职业群体 群体 群体类型 就业群体 新就业形态群体 新就业形态 新就业形态类别 新就业群体 工种 职业"
            " 职业类别 职业类型 从事职业 从业类型 人员类别 人员类型 劳动者类型"
        ),
    ),
    Field("employment", _("用工形式"), _names("用工形式 用工性质 用工类型 用工方式 就业形式 就业方式")),
    Field("remark", _("备注"), _names("备注 附注 备注说明 remark")),
)
LABELS = {field.key: field.label for field in FIELDS}
REQUIRED = ("name", "id_no")
_EXACT = {name: (field.key, rank) for field in FIELDS for rank, name in enumerate(field.names)}
PATTERN_RANK = 1000


class Meaning(NamedTuple):
    key: str
    rank: int


def plain_heading(text: str) -> str:
    """姓 名（必填）* → 姓名"""
    return DECORATION.sub("", IN_BRACKETS.sub("", plain_text(text)).lower())


@lru_cache(maxsize=4096)
def meaning_of(heading: str) -> Meaning | None:
    plain = plain_heading(heading)
    if plain in _EXACT:
        return Meaning(*_EXACT[plain])
    if len(plain) > 20 or SOMEBODY_ELSE.search(plain):
        return None
    for field in FIELDS:
        is_never = field.never and re.search(field.never, plain)
        if field.pattern and not is_never and re.search(field.pattern, plain):
            return Meaning(field.key, PATTERN_RANK)
    return None


def is_heading(text: str) -> bool:
    """Exactly a heading we know: patterns alone would find some in the middle of sentences."""
    plain = plain_heading(text)
    return plain in _EXACT or plain in SERIAL_HEADINGS
