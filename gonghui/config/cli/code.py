import sys

import click


@click.command()
@click.argument("login", required=False)
def command(login: str | None) -> None:
    """显示演示账号当前的动态码（代替手机上的验证器）；不写账号就全部显示。"""
    from gonghui.config.launcher.panel import read_accounts
    from gonghui.config.launcher.totp import current_code

    found = [a for a in read_accounts() if a.get("totp_secret") and login in (None, a["login"])]
    if not found:
        click.secho(
            "✘ 没有这个演示账号，或它不用动态码。账号见 gonghui demo 启动后的表。", fg="red", err=True
        )
        sys.exit(1)
    for account in found:
        click.echo(f"{account['login']}  {current_code(account['totp_secret'])}")
