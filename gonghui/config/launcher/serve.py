"""The web process: Granian with our ASGI application. Arguments: HOST PORT WORKERS."""

import gc
import importlib
import logging
import multiprocessing
import os
import sys

from granian.constants import HTTPModes, Interfaces, Loops
from granian.server import Server

from gonghui.config.launcher.orphans import die_with_launcher, die_with_parent

APPLICATION = "gonghui.config.asgi:application"
QUEUE_MAX = 16384  # a great sale opens with thousands of connections in one second


def load_application(target: str):
    """Runs in each worker, which must not outlive the main process."""
    from granian._internal import load_target

    die_with_parent()
    return load_target(target)


def load_pages_once() -> None:
    """Where workers are forked, Django is loaded once and shared: half the start-up time and memory. The gate is
    not loaded here, for it makes its own connections and clocks in each worker."""
    if multiprocessing.get_start_method() != "fork" or os.environ.get("GONGHUI_GATE_ONLY"):
        return
    gc.disable()  # what is loaded stays: there is nothing to find
    for name in ("gonghui.config.wsgi", "gonghui.config.urls", "pypinyin"):
        importlib.import_module(name)
    gc.freeze()  # the collector would touch, and so copy, every shared page
    gc.enable()


def main() -> None:
    host, port, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    logging.getLogger("_granian").setLevel(logging.WARNING)
    die_with_launcher()
    load_pages_once()
    Server(
        APPLICATION,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=QUEUE_MAX,
        backpressure=QUEUE_MAX,
        respawn_failed_workers=True,
        workers_kill_timeout=6,
    ).serve(target_loader=load_application)


if __name__ == "__main__":
    main()
