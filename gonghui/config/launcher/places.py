"""Where things lie. The state of one installation is one folder: `.gonghui`, or `GONGHUI_DATA`."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gonghui.config.launcher.errors import LauncherError

ROOT = Path(__file__).resolve().parents[3]
FRONTEND = ROOT / "frontend"
ELSEWHERE = "请用它的主人启动，或用 GONGHUI_DATA 指定自己的文件夹。"


def state_folder() -> Path:
    """LauncherError where this user may not write it."""
    folder = Path(os.environ.get("GONGHUI_DATA") or ROOT / ".gonghui").expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LauncherError(f"不能建立数据文件夹 {folder}：{error.strerror}。{ELSEWHERE}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LauncherError(
            f"没有权限写数据文件夹 {folder}（它属于 uid {folder.stat().st_uid}）。{ELSEWHERE}"
        )
    return folder


def log_file(name: str) -> Path:
    folder = state_folder() / "log"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"


def accounts_file() -> Path:
    return state_folder() / "accounts.json"


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a file lock; the kernel lets go of it when the holder dies, however it dies."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
