"""What the person at the terminal sees: progress while starting, one short panel, one sentence per event."""

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gonghui.config.launcher.places import accounts_file, state_folder
from gonghui.config.launcher.totp import current_code

TYPED = ("账号", "密码", "动态码")  # never broken over two lines: people copy them

console = Console(highlight=False, emoji=False)


def tell(sentence: str, style: str = "") -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; stopping goes on
        console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] ", end="")
        console.print(sentence, style=style, markup=False, soft_wrap=True)


def one_line_per_stage() -> Callable[[str], None]:
    """For logs: of “建立数据库结构：第 7 步…” and its like only the first is printed."""
    told = ""

    def tell_stage(sentence: str) -> None:
        nonlocal told
        stage = sentence.partition("：")[0]
        if stage != told:
            told = stage
            tell(sentence)

    return tell_stage


@contextlib.contextmanager
def progress() -> Iterator[Any]:
    """A function that shows what is being done just now; plain lines where there is no terminal."""
    if not console.is_terminal:
        yield one_line_per_stage()
        return
    with console.status("正在启动…", spinner="dots") as status:
        yield lambda sentence: status.update(Text(sentence))


def read_accounts(file: Path | None = None) -> list[dict]:
    """The demo world's ready accounts; none where there is no demo world."""
    try:
        return json.loads((file or accounts_file()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


def ready_panel(addresses: dict[str, str], took_s: float, accounts: list[dict]) -> Panel:
    places = Table.grid(padding=(0, 2))
    for name, address in addresses.items():
        places.add_row(Text(name, "bold"), Text(address, "cyan underline"))
    parts: list = [places]
    if accounts:
        parts += ["", accounts_table(accounts, next(iter(addresses.values())))]
    parts += ["", Text(f"数据、密钥和日志在 {state_folder()}    按 Ctrl-C 停止", "dim")]
    title = f"[bold]工惠已就绪[/] · {took_s:.1f} 秒"
    return Panel(
        Group(*parts), title=title, title_align="left", border_style="red", padding=(1, 2), expand=False
    )


def accounts_table(accounts: list[dict], origin: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in ("身份", "入口", "账号", "密码", "动态码"):
        table.add_column(column, overflow="fold", no_wrap=column in TYPED)
    for account in accounts:
        table.add_row(*account_cells(account, origin))
    if any(account.get("totp_secret") for account in accounts):
        table.caption = f"动态码每 30 秒换一次，随时可看：{own_command()} code 账号"
        table.caption_justify = "left"
    return table


def account_cells(account: dict, origin: str) -> list[Text]:
    secret = account.get("totp_secret")
    note = str(account.get("note") or "").replace(
        "，", "，\n"
    )  # what is to be typed stands on a line of its own
    below = f"\n{note}" if note else ""
    return [
        Text.assemble(str(account.get("role", "")), (below, "dim")),
        Text(relative(str(account.get("address", "")), origin), "cyan"),
        Text(str(account.get("login", "")), "bold"),
        Text(str(account.get("password") or "短信码见页面")),
        Text(current_code(secret) if secret else "—"),
    ]


def own_command() -> str:
    """How this person can type our name: on the path, or in the environment that `make` made."""
    beside = Path(sys.executable).with_name("gonghui")
    if shutil.which("gonghui") or not beside.exists():
        return "gonghui"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def relative(address: str, origin: str) -> str:
    """The path alone: the port may have changed since the world was built."""
    without_scheme = address.split("://", 1)[-1]
    return address if "://" not in address else "/" + without_scheme.partition("/")[2]


def show(renderable: Any) -> None:
    with contextlib.suppress(OSError):
        console.print(renderable)
