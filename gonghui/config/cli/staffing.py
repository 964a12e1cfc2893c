"""What `gonghui staff` does, with Django ready."""

from __future__ import annotations

from datetime import date

import click
from django.db import transaction
from rich import box
from rich.console import Console
from rich.table import Table

from gonghui.accounts.actions.staff import NewAccount, OneTimePassword, forget_totp, reset_password
from gonghui.accounts.models import User
from gonghui.config.world.divisions import divisions, write_regions
from gonghui.funds.actions.rules import load_rules
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.templatetags.kit import cn_when
from gonghui.orgs import actions, queries
from gonghui.orgs.admin.staff import STATES, state_of
from gonghui.orgs.errors import NO_SUCH_STAFF, UNION_NOT_ONE
from gonghui.orgs.models import Region, Union


def at_the_terminal(command: str) -> Actor:
    return Actor.system(f"gonghui staff {command}")


def open_first(union: str, *, kind: str, login: str, name: str, province: str) -> None:
    made = actions.open_first_account(
        at_the_terminal("first"),
        union=actions.NewUnion(union.strip(), kind),
        account=NewAccount(login, name or login),
    )
    click.echo(f"“{union.strip()}”的管理员账号建好了。")
    print_password(made)
    try:
        write_divisions(province)
    except DomainError as refused:  # the account stands, and its password is on the screen
        click.echo(f"行政区划没有写入：{refused}")
    count = load_rules(at_the_terminal("first"))
    click.echo(f"支出规则写入了 {count} 条，都还没有核实原文：请财务人员在“预算与福豆 › 支出规则”里核对。")


def write_divisions(province: str) -> None:
    """All of a province or none; what is there already stays."""
    regions = Region.objects.unscoped("counted at the terminal")
    with transaction.atomic():
        before = regions.count()
        write_regions(divisions(province.strip()))
        made = regions.count() - before
    click.echo(f"行政区划写入了 {made:,} 条。" if made else "行政区划已经齐全，没有改动。")


def add_account(login: str, role: str, union: str, *, name: str, phone: str, until: date | None) -> None:
    grant = actions.NewGrant(role, union_called(union).pk, clock.today(), until)
    account = NewAccount(login, name or login, phone)
    print_password(actions.add_colleague(at_the_terminal("add"), account=account, grant=grant))


def union_called(text: str) -> Union:
    found = queries.unions_called(text.strip())
    require(len(found) == 1, UNION_NOT_ONE, text=text.strip(), count=len(found))
    return found[0]


def renew(login: str) -> None:
    print_password(reset_password(at_the_terminal("password"), user_id=account_of(login).pk))


def forget(login: str) -> None:
    forget_totp(at_the_terminal("forget-totp"), user_id=account_of(login).pk)
    click.echo(f"{login} 的验证器已解绑，所有设备已退出登录；下次登录时重新绑定。")


def account_of(login: str) -> User:
    user = queries.staff_with_login(login)
    require(user is not None, NO_SUCH_STAFF, login=login)
    return user


def print_password(made: OneTimePassword) -> None:
    click.echo(f"登录名      {made.user.login}")
    click.echo(f"一次性密码  {made.password}")
    click.echo(
        f"只显示这一次，{made.life_h} 小时内有效，到{cn_when(made.user.password_expires_at)}为止。"
        "请到管理台 /console/ 登录：先用手机验证器扫码，再改成自己的密码。"
    )


def print_accounts() -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("登录名", "姓名", "状态", "授权"):
        table.add_column(title, overflow="fold", no_wrap=title == "登录名")
    for user in queries.staff_with_grants():
        posts = "\n".join(f"{grant.union} · {grant.get_role_display()}" for grant in user.held)
        table.add_row(user.login, user.display_name, str(STATES[state_of(user)]), posts or "—")
    if table.row_count:
        Console(highlight=False, emoji=False, markup=False).print(table)
    else:
        click.echo("还没有工作人员账号。第一个账号：gonghui staff first --help")
