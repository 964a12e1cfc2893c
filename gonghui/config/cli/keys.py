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
