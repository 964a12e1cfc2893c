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
