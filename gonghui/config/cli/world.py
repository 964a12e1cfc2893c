import click

from gonghui.config.cli import setup_django


@click.group()
def command() -> None:
    """演示数据：全省的工会、会员、合作单位和一档国庆中秋活动，由固定的种子生成。"""


def prepare() -> None:
    """What a bare machine lacks: division codes come with the front-end files, tables with migrations."""
    from gonghui.config.launcher import panel
    from gonghui.config.launcher.frontend import install_frontend
    from gonghui.config.launcher.postgres import database_url
    from gonghui.config.launcher.preparation import migrate_if_needed

    with panel.progress() as tell:
        install_frontend(tell)
        migrate_if_needed(database_url(), tell)


def renew_if_stale() -> None:
    """The programme's days pass; whoever starts the demo weeks later finds a new one."""
    from django.db import transaction

    from gonghui.config.cli.progress import Bars
    from gonghui.config.world.programme import is_stale, renew_programme

    if is_stale():
        with Bars() as bars, transaction.atomic():
            renew_programme(bars)


@command.command()
@click.option("--members", type=click.IntRange(1000), default=20_000, show_default=True, help="会员数。")
@click.option("--seed", type=int, default=2017, show_default=True, help="种子；同一种子得到同一批数据。")
@click.option("--if-empty", is_flag=True, help="数据库里已有工会时不建；节日活动都过期了，就再办一期。")
def build(members: int, seed: int, if_empty: bool) -> None:
    """在空的数据库里建立演示数据；中断了等于没有建，可以再来一次。"""
    prepare()
    setup_django()
    from django.db import transaction

    from gonghui.config.cli.progress import Bars
    from gonghui.config.world.build import build_world, is_empty

    if not is_empty():
        if not if_empty:
            raise click.ClickException("数据库里已有数据，演示数据只建在空的数据库里。")
        renew_if_stale()
        return
    with Bars() as bars, transaction.atomic():
        build_world(members, seed, bars)
    if not if_empty:
        click.echo("演示数据建好了。运行 gonghui up 启动，那里会列出每种身份的账号。")
