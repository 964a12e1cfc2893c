"""What must be said of personal data before anything starts, beside what becomes of each table (leaving.E001)."""

from __future__ import annotations

import re

from django.contrib import admin
from django.core.checks import Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from gonghui.kit.fields import BlindIndexField, SealedField
from gonghui.members import leaving

SOUNDS_LIKE = re.compile(
    r"phone|mobile|(^|_)(tel|sex|age|ip)($|_)|id_(no|type|number|card)|identity|e?mail|address|birth|gender|contact"
    r"|receiver|consignee|holder|(real|full|nick|display|person|member|given|family|first|last|user)_?name|passport"
    r"|openid|unionid|licen[cs]e|latitude|longitude|avatar|portrait|photo|nation|ethnic|marri|companion|guest|illness"
    r"|disease|diagnos|disab|salary|income|card_no|account_no|plate_no|pinyin|grams|relation"
    r"|(^|_)(person|people|member|user|account)s?(_ids?|_nos?)$"
)
READS_LIKE = re.compile(
    "姓名|称呼|昵称|电话|手机|证件|身份证|护照|地址|住址|邮箱|(?<!发)生日|出生|性别|年龄|民族|籍贯|婚姻|联系|收件|户名|账号|卡号|持有人"
    "|同行|陪同|家属|亲属|疾病|病情|病史|诊断|残疾|头像|照片|车牌|工资|位置"
)
SHEET_HINT = "say by which keys its rows are somebody's: export_people, and the sheet is asked for (kit.console.exporting)"
OPEN_HINT = "seal it (kit.fields), or say in the app's forgetting.py why not: lies_open (members.leaving)"


def every_sheet_of_people_is_of_two(app_configs=None, **_kwargs) -> list[Error]:
    """A list whose rows are somebody's leaves the console by two hands or not at all."""
    found = []
    for model, screen in admin.site._registry.items():
        if not getattr(screen, "export_verb", ""):
            continue
        is_of_people = model._meta.label == leaving.PERSON or leaving.keys_to_people(model)
        keys = getattr(screen, "export_people", ())
        wrong = [key for key in keys if not _leads_to_a_person(model, key)]
        if wrong or (is_of_people and not keys):
            said = f"the list of {model._meta.label} gives a sheet of people to one alone"
            found.append(Error(said, obj=model, hint=SHEET_HINT, id="members.E002"))
    return found


def _leads_to_a_person(model: type[models.Model], key: str) -> bool:
    if key == "pk":
        return model._meta.label == leaving.PERSON
    for part in key.split("__"):
        try:
            step = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if not step.is_relation:
            return False
        model = step.related_model
    return model._meta.label == leaving.PERSON


def every_open_column_says_why(app_configs=None, **_kwargs) -> list[Error]:
    said = [(label, column) for label, columns in leaving.open_columns.items() for column in columns]
    found = [
        (model._meta.label, column) for model in leaving.answering_models() for column in sounding(model)
    ]
    unsaid = [
        f"{label}.{column} looks like somebody's and lies open"
        for label, column in found
        if (label, column) not in said
    ]
    stale = [
        f"{label}.{column} is said to lie open and does not"
        for label, column in said
        if (label, column) not in found
    ]
    return [Error(words, hint=OPEN_HINT, id="members.E003") for words in (*unsaid, *stale)]


def sounding(model: type[models.Model]) -> list[str]:
    """Unsealed columns whose name or title speaks of a person; keys are not columns of theirs."""
    return [
        column.name
        for column in model._meta.concrete_fields
        if column.remote_field is None
        and not isinstance(column, SealedField | BlindIndexField | models.BooleanField)
        and (SOUNDS_LIKE.search(column.name) or READS_LIKE.search(str(column.verbose_name)))
    ]
