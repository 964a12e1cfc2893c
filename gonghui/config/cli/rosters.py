"""What `gonghui members import` does, with Django ready."""

from __future__ import annotations

from pathlib import Path

import click

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.cli.progress import Bars
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.criteria import Refused
from gonghui.members.models import RosterImport
from gonghui.members.roster import refused_sheet
from gonghui.members.roster_match import UnionFinder
from gonghui.orgs.errors import NO_SUCH_STAFF
from gonghui.orgs.models import Union
from gonghui.orgs.queries import staff_with_login

KINDS = (
    ("count_new", "新增"),
    ("count_changed", "变更"),
    ("count_same", "无变化"),
    ("count_refused", "退回"),
)


class RosterCommand:
    """Acts with the grants of one member of staff, as the console would."""

    def __init__(self, login: str):
        user: User | None = staff_with_login(login)
        require(user is not None, NO_SUCH_STAFF, login=login)
        self.actor: Actor = actor_of(user, channel="cli")

    def union(self, text: str) -> Union:
        """By name or code among the unions for which this person imports."""
        places = [finder.find(text) for finder in self._finders()]
        found = {place.id: place for place in places if not isinstance(place, Refused)}
        if len(found) != 1:
            said = f"在您的 {len(places)} 个授权范围内没有找到唯一的工会“{text}”。"
            raise click.ClickException(said + "请写全称或统一社会信用代码。")
        return Union.objects.visible_to(self.actor).get(pk=next(iter(found)))

    def _finders(self) -> list[UnionFinder]:
        paths = {grant.path for grant in self.actor.reaches("members.import")}
        tops = Union.objects.visible_to(self.actor).filter(path__in=paths)
        return [UnionFinder(top, self.actor) for top in tops]

    def check(self, union: Union, file: Path) -> RosterImport:
        roster = rosters.upload_roster(
            self.actor, union_id=union.pk, file_name=file.name, content=file.read_bytes(), in_background=False
        )
        if roster.state == "checking":
            with Bars() as bars:
                bars.start("检查", 0)
                roster_runs.check_roster(roster.pk, bars.advance)
        return self._now(roster)

    def report(self, roster: RosterImport, named_max: int) -> None:
        if roster.state == "failed":
            raise click.ClickException(roster.problem)
        for note in roster.notes:
            click.echo(f"· {note}")
        click.echo("　".join(f"{title} {getattr(roster, name):,}" for name, title in KINDS))
        for refusal in roster.refusals.order_by("line_no")[:named_max]:
            click.echo(f"  第 {refusal.line_no} 行：{'；'.join(refusal.reasons)}")
        if roster.count_refused > named_max:
            click.echo(f"  ……其余 {roster.count_refused - named_max:,} 行用 --refused 文件名.xlsx 写出。")

    def write_refused(self, roster: RosterImport, target: Path) -> None:
        with target.open("wb") as stream:
            count = refused_sheet(stream, roster.headings, roster_runs.refused_rows(roster))
        click.echo(f"需改正的 {count:,} 行已写到 {target}")

    def drop(self, roster: RosterImport) -> None:
        rosters.drop_roster(self.actor, roster_id=roster.pk)
        click.echo("只做了检查，没有写入任何数据。")

    def apply(self, roster: RosterImport) -> None:
        if roster.state == "checked":
            try:
                rosters.apply_roster(self.actor, roster_id=roster.pk, in_background=False)
            except DomainError as error:
                if error.code != "roster_nothing_to_do":
                    raise
                click.echo("没有需要导入的新增或变更。")
                self.drop(roster)
                return
        with Bars() as bars:
            bars.start("导入", roster.rows_total)
            roster_runs.apply_roster(roster.pk, bars.advance)
        done = self._now(roster)
        click.echo("已导入：" + "　".join(f"{title} {getattr(done, name):,}" for name, title in KINDS))

    def _now(self, roster: RosterImport) -> RosterImport:
        return RosterImport.objects.visible_to(self.actor).get(pk=roster.pk)
