"""Where things lie. The state of one installation is one folder: `.gonghui`, or `GONGHUI_DATA`."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FRONTEND = ROOT / "frontend"


def state_folder() -> Path:
    folder = Path(os.environ.get("GONGHUI_DATA") or ROOT / ".gonghui").expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
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
