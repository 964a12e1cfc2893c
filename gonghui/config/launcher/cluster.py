"""One data folder of PostgreSQL: making it, its settings, where it listens, who serves it just now."""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gonghui.config.launcher.binaries import Binaries
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.runas import RunAs, owner_of, ways_to_run

USER = DATABASE = "gonghui"
PORT = 5432
SOCKET_PATH_MAX = 103  # bytes; macOS allows 104 with the closing zero, Linux 108
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")  # libpq reads a comma in a host as a list


@dataclass(frozen=True)
class Postmaster:
    """What a running server wrote into postmaster.pid."""

    pid: int
    port: int
    socket_folder: str
    host: str
    ready: bool


def password_file(folder: Path) -> Path:
    return folder.with_name(folder.name + ".password")


def is_made(folder: Path) -> bool:
    return (folder / "global" / "pg_control").is_file()


def make_cluster(folder: Path, binaries: Binaries) -> RunAs:
    """initdb, in the first way that this machine lets us; LauncherError where none works."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and any(folder.iterdir()):
        raise LauncherError(f"数据文件夹 {folder} 不完整：上次初始化没有做完。请把它移走或删除后再启动。")
    complaints = []
    for way in ways_to_run(folder, binaries["postgres"]):
        complaint = run_initdb(folder, binaries, way)
        if not complaint:
            return way
        complaints.append(f"{way.name}：{complaint}")
    reasons = "\n".join(complaints) or "以 root 运行，但这台机器既不让用命名空间，也不让换用户"
    raise LauncherError(
        f"数据库初始化失败。\n{reasons}\n请改用普通用户运行，或用 DATABASE_URL 指定现有的数据库。"
    )


def run_initdb(folder: Path, binaries: Binaries, way: RunAs) -> str:
    """Empty where it worked. Made aside and renamed, so an interrupted start leaves nothing half made."""
    draft = folder.with_name(folder.name + ".making")
    shutil.rmtree(draft, ignore_errors=True)
    secret = password_file(folder)
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(24))
    draft.mkdir(mode=0o700)
    way.give(draft, secret)
    locale = (
        ["--locale=C"] if binaries.version < 17 else ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    )
    made = subprocess.run(
        [*way.prefix, binaries["initdb"], "-D", str(draft), "-E", "UTF8", *locale, "-U", USER,
         "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", str(secret), "--no-instructions"],
        capture_output=True, text=True, cwd="/", env=server_environment(), **way.popen_options(), check=False,
    )  # fmt: skip
    if made.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        return made.stderr.strip()[-600:] or f"initdb 以 {made.returncode} 退出"
    draft.rename(folder)
    return ""


def server_environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables may steer our server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "PGTZ": "UTC"}


def check_owner(folder: Path) -> None:
    """PostgreSQL serves a folder only as its owner; root may become anybody."""
    if os.geteuid() != 0 and folder.exists() and (owner := owner_of(folder)) != os.geteuid():
        raise LauncherError(
            f"数据文件夹 {folder} 属于另一个用户（uid {owner}）。"
            "请用那个用户启动，或用 GONGHUI_DATA 指定自己的文件夹。"
        )


def way_to_serve(folder: Path, binaries: Binaries) -> RunAs:
    """Check that these binaries may serve the folder; root serves it as its owner."""
    made_by = (folder / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.version):
        raise LauncherError(
            f"数据文件夹 {folder} 由 PostgreSQL {made_by} 建立，现在的程序是 {binaries.version}。"
            f"请用 GONGHUI_PG_BIN 指向 PostgreSQL {made_by}，或先导出数据再移走这个文件夹。"
        )
    ways = ways_to_run(folder, binaries["postgres"])
    if not ways:
        raise LauncherError(
            "以 root 运行，但这台机器既不让用命名空间，也不让换用户。"
            "请改用普通用户运行，或用 DATABASE_URL 指定现有的数据库。"
        )
    return ways[0]


def socket_folder(folder: Path, way: RunAs) -> Path | None:
    """A folder of ours where a socket can be made: beside the cluster, else in the temporary folder."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
    for place in (folder.with_name("run"), Path(tempfile.gettempdir()) / f"gonghui-{way.uid}-{digest}"):
        path = str(place)
        if not PLAIN_PATH.fullmatch(path) or len(path) + len(f"/.s.PGSQL.{PORT}") > SOCKET_PATH_MAX:
            continue
        if own_folder(place, way) and can_bind(place):
            return place
    return None


