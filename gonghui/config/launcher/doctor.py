"""Checks of one installation, each answered with a sentence and, where it is wrong, what to do next."""

import fcntl
import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from gonghui.config.launcher import frontend, postgres
from gonghui.config.launcher.binaries import VERSION_MIN
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import ROOT, state_folder
from gonghui.config.launcher.ports import PORT_DEFAULT, is_free
from gonghui.config.launcher.preparation import read_note
from gonghui.kit.rights import ROLE

PYTHON_MIN = (3, 11)
DISK_LOW_MB, DISK_FULL_MB = 2048, 300
SKEW_MAX_S = 1.0
HEARTBEAT_MAX_S = 60
PROOF_MAX_DAYS = 2
EXTENSIONS = ("btree_gist",)


class Level(Enum):
    GOOD = "✔"
    WARNING = "!"
    BAD = "✘"


@dataclass(frozen=True)
class Finding:
    level: Level
    sentence: str
    advice: str = ""


def good(sentence: str) -> Finding:
    return Finding(Level.GOOD, sentence)


def warning(sentence: str, advice: str = "") -> Finding:
    return Finding(Level.WARNING, sentence, advice)


def bad(sentence: str, advice: str) -> Finding:
    return Finding(Level.BAD, sentence, advice)


def examine() -> Iterator[Finding]:
    """Everything that can be asked, cheapest first; the database's own questions only where it answers."""
    for check in (python_version, libraries, front_end_files, disk_space, keys):
        yield check()
    yield from server(running_port())
    connection = None
    try:
        connection = connect()
    except LauncherError as error:
        yield bad(f"数据库：{error}", "按上面的提示处理，再运行一次 gonghui doctor。")
    if connection is not None:
        with connection:
            for ask in (
                database_version,
                database_settings,
                extensions,
                clock_skew,
                tables,
                rights,
                worker,
                failed_jobs,
                audiences,
                books,
                audit_trail,
            ):
                yield ask(connection)
    yield browser()


def python_version() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_MIN:
        return bad(f"Python {version} 太旧", "请安装 Python 3.11 或更新版本，再运行 make demo。")
    return good(f"Python {version}")


def libraries() -> Finding:
    """Compares what is installed with the lock."""
    lock = ROOT / "requirements" / "base.txt"
    wanted = (
        re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", lock.read_text(), re.MULTILINE) if lock.is_file() else []
    )
    wrong = [name for name, version in wanted if installed_version(name) != version]
    if wrong:
        return bad(
            f"{len(wrong)} 个依赖没有装或版本不对：{'、'.join(wrong[:5])}", "请运行 make base 重新安装。"
        )
    return good(f"{len(wanted)} 个依赖与锁定的版本一致")


def installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def front_end_files() -> Finding:
    if missing := frontend.missing_file():
        return bad(f"前端文件缺 {missing.name}", "请运行 make frontend（需要能访问 npm 包仓库）。")
    if not frontend.is_fresh():
        return warning("前端文件不是锁定的版本", "请运行 make frontend。")
    return good("前端文件齐全")


def disk_space() -> Finding:
    free_mb = shutil.disk_usage(state_folder()).free // 2**20
    told = f"{state_folder()} 所在的磁盘还剩 {free_mb / 1024:.1f} GB"
    if free_mb < DISK_FULL_MB:
        return bad(told, "数据库随时会因磁盘写满而停止，请马上腾出空间。")
    if free_mb < DISK_LOW_MB:
        return warning(told, "请尽快腾出空间。")
    return good(told)


def keys() -> Finding:
    from gonghui.kit.crypto import KeysMissing, get_keyring, key_file

    if os.environ.get("GONGHUI_KEYS"):
        return keyring_finding(get_keyring, "环境变量 GONGHUI_KEYS", KeysMissing)
    file = key_file()
    if not file.exists():
        return warning(f"密钥文件 {file} 还没有", "第一次启动时会生成；正式使用前请把它备份到别处。")
    if not os.access(file, os.R_OK):
        return bad(f"密钥文件 {file} 读不了", "请用它的主人运行，或改正它的权限。")
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return bad(f"密钥文件 {file} 别人也能读", f"请运行 chmod 600 {file}。")
    return keyring_finding(get_keyring, f"密钥文件 {file}", KeysMissing)


def keyring_finding(read: Callable, source: str, missing: type[Exception]) -> Finding:
    try:
        return good(f"{source} 可用（指纹 {read().fingerprint()}）")
    except missing as error:
        return bad(f"{source} 不能用：{error}", "请从备份恢复密钥；换成新密钥会使已加密的资料读不出来。")


def running_port() -> int | None:
    """The port of the `gonghui up` that serves this data folder, None when none does."""
    lock_file = state_folder() / "up.lock"
    if not lock_file.exists():
        return None
    with lock_file.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return read_note(state_folder() / "up.json").get("port")
    return None


