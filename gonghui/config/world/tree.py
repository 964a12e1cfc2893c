"""The union tree of the demo: province, cities, districts, streets, industrial unions, federations, enterprises."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from django.db import connection

from gonghui.config.world.divisions import CODE_LENGTHS, Division, divisions, write_regions
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.orgs.models import Employer, IndustryLine, Region, Union

LINES = {
    "education": "教科文卫",
    "transport": "交通运输",
    "manufacturing": "机械冶金建材",
    "energy": "能源化学",
    "finance": "财贸金融",
    "telecom": "邮政通信",
    "construction": "建设",
    "delivery": "快递配送",
    "internet": "互联网行业",
}
TRADES = (
    "机械",
    "电子",
    "纺织服装",
    "食品",
    "家电",
    "玩具",
    "陶瓷",
    "造船",
    "汽车配件",
    "印刷",
    "制药",
    "物流",
)
WORDS = (
    "蓝海",
    "恒远",
    "新岭",
    "木棉",
    "珠岛",
    "云帆",
    "白鹭",
    "金穗",
    "南风",
    "荔湾里",
    "海心",
    "岭秀",
    "启航",
    "同舟",
)
GROUPS = (
    ("food_rider", "外卖配送员"),
    ("ride_driver", "网约车司机"),
    ("truck_driver", "货车司机"),
    ("courier", "快递员"),
)
KIND_OF_LEVEL = dict(zip(CODE_LENGTHS, ("province", "city", "district", "street"), strict=True))


@dataclass
class Tree:
    """Unions in memory while the world is built; `homes` are those that hold members, with their group if any."""

    province: Union
    by_code: dict[str, Union] = field(default_factory=dict)
    homes: list[tuple[Union, str]] = field(default_factory=list)


def build_tree(members: int, seed: int, progress, unions: int | None = None) -> Tree:
    """`unions` in all, else as many enterprises as members make likely."""
    rng = random.Random(seed)  # noqa: S311
    places = divisions()
    regions = write_regions(places)
    lines = {
        code: IndustryLine.objects.get_or_create(code=code, defaults={"name": name})[0]
        for code, name in LINES.items()
    }
    tree = _territorial(places, regions, progress)
    _industrial(tree, lines, progress)
    _federations(tree, lines, progress)
    others = len(tree.by_code) + len(LINES) + len(tree.homes)
    _enterprises(tree, max(60, unions - others if unions else members // 111), rng, progress)
    return tree


def _territorial(places: list[Division], regions: dict[str, Region], progress) -> Tree:
    by_code: dict[str, Union] = {}
    for length, kind in KIND_OF_LEVEL.items():
        level = [
            new_union(f"{p.name}总工会", kind, by_code.get(p.parent), region=regions[p.code])
            for p in places
            if len(p.code) == length
        ]
        save_unions(level)
        by_code |= {u.region.code: u for u in level}
        progress.advance(len(level))
    province = next(u for u in by_code.values() if u.kind == "province")
    return Tree(province=province, by_code=by_code)


def _industrial(tree: Tree, lines: dict[str, IndustryLine], progress) -> None:
    made = [
        new_union(
            f"{tree.province.region.name}{line.name}工会", "industry", tree.province, industry_line=line
        )
        for line in lines.values()
    ]
    save_unions(made)
    progress.advance(len(made))


def _federations(tree: Tree, lines: dict[str, IndustryLine], progress) -> None:
    cities = [u for u in tree.by_code.values() if u.kind == "city"]
    made, groups = [], []
    for city in cities:
        for code, name in GROUPS:
            line = lines["delivery" if code in {"food_rider", "courier"} else "transport"]
            made.append(
                new_union(f"{city.region.name}{name}行业工会联合会", "federation", city, industry_line=line)
            )
            groups.append(code)
    save_unions(made)
    tree.homes += list(zip(made, groups, strict=True))
    progress.advance(len(made))


def _enterprises(tree: Tree, count: int, rng: random.Random, progress) -> None:
    districts = [u for u in tree.by_code.values() if u.kind in {"district", "street"}]
    guangzhou = [u for u in districts if u.region.code.startswith("4401")]
    employers, parents = [], []
    for number in range(count):
        parent = rng.choice(guangzhou if rng.random() < 0.4 else districts)
        name = f"{parent.region.name}{rng.choice(WORDS)}{rng.choice(TRADES)}有限公司"
        employers.append(Employer(name=f"{name}（{number + 1}号）", category="160"))
        parents.append(parent)
    employers = Employer.objects.bulk_create(employers)
    made = [
        new_union(f"{e.name}工会", "enterprise", p, employer=e)
        for e, p in zip(employers, parents, strict=True)
    ]
    save_unions(made)
    tree.homes += [(u, "") for u in made]
    progress.advance(count)


def new_union(name: str, kind: str, parent: Union | None, **fields) -> Union:
    """With what it is found by; not written yet."""
    union = Union(name=name, kind=kind, parent=parent, **fields)
    union.pinyin, union.grams = pinyin_key(name), search_grams(name)
    return union


def save_unions(unions: list[Union]) -> None:
    """Ids are drawn first, because a path contains its own id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('orgs_union', 'id')) FROM generate_series(1, %s)",
            [len(unions)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    for union, new_id in zip(unions, ids, strict=True):
        union.id = new_id
        union.path = f"{union.parent.path if union.parent else ''}{new_id}."
    Union.objects.bulk_create(unions, batch_size=2000)