def own_folder(place: Path, way: RunAs) -> bool:
    """Made by us and open to nobody else; a stranger may have made a name in /tmp before us."""
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if place.is_symlink() or found.st_uid not in (way.uid, os.geteuid()):
        return False
    way.give(place)
    place.chmod(0o700)
    return True


def can_bind(place: Path) -> bool:
    """Some mounted folders hold files but no sockets."""
    probe = place / f".{os.getpid()}"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(probe))
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True


def write_settings(folder: Path, binaries: Binaries, way: RunAs) -> None:
    """Our settings come before postgresql.auto.conf, so ALTER SYSTEM still wins."""
    settings = {**server_settings(), **listening(folder, way)}
    if binaries.has_library("pg_stat_statements"):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    ours = folder / "gonghui.conf"
    ours.write_text(
        "# Written at every start; change settings with ALTER SYSTEM.\n" + "\n".join(lines) + "\n"
    )
    main = folder / "postgresql.conf"
    text = main.read_text()
    if "include = 'gonghui.conf'" not in text:
        main.write_text(text + "\ninclude = 'gonghui.conf'\n")
    way.give(ours, main)


def listening(folder: Path, way: RunAs) -> dict[str, str]:
    place = socket_folder(folder, way)
    if place:
        return {"listen_addresses": "", "unix_socket_directories": str(place), "port": str(PORT)}
    # No folder takes a socket: loopback with the generated password.
    return {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "port": str(loopback_port(folder)),
    }


def loopback_port(folder: Path) -> int:
    """Last time's port where it is free: programs that outlive a restart of the server know no other."""
    ours = folder / "gonghui.conf"
    found = re.search(r"^port = '(\d+)'", ours.read_text(), re.MULTILINE) if ours.exists() else None
    for port in ([int(found[1])] if found else []) + [0]:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise LauncherError("本机没有空闲的端口给数据库用。请关掉一些程序后再试。")


def server_settings() -> dict[str, str]:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{min(1024, max(128, memory_mb // 16))}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        # Statements and error details carry names and numbers of people; they stay out of the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
    }
    shared = Path("/dev/shm")  # noqa: S108  (measured, not written)
    if shared.is_dir() and shutil.disk_usage(shared).total < 256 * 2**20:
        settings["dynamic_shared_memory_type"] = "mmap"  # plain containers give 64 MB
    return settings


def postmaster(folder: Path) -> Postmaster | None:
    """Who serves the folder, or None; a file left by a dead server counts as none."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not is_postgres(pid):
        return None
    lines += [""] * (8 - len(lines))
    port = int(lines[3]) if lines[3].strip().isdigit() else PORT
    return Postmaster(pid, port, lines[4].strip(), lines[5].strip(), lines[7].strip() == "ready")


def is_postgres(pid: int) -> bool:
    """A number in a pid file says little: after a restart it may belong to anybody, or to a dead child."""
    try:
        if sys.platform.startswith("linux"):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        else:
            listed = subprocess.run(
                ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
            command = listed.stdout.split(" -D ")[0].strip()
    except OSError:
        return False
    return Path(command).name in ("postgres", "postmaster")


def forget_dead_server(folder: Path, way: RunAs) -> None:
    """Call it only where no server runs. A left-over postmaster.pid gets our own pid: PostgreSQL takes its
    parent's for stale, and still looks whether a child of the dead server holds the shared memory."""
    left = folder / "postmaster.pid"
    if left.is_file():
        lines = left.read_text().splitlines()
        left.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    if place := socket_folder(folder, way):  # ours alone, so what lies there belonged to the dead one
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (place / name).unlink(missing_ok=True)


def url_of(folder: Path, server: Postmaster, database: str = DATABASE) -> str:
    if server.socket_folder:
        return f"postgresql:///{database}?host={quote(server.socket_folder)}&port={server.port}&user={USER}"
    password = quote(password_file(folder).read_text().strip())
    return f"postgresql://{USER}:{password}@{server.host}:{server.port}/{database}"
