"""Members' pages: the server as it is run, one worker, over the demo world built by the product's own builder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks.servers import environment, press, server
from benchmarks.table import Row
from gonghui.config.launcher import cluster

SERVER = "gonghui.config.launcher.serve"
DATABASE = "pages"
CONNECTIONS = 16
HOME_PER_CORE_S = 300
KB_MAX, QUERIES_MAX = 100, 10
TURNS = 3
CSRF_SECRET = "b" * 32  # as a browser brings one from its first page on


def page_rows(postgres_folder: Path, keys: str, *, members: int, until_s: float) -> list[Row]:
    env = world_environment(postgres_folder, keys)
    run(env, "gonghui", "world", "build", "--members", str(members))
    run(env, "gonghui", "collect")
    env["GONGHUI_COLLECTED"] = "1"
    counted = json.loads(run(env, "benchmarks.member"))
    with server(SERVER, env) as (port, process):
        member, stranger = (best_turn(port, process, cookie, until_s) for cookie in (counted["cookie"], ""))
    home = next(page for page in counted["pages"] if page["path"] == "/")
    return [
        home_row("home, a signed-in member", member, home),
        home_row("home, a stranger", stranger, counted["stranger"]),
        *extreme_rows(counted["pages"]),
    ]


def world_environment(postgres_folder: Path, keys: str, database: str = DATABASE) -> dict[str, str]:
    """A database beside that of the gate, and a folder of its own for what builder and collector write."""
    postmaster = cluster.postmaster(postgres_folder)
    assert postmaster, "PostgreSQL serves the folder"
    with psycopg.connect(cluster.url_of(postgres_folder, postmaster), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    env = environment(cluster.url_of(postgres_folder, postmaster, database), keys)
    del env["GONGHUI_GATE_ONLY"]
    return env | {"GONGHUI_DATA": str(postgres_folder.with_name("state"))}


def run(env: dict[str, str], module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def best_turn(port: int, process: psutil.Process, cookie: str, until_s: float) -> dict[str, Any]:
    headers = {"cookie": f"{cookie}; csrftoken={CSRF_SECRET}"} if cookie else {}
    asked = {"port": port, "target": "/", "headers": headers, "connections": CONNECTIONS, "warm_up_s": 0}
    press(**asked, until_s=1)
    return max((turn(process, asked, until_s) for _ in range(TURNS)), key=lambda heard: heard["per_core"])


def turn(process: psutil.Process, asked: dict[str, Any], until_s: float) -> dict[str, Any]:
    before = cpu_s(process)
    heard = press(**asked, until_s=until_s)
    assert set(heard["answers"]) == {"200"}, heard["answers"]
    return heard | {"per_core": heard["answered"] / (cpu_s(process) - before)}


def cpu_s(process: psutil.Process) -> float:
    """Spent by the server so far, its worker and all threads; PostgreSQL's is not in it."""
    spent = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(times.user + times.system for times in spent)


def home_row(what: str, heard: dict[str, Any], counted: dict[str, Any]) -> Row:
    note = (
        f"≥ {HOME_PER_CORE_S}/s per CPU second of the server; {heard['rate']:,.0f}/s beside crowd and PostgreSQL;"
        f" {counted['warm']} queries, {counted['cold']} cold; {kb(counted['bytes'])} before zip"
    )
    times = (f"{heard['p50_ms']:.1f} ms", f"{heard['p99_ms']:.1f} ms")
    good = heard["per_core"] >= HOME_PER_CORE_S
    return Row(what, f"{heard['per_core']:,.0f}/s·core", *times, note=note, good=good)


def extreme_rows(pages: list[dict[str, Any]]) -> list[Row]:
    """Of all a member can open."""
    largest = max(pages, key=lambda page: page["bytes"])
    heaviest = max(pages, key=lambda page: page["sent"])
    busiest = max(pages, key=lambda page: page["cold"])
    size_note = (
        f"< {KB_MAX} KB: {largest['path']}, of {len(pages)} pages;"
        f" with styles and scripts {kb(heaviest['sent'])}: {heaviest['path']}"
    )
    return [
        Row(
            "largest member page", kb(largest["bytes"]), note=size_note, good=heaviest["sent"] < KB_MAX * 1024
        ),
        Row(
            "most queries of a member page",
            str(busiest["cold"]),
            note=f"≤ {QUERIES_MAX}, nothing kept from earlier readers: {busiest['path']}",
            good=busiest["cold"] <= QUERIES_MAX,
        ),
    ]


def kb(size: int) -> str:
    return f"{size / 1024:.1f} KB"