def server(port: int | None) -> Iterator[Finding]:
    if port is None:
        yield good("gonghui 没有在运行（gonghui up 启动）")
        if is_free("127.0.0.1", PORT_DEFAULT):
            yield good(f"端口 {PORT_DEFAULT} 空闲")
        else:
            yield warning(f"端口 {PORT_DEFAULT} 被别的程序占用", "启动时会自动换一个；也可以用 --port 指定。")
        return
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10).close()
        yield good(f"页面在端口 {port} 上，一切就绪")
    except urllib.error.HTTPError as error:
        advice = f"原因：{error.read().decode(errors='replace')[:300]}"
        yield bad(f"页面在端口 {port} 上回答“{error.code}”", advice)
    except OSError as error:
        yield bad(f"端口 {port} 没有回答：{error}", f"请看 {state_folder() / 'log' / 'web.log'}。")


def connect() -> Any:
    import psycopg

    url = postgres.database_url()
    try:
        return psycopg.connect(url, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as error:
        hint = "DATABASE_URL 指的数据库" if os.environ.get("DATABASE_URL") else "自带的数据库"
        raise LauncherError(f"{hint}连不上：{str(error).strip()}") from error


def database_version(connection: Any) -> Finding:
    version = connection.info.server_version // 10000
    where = "DATABASE_URL 指定" if os.environ.get("DATABASE_URL") else "自带"
    if version < VERSION_MIN:
        return bad(f"PostgreSQL {version} 太旧", f"请换成 PostgreSQL {VERSION_MIN} 或更新版本。")
    return good(f"PostgreSQL {version} 连得上（{where}）")


def database_settings(connection: Any) -> Finding:
    shown = {name: connection.execute(f"SHOW {name}").fetchone()[0]
             for name in ("fsync", "synchronous_commit", "server_encoding")}  # fmt: skip
    if shown["server_encoding"] != "UTF8":
        return bad(f"数据库编码是 {shown['server_encoding']}", "请用 UTF8 编码重新建库。")
    if shown["fsync"] != "on" or shown["synchronous_commit"] == "off":
        return bad(
            "数据库关掉了落盘（fsync 或 synchronous_commit）", "停电会丢掉已答应的名额，请打开这两项。"
        )
    return good("数据库编码 UTF8，提交即落盘")


def extensions(connection: Any) -> Finding:
    offered = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")}
    if missing := [name for name in EXTENSIONS if name not in offered]:
        return bad(
            f"数据库缺扩展 {'、'.join(missing)}", "请安装 PostgreSQL 的 contrib 包（postgresql-contrib）。"
        )
    return good("需要的数据库扩展都有")


def clock_skew(connection: Any) -> Finding:
    asked_at = time.time()
    [(server_time,)] = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
    skew_s = server_time - (asked_at + time.time()) / 2
    told = f"这台机器与数据库的时钟相差 {abs(skew_s):.2f} 秒"
    if abs(skew_s) > SKEW_MAX_S:
        return bad(told, "开抢时刻以数据库为准，倒计时会不准；请在两台机器上都启用时间同步（NTP）。")
    return good(told)


def tables(connection: Any) -> Finding:
    try:
        pending = pending_migrations()
    except Exception as error:  # a program that cannot even load is what doctor is for
        return bad(
            f"程序自身加载失败：{type(error).__name__}: {error}", "请重新安装，或把这一句报告给开发者。"
        )
    if pending:
        return bad(f"数据库结构差 {pending} 步没有更新", "请运行 gonghui migrate（gonghui up 会自动做）。")
    return good("数据库结构是当前版本")


def pending_migrations() -> int:
    """Asks Django, in this process; its settings start no second database."""
    import django
    from django.db import connection as pages_connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(pages_connection)
    pages_connection.close()
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def rights(connection: Any) -> Finding:
    """Pages, gate and worker enter as a role that owns nothing; docs/operations.md says how it comes about."""
    import psycopg

    if not has_table(connection, "ledger_transfer"):
        return warning("账本的表还没有", "请运行 gonghui migrate。")
    entered = {"user": ROLE, "password": connection.info.password, "connect_timeout": 10}
    try:
        with psycopg.connect(connection.info.dsn, **entered) as services:
            asked = "SELECT has_any_column_privilege('ledger_transfer', 'UPDATE')"
            [(may,)] = services.execute(asked).fetchall()
    except psycopg.OperationalError:
        advice = "做法见 docs/operations.md“Database roles”。"
        return warning(f"数据库不让 {ROLE} 进来，服务以表的主人身份连接", advice)
    if may:
        return bad(
            f"角色 {ROLE} 有权改账本", "请以表的主人身份再运行一次 gonghui migrate，并查明是谁给的权限。"
        )
    return good("服务用的数据库角色只能读写行，无权改动账本")


def worker(connection: Any) -> Finding:
    if not has_table(connection, "procrastinate_workers"):
        return warning("后台任务的表还没有", "请运行 gonghui migrate。")
    question = (
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"
    )
    alive = connection.execute(question, [HEARTBEAT_MAX_S]).fetchone()[0]
    if alive:
        return good(f"后台任务进程有 {alive} 个在工作")
    if running_port() is None:
        return good("后台任务没有在运行（和 gonghui up 一起启动）")
    return bad(
        "后台任务没有在运行，消息、抽签和退票都会停住", "请看 log/worker.log，或另开一个：gonghui worker。"
    )


def failed_jobs(connection: Any) -> Finding:
    if not has_table(connection, "procrastinate_jobs"):
        return warning("后台任务的表还没有", "请运行 gonghui migrate。")
    question = """
        SELECT count(*) FILTER (WHERE status = 'failed'),
               count(*) FILTER (WHERE status = 'todo'
                                  AND coalesce(scheduled_at, now()) < now() - interval '5 minutes')
        FROM procrastinate_jobs
    """
    failed, late = connection.execute(question).fetchone()
    if late:
        return warning(
            f"有 {late} 件后台任务等了 5 分钟以上", "请确认后台任务在运行，或多开几个 gonghui worker。"
        )
    if failed:
        return warning(f"有 {failed} 件后台任务多次重试后失败", "请看 log/worker.log 里的原因。")
    return good("没有积压或失败的后台任务")


def audiences(connection: Any) -> Finding:
    """An hour after the hours of their rule, and of what members did after a minute."""
    if not has_table(connection, "audiences_audiencenews"):
        return warning("受众的表还没有", "请运行 gonghui migrate。")
    question = """
        SELECT count(*) FILTER (WHERE COALESCE(t.made_at + make_interval(hours => a.rule), t.created_at)
                                      < now() - interval '1 hour'),
               (SELECT count(*) FROM audiences_audiencenews WHERE created_at < now() - interval '1 minute')
          FROM audiences_audience a JOIN audiences_audiencetally t ON t.audience_id = a.id WHERE a.state = 'active'
    """
    late, unheard = connection.execute(question).fetchone()
    advice = "请确认后台任务在运行；原因写在受众的页面上。"
    if late:
        return warning(f"有 {late} 个受众超过约定的更新时间，算好之前不能用来发放", advice)
    if unheard:
        return warning(f"有 {unheard} 批会员的领券、评价等行为等了 1 分钟以上还没有反映到受众", advice)
    return good("受众都在约定的时间内更新")


def books(connection: Any) -> Finding:
    """What the nightly proof said last; proving itself takes too long to be asked for here."""
    if not has_table(connection, "ledger_proof"):
        return warning("账本自动核对的表还没有", "请运行 gonghui migrate。")
    question = (
        "SELECT jsonb_array_length(wrong), created_at < now() - make_interval(days => %s),"
        " to_char(created_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') FROM ledger_proof ORDER BY id DESC LIMIT 1"
    )
    last = connection.execute(question, [PROOF_MAX_DAYS]).fetchone()
    if last is None:
        return good("账本还没有自动核对过（每天凌晨 3:40 核对一次）")
    wrong, is_old, at = last
    if wrong:
        advice = "请先停止付款，运行 gonghui ledger verify 查明，并与公示过的区块指纹对照。"
        return bad(f"账本自动核对（{at}）发现 {wrong} 项不一致", advice)
    if is_old:
        return warning(f"账本上次自动核对是 {at}", "请确认后台任务在运行，或手工运行 gonghui ledger verify。")
    return good(f"账本自动核对（{at}）全部相符")


def audit_trail(connection: Any) -> Finding:
    """What the nightly reading of the trail said last, and whether sealing goes on."""
    if not has_table(connection, "kit_trailproof"):
        return warning("审计记录封存的表还没有", "请运行 gonghui migrate。")
    question = """
        SELECT (SELECT wrong <> '[]' FROM kit_trailproof ORDER BY id DESC LIMIT 1),
               EXISTS (SELECT FROM kit_audit
                        WHERE id > coalesce((SELECT max(last_seq) FROM kit_trailblock), 0) AND at < now() - interval '1 hour'
                        ORDER BY id LIMIT 1)
    """
    wrong, is_behind = connection.execute(question).fetchone()
    if wrong:
        return bad(
            "审计记录自动核对发现有区块被改动过",
            "请保留现场，运行 gonghui trail verify 查明，并报告经审委员会。",
        )
    if is_behind:
        return warning("审计记录有一小时以上没有封存", "请确认后台任务在运行，或多开几个 gonghui worker。")
    return good("审计记录按时封存")


def has_table(connection: Any, name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)", [name]).fetchone()[0] is not None


def browser() -> Finding:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("GONGHUI_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found or not Path(found).exists():
        return warning(
            "没有 Chromium，浏览器测试会跳过", "只有跑测试才需要：apt install chromium fonts-noto-cjk。"
        )
    if shutil.which("fc-list") and not has_chinese_font():
        return warning("有 Chromium，但没有中文字体", "只有跑测试才需要：apt install fonts-noto-cjk。")
    return good("浏览器测试可以跑")


def has_chinese_font() -> bool:
    return bool(
        subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, check=False).stdout.strip()
    )
