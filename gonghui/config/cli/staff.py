"""`gonghui staff …`: the first account, and getting back in when nobody else can help."""

from __future__ import annotations

import click

from gonghui.config.cli import setup_django
from gonghui.orgs import roles

KINDS = ("province", "city", "district", "street", "industry", "federation", "enterprise")
ROLES = tuple(roles.ROLES)


@click.group()
def command() -> None:
    """工作人员账号：第一个账号、增加同事、重置密码、解绑验证器；行政区划。

    平时请在管理台“工会组织 › 工作人员”里办，这里是还没有账号或者谁也进不去的时候用的。
    每一步都记入审计记录，操作人记作“系统”。
    """


def prepare() -> None:
    """On a bare machine the tables come first."""
    from gonghui.config.launcher import panel
    from gonghui.config.launcher.postgres import database_url
    from gonghui.config.launcher.preparation import migrate_if_needed

    with panel.progress() as tell:
        migrate_if_needed(database_url(), tell)
    setup_django()


def connect() -> None:
    setup_django()
    from django.db import connection

    if "accounts_user" not in connection.introspection.table_names():
        raise click.ClickException("数据库还是空的。请先建第一个账号：gonghui staff first --help")


@command.command()
@click.option("--union", "union", required=True, help="最上级工会的全称，例如 广东省总工会。")
@click.option(
    "--login", required=True, help="登录名：3 到 32 个小写字母、数字、点、横线或下划线，以字母开头。"
)
@click.option("--name", default="", help="管理员的姓名；不写就用登录名。")
@click.option("--kind", type=click.Choice(KINDS), default="province", show_default=True,
              help="最上级工会的类别：省、市、区县、街道乡镇、产业、联合会、基层。")  # fmt: skip
@click.option("--divisions", default="44", show_default=True,
              help="省级行政区划代码：同时写入这个省到街道的区划，供建立工会时选择。")  # fmt: skip
def first(union: str, login: str, name: str, kind: str, divisions: str) -> None:
    """新装好以后的第一步：建最上级工会和它的管理员，打印一次性密码。

    例：gonghui staff first --union 广东省总工会 --login province --name 张三

    已经有管理员时拒绝。以后的同事由他在管理台里加。
    """
    prepare()
    from gonghui.config.cli.staffing import open_first

    open_first(union, kind=kind, login=login, name=name, province=divisions)


@command.command("divisions")
@click.argument("province", default="44")
def write_divisions(province: str) -> None:
    """写入一个省到街道的行政区划，供建立工会时选择；PROVINCE 是省级代码，不写就是 44（广东省）。

    建第一个账号时没有写成的，运行 make frontend 以后用它补上；已经有的不动，可以重复运行。
    """
    connect()
    from gonghui.config.cli import staffing

    staffing.write_divisions(province)


@command.command()
@click.argument("login")
@click.option("--role", type=click.Choice(ROLES), required=True,
              help="角色：工会管理员、运营、复核、财务、经审、评审专家。")  # fmt: skip
@click.option("--union", "union", required=True, help="在哪个工会：全称或统一社会信用代码；含它的全部下级。")
@click.option("--name", default="", help="姓名；不写就用登录名。")
@click.option("--phone", default="", help="联系电话，加密保存，不能用来登录。")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="授权到哪一天为止，例如 2027-12-31；不写就一直有效。"
)
def add(login: str, role: str, union: str, name: str, phone: str, until) -> None:
    """增加一个工作人员 LOGIN 和他的第一项授权，打印一次性密码。"""
    connect()
    from gonghui.config.cli.staffing import add_account

    add_account(login, role, union, name=name, phone=phone, until=until and until.date())


@command.command()
@click.argument("login")
def password(login: str) -> None:
    """重置 LOGIN 的密码，打印新的一次性密码；他的所有设备退出登录，输错密码的锁定也解除。"""
    connect()
    from gonghui.config.cli.staffing import renew

    renew(login)


@command.command("forget-totp")
@click.argument("login")
def forget_totp(login: str) -> None:
    """LOGIN 的手机丢了：解绑验证器，下次登录重新绑定。请先确认是本人。"""
    connect()
    from gonghui.config.cli.staffing import forget

    forget(login)


@command.command("list")
def list_accounts() -> None:
    """列出全部工作人员账号、状态和授权。"""
    connect()
    from gonghui.config.cli.staffing import print_accounts

    print_accounts()
