"""Sheets of settlement: a statement line by line, the report of a programme. Who took it and when stands at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import FileResponse
from django.utils.translation import gettext as _

from gonghui.bills.models import Programme
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.sheets import Column
from gonghui.ledger.moments import in_sheet
from gonghui.settlement.models import Statement
from gonghui.settlement.programmes import Effect, effects_of, measures
from gonghui.settlement.queries import MOMENT, happened_apart, line_name

MONEY = (
    "list_fen",
    "merchant_fen",
    "union_fen",
    "employer_fen",
    "points_fen",
    "cash_fen",
    "online_fen",
    "fee_fen",
    "adjusted_fen",
    "owed_fen",
)


def taken_by(actor: Actor) -> str:
    """The mark at the foot of every sheet."""
    return _("由账号 {user} 于 {when} 下载").format(user=actor.user_id, when=f"{clock.now():%Y-%m-%d %H:%M}")


def statement_sheet(actor: Actor, row: Statement) -> FileResponse:
    columns = [
        Column(_("编号"), 14), Column(_("类型"), 8), Column(_("时间"), 18, "datetime"),
        Column(_("发生时间（与记账不同的）"), 24, "datetime"), Column(_("门店"), 24),
        *(Column(str(Statement._meta.get_field(name).verbose_name) + _("（元）"), 14, "money") for name in MONEY),
    ]  # fmt: skip
    record_export(
        actor, table="settlement_statementline", count=row.lines.count(), asked={"statement": row.pk}
    )
    return sheet_answer(columns, _statement_rows(actor, row), name=f"{row.number}")


def _statement_rows(actor: Actor, row: Statement) -> Iterator[list]:
    blank = [None] * len(MONEY)
    for line in row.lines.select_related("store", *MOMENT).order_by("at", "id").iterator(chunk_size=2000):
        at = line.at.astimezone(clock.CHINA).replace(tzinfo=None)
        happened = in_sheet(happened_apart(line, row.period))
        store = line.store.name if line.store else ""
        yield [
            line_name(line),
            line.get_kind_display(),
            at,
            happened,
            store,
            *(getattr(line, name) for name in MONEY),
        ]
    yield [_("本期合计"), "", None, None, str(row.partner), *(getattr(row, name) for name in MONEY)]
    yield [_("上期结转"), "", None, None, "", *blank[:-1], row.carried_fen]
    yield [_("应付合计"), "", None, None, "", *blank[:-1], row.total_fen]
    yield [taken_by(actor), "", None, None, "", *blank]


def programme_sheet(actor: Actor, programme: Programme) -> FileResponse:
    whole, months = effects_of(programme)
    money = ("input", "union", "employer", "points", "merchant", "worker", "consumption")
    names = {row.code: row for row in measures()}
    columns = [
        Column(_("月份"), 28),
        *(Column(f"{names[code].name}（元）", 16, "money") for code in money),
        Column(names["leverage"].name, 10, "number"), Column(names["visits"].name, 12, "number"),
        Column(names["persons"].name, 12, "number"), Column(names["merchants"].name, 12, "number"),
        Column(f"{names['per_visit'].name}（元）", 16, "money"), Column(f"{names['activity'].name}（%）", 12, "number"),
    ]  # fmt: skip
    record_export(actor, table="bills_programme", count=len(months), asked={"programme": programme.pk})
    rows: list[Sequence] = [_effect_row(f"{one.month:%Y-%m}", one, money) for one in months if one.month]
    rows.append(_effect_row(_("合计"), whole, money))
    width = len(columns) - 1
    rows += [[f"{row}：{row.text}", *[None] * width] for row in names.values()]
    rows.append([taken_by(actor), *[None] * width])
    return sheet_answer(columns, rows, name=programme.title)


def _effect_row(name: str, one: Effect, money: Sequence[str]) -> list:
    return [name, *(getattr(one, f"{code}_fen") for code in money), one.leverage, one.visits, one.persons,
            one.merchants, one.per_visit_fen, one.activity_percent]  # fmt: skip
