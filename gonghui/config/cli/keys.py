from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gonghui.kit.crypto import Purpose


@click.group()
def command() -> None:
    """密钥：资料加密、查找索引和令牌用的密钥都在一个文件里，只有主人能读。"""


@command.command()
def check() -> None:
    """说明密钥在哪里、是否可用；不显示密钥本身。"""
    from gonghui.config.launcher.doctor import Level, keys

    finding = keys()
    click.echo(f"{finding.level.value} {finding.sentence}")
    if finding.advice:
        click.echo(f"  → {finding.advice}")
    if finding.level is Level.BAD:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("purpose", type=click.Choice(["seal", "index", "token"]))
def rotate(purpose: "Purpose") -> None:
    """换用新的密钥：seal 加密，index 索引，token 令牌。旧的留着，已有的资料照样读得出。

    换好之后请重新启动，并重新备份密钥文件。
    """
    import os

    from gonghui.kit.crypto import get_keyring, key_file, write_keyring

    if os.environ.get("GONGHUI_KEYS"):
        raise click.ClickException("密钥来自环境变量 GONGHUI_KEYS，请在它的来源处更换。")
    ring = get_keyring().rotated(purpose)
    write_keyring(ring, key_file(), replace=True)
    click.echo(
        f"{purpose} 现在用第 {ring.current_id(purpose)} 号密钥（{key_file()}）。请重新启动，并重新备份。"
    )
    if purpose != "token":
        click.echo("启动之后，已有的资料在后台逐步改用新密钥；gonghui keys status 看进度。")


@command.command()
def status() -> None:
    """每张表有多少行已经改用现在的密钥。"""
    from gonghui.config.cli import setup_django

    setup_django()
    from gonghui.kit.crypto import get_keyring
    from gonghui.kit.resealing import progress_of, tables

    ring = get_keyring()
    for table in tables():
        run = progress_of(table, ring)
        state = "完成" if run.finished_at else "进行中"
        refused = f"，{run.rows_refused:,} 行不能改" if run.rows_refused else ""
        click.echo(f"{state} {table.name}：看过 {run.rows_seen:,} 行，改了 {run.rows_done:,} 行{refused}")


@command.command()
def reseal() -> None:
    """现在就把已有的资料改用现在的密钥；可以中断，下次接着做，不影响大家使用。"""
    from gonghui.config.cli import setup_django

    setup_django()
    from gonghui.kit.resealing import reseal_all

    seen: dict[str, int] = {}

    def count(table: str, rows: int) -> None:
        seen[table] = seen.get(table, 0) + rows
        click.echo(f"\r{table}：{seen[table]:,} 行", nl=False)

    reseal_all(count, anew=True)
    click.echo("\n都已改用现在的密钥。")


@command.command()
@click.argument("purpose", type=click.Choice(["seal", "index"]))
@click.argument("number", type=int)
def retire(purpose: "Purpose", number: int) -> None:
    """停用一把旧密钥：还有资料要用它时拒绝。停用后，审计记录里当时用它加密的副本也打不开了。"""
    import os

    from gonghui.config.cli import setup_django

    if os.environ.get("GONGHUI_KEYS"):
        raise click.ClickException("密钥来自环境变量 GONGHUI_KEYS，请在它的来源处停用。")
    setup_django()
    from gonghui.kit.crypto import KeysMissing, get_keyring, key_file, write_keyring
    from gonghui.kit.resealing import still_needed

    try:
        ring = get_keyring().without(purpose, number)
    except KeysMissing as error:
        raise click.ClickException(str(error)) from None
    if needed := still_needed(purpose, number):
        said = "、".join(f"{table} {count:,} 行" for table, count in needed.items())
        raise click.ClickException(
            f"还有资料要用第 {number} 号密钥：{said}。请先运行 gonghui keys reseal；短信验证码之类两三天后自己清除。"
        )
    write_keyring(ring, key_file(), replace=True)
    click.echo(f"第 {number} 号 {purpose} 密钥已停用。请重新启动，并重新备份密钥文件。")
