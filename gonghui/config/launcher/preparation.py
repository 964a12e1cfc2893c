"""What must be true before pages are served: tables current, files collected. Cheap when nothing changed."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import FRONTEND, ROOT, state_folder

Tell = Callable[[str], None]
CODE = ROOT / "gonghui"


def fingerprint(files: Iterable[Path]) -> str:
    """Names, sizes and times of the files; reading them all would cost more than it tells."""
    digest = hashlib.sha256(os.fsencode(ROOT))
    for file in sorted(files):
        found = file.stat()
        digest.update(f"{file.relative_to(ROOT)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def code_files() -> Iterable[Path]:
    yield from ROOT.glob("requirements/base.txt")
    yield from (file for kind in ("*.py", "*.sql") for file in CODE.rglob(kind) if "tests" not in file.parts)


def static_files() -> Iterable[Path]:
    yield from ROOT.glob("requirements/base.txt")
    yield from (file for file in CODE.glob("*/static/**/*") if file.is_file())
    yield from (file for file in (FRONTEND / "dist").rglob("*") if file.is_file())


def database_identity(url: str) -> str:
    """Tells one database from another of the same name, so that a new one is migrated."""
    import psycopg

    question = """
        SELECT system_identifier::text
               || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
               || '/' || coalesce(to_regclass('django_migrations')::oid::text, 'empty')
        FROM pg_control_system()
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            [(identity,)] = connection.execute(question).fetchall()
            return identity
    except psycopg.OperationalError as error:
        raise LauncherError(
            f"连不上数据库：{str(error).strip()}\n请检查 DATABASE_URL，或去掉它使用自带的数据库。"
        ) from error


def migrate_if_needed(url: str, tell: Tell) -> bool:
    """True when migrations were run. Migrating is skipped while neither code nor database changed."""
    noted = state_folder() / "migrated.json"
    code = fingerprint(code_files())
    if read_note(noted) == {"code": code, "database": database_identity(url)}:
        return False
    tell("正在检查数据库结构…")
    run_step("migrate", "--no-input", url=url, tell=applied_migration(tell))
    noted.write_text(json.dumps({"code": code, "database": database_identity(url)}))
    return True


def applied_migration(tell: Tell) -> Tell:
    count = 0

    def tell_line(line: str) -> None:
        nonlocal count
        if line.startswith("  Applying "):
            count += 1
            tell(f"正在建立数据库结构：第 {count} 步 {line.split()[1].rstrip('.')}")

    return tell_line


def collect_if_stale(url: str, tell: Tell) -> bool:
    """True when static files were collected, compressed and given names that change with their content."""
    noted = state_folder() / "static" / ".fingerprint"
    current = fingerprint(static_files())
    if noted.is_file() and noted.read_text() == current:
        return False
    tell("正在整理静态文件…")
    run_step("collect", url=url, tell=lambda line: None)
    noted.write_text(current)
    return True


def read_note(file: Path) -> dict:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return {}


def run_step(*arguments: str, url: str, tell: Tell) -> None:
    """One command of our own in its own process, its lines told as they come."""
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "gonghui", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as step:  # fmt: skip
        for line in step.stdout or ():
            lines.append(line.rstrip())
            tell(lines[-1])
    if step.returncode:
        last = "\n".join(lines[-12:])
        raise LauncherError(f"“gonghui {' '.join(arguments)}”没有成功（退出码 {step.returncode}）：\n{last}")
