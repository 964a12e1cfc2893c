import os
import signal
import sys
import threading
import time

PATIENCE_S = 8
LAUNCHER = "GONGHUI_LAUNCHER_PID"


def die_with_launcher() -> None:
    """For programs that the launcher starts: kill -9 of the launcher must leave nothing running. Started by hand
    (nohup, systemd), a program stays when its parent goes."""
    launcher = os.environ.get(LAUNCHER)
    if launcher and launcher != str(os.getppid()):
        sys.exit(1)  # gone before we looked
    if launcher:
        die_with_parent()


def die_with_parent() -> None:
    """Stop this process soon after its parent is gone."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="die-with-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)
