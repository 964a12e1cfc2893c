import logging

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
@click.option(
    "--size", type=click.Choice(["small", "city", "province"]), help="2 万、100 万或全省 1429 万会员。"
)
@click.option("--members", type=click.IntRange(1000), help="会员数，代替 --size。")
@click.option("--seed", type=int, default=2017, show_default=True, help="种子；同一种子得到同一批数据。")
@click.option("--if-empty", is_flag=True, help="数据库里已有工会时不建；节日活动都过期了，就再办一期。")
def build(size: str | None, members: int | None, seed: int, if_empty: bool) -> None:
    """在空的数据库里建立演示数据；中断了就再来一次，成批的会员接着上次的地方写。"""
    prepare()
    setup_django()
    logging.getLogger().setLevel(
        logging.WARNING
    )  # what the demo's people do is no news; the bars say how far it is
    from django.db import transaction

    from gonghui.config.cli.progress import Bars
    from gonghui.config.world.build import SIZES, Size, build_world, is_empty
    from gonghui.config.world.mass import carry_out, plan_left

    if is_empty():
        with Bars() as bars, transaction.atomic():
            build_world(Size(members) if members else SIZES[size or "small"], seed, bars)
    elif plan_left() is None:
        if not if_empty:
            raise click.ClickException("数据库里已有数据，演示数据只建在空的数据库里。")
        renew_if_stale()
        return
    if plan := plan_left():
        with Bars() as bars:
            carry_out(plan, bars)
    if not if_empty:
        click.echo("演示数据建好了。运行 gonghui up 启动，那里会列出每种身份的账号。")
