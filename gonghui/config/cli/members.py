from pathlib import Path

import click

from gonghui.config.cli import setup_django

NAMED_REFUSALS_MAX = 10


@click.group()
def command() -> None:
    """职工名册：导入、核对。"""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--union", "union_text", required=True, help="名册所属的工会：全称或统一社会信用代码。")
@click.option("--as", "login", required=True, help="以哪个工作人员的名义导入（登录名）；按他的权限检查。")
@click.option("--dry-run", is_flag=True, help="只检查，什么也不留下。")
@click.option("--apply", "is_applied", is_flag=True, help="检查之后直接导入。")
@click.option(
    "--refused", type=click.Path(dir_okay=False, path_type=Path), help="把需改正的行写到这个 .xlsx 文件。"
)
def import_roster(
    file: Path, union_text: str, login: str, dry_run: bool, is_applied: bool, refused: Path | None
) -> None:
    """导入一份名册（.xlsx、.xls、.csv）。

    先检查，列出新增、变更、无变化和退回的行数及原因。不加 --apply 时名册留在管理台，等人确认；
    导入两次不会产生重复，中断之后再来一次会接着做完。
    """
    if dry_run and is_applied:
        raise click.UsageError("--dry-run 和 --apply 只能选一个。")
    setup_django()
    from gonghui.config.cli.rosters import RosterCommand

    work = RosterCommand(login)
    roster = work.check(work.union(union_text), file)
    work.report(roster, NAMED_REFUSALS_MAX)
    if refused is not None:
        work.write_refused(roster, refused)
    if dry_run:
        work.drop(roster)
    elif is_applied:
        work.apply(roster)


@command.command()
def forgotten() -> None:
    """写出已注销的人的编号（每行一个 JSON，不含个人信息），和备份分开保存。"""
    setup_django()
    import json

    from gonghui.members.models import Forgotten

    for one in Forgotten.objects.unscoped("written out by the operator").order_by("id").iterator():
        facts = {
            "token": one.token and str(one.token),
            "user": one.user_id_then,
            "account_made_at": one.account_made_at.isoformat(),
            "at": one.at.isoformat(),
        }
        click.echo(json.dumps(facts))


@command.command("forget-again")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def forget_again(file: Path) -> None:
    """恢复旧备份之后，把那以后注销的人再注销一遍。FILE 由 gonghui members forgotten 写出。"""
    setup_django()
    import json
    from datetime import datetime
    from uuid import UUID

    from gonghui.kit.actors import Actor
    from gonghui.members.actions import forget

    done = known = 0
    for line in filter(None, file.read_text(encoding="utf-8").splitlines()):
        try:
            said = json.loads(line)
            token = UUID(said["token"]) if said["token"] else None
            stone = forget.Tombstone(
                token, int(said["user"]), datetime.fromisoformat(said["account_made_at"])
            )
        except (ValueError, KeyError, TypeError):
            raise click.ClickException(f"第 {known + 1} 行不是 gonghui members forgotten 写出的。") from None
        known += 1
        done += forget.forget_again(Actor.system("恢复备份之后"), tombstone=stone)
    click.echo(f"{known} 人里有 {done} 人在这份数据里还在，已再次注销。")
