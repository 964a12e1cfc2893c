"""The command line. Each command has its own file and is imported when it is run, so `--help` stays quick."""

import importlib
import importlib.util
import os
import sys

import click

from gonghui import __version__
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import state_folder

COMMANDS = {
    "demo": "看一看：建好演示数据并启动",
    "up": "启动：数据库、页面、抢票口、后台任务",
    "doctor": "体检：哪里不对，下一步做什么",
    "staff": "工作人员账号：第一个账号、同事、重置密码",
    "members": "职工名册：导入、核对",
    "export": "导出的名单：查一份文件是谁导出的",
    "draw": "抽签：验证结果",
    "ledger": "账本：核对全部账目",
    "trail": "审计记录：核对有没有被改动",
    "world": "演示数据：建立",
    "code": "演示账号当前的动态码",
    "bench": "性能测量，打印一张表",
    "keys": "密钥：新建、轮换、检查",
    "migrate": "更新数据库结构",
    "collect": "整理静态文件",
    "worker": "只运行后台任务",
    "db": "只运行自带的数据库，打印它的地址",
    "manage": "Django 的管理命令",
    "new-app": "开发：搭一个新应用的架子",
}


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if importlib.util.find_spec(module_of(name))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(module_of(name))
        return getattr(module, "command", None) or getattr(module, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


def module_of(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version=__version__, prog_name="gonghui")
def cli() -> None:
    """工惠：工会普惠服务平台。

    第一次来：gonghui demo。想知道某个命令怎么用：gonghui 命令 --help。
    """


def setup_django() -> None:
    """For commands that need the apps; starts the embedded database unless DATABASE_URL names another."""
    import django

    django.setup()


def main() -> None:
    """Every refusal is one sentence on stderr and exit code 1, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gonghui.config.settings")
    try:
        os.environ.setdefault("GONGHUI_KEY_FILE", str(state_folder() / "keys.json"))
        cli(prog_name="gonghui")
    except LauncherError as error:
        click.secho(f"✘ {error}", fg="red", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ != "DomainError":  # by name: importing it would import Django for --help
            raise
        click.secho(f"✘ {error}", fg="red", err=True)
        sys.exit(1)
