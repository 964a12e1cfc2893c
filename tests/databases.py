"""One test database is migrated, which takes a minute or two; every other worker's is a copy of it, which takes a second."""

from __future__ import annotations

import hashlib
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.sql import SQL, Identifier, Literal

from gonghui.benefits.tests.wire import database_url
from gonghui.config.databases import parse_database_url
from gonghui.config.launcher.binaries import find_binaries
from gonghui.kit.rights import ROLE_MADE

LOCK = "gonghui tests: migrated database"


class Migrated:
    """The database that is copied: nobody connects to it, and its comment names the migrations it was made by.

    Whoever finds none that fits makes their own as Django does, keeps a copy, and lets the others go on.
    """

    def __init__(self) -> None:
        place, wanted = connection.settings_dict, connection.settings_dict["TEST"]["NAME"]
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        self.own, self.name = wanted, f"{wanted.removesuffix(f'_{worker}')}_migrated"
        named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        facts = {word: place[key] for word, key in named.items() if place[key]}
        self.server = psycopg.connect(dbname="postgres", autocommit=True, **facts)
        self.server.execute("SELECT pg_advisory_lock(hashtext(%s))", [LOCK])

    def lay(self) -> None:
        """Our own database as a copy, where we have none; one that is there takes what migrations it lacks."""
        if self._said(self.own) is not None:
            self.let_go()
        elif self._said(self.name) == made_by():
            self._copy(self.name, self.own)
            self.let_go()

    def keep(self) -> None:
        """Ours has just been migrated: it is what the others copy."""
        if self.server.closed:
            return
        connection.close()
        connection.close_pool()
        self.server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(self.name)))
        self._copy(self.own, self.name)
        note = SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(self.name), Literal(made_by()))
        self.server.execute(note)
        self.let_go()

    def let_go(self) -> None:
        self.server.close()

    def _said(self, name: str) -> str | None:
        """The comment of the database; None where there is no such database."""
        found = self.server.execute(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
        return found and found[0]

    def _copy(self, source: str, target: str) -> None:
        command = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(target), Identifier(source))
        self.server.execute(command)


def lay_tables(url: str) -> None:
    """On another server, empty: the tables of this process's test database, so that migrating there finds little to do.

    Where `pg_dump` is missing, or older than the server, all is left to the migrating.
    """
    folder = find_binaries().folder
    dump = [folder / "pg_dump", "--no-owner", database_url()]
    if not dump[0].is_file() or not (folder / "psql").is_file():
        return
    tables = subprocess.run(dump, capture_output=True, check=False)
    if tables.returncode:
        return
    load = [folder / "psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", url]
    secret = Literal(parse_database_url(url)["PASSWORD"]).as_string()
    role = f"SELECT set_config('gonghui.secret', {secret}, false); {ROLE_MADE}; RESET ALL;"  # as install_rights makes it
    subprocess.run(load, input=role.encode() + tables.stdout, stdout=subprocess.DEVNULL, check=True)


def made_by() -> str:
    """Every file a migration is made of, and the versions of those that bring their own."""
    ours = Path(settings.BASE_DIR) / "gonghui"
    files = sorted([*ours.glob("*/migrations/*.py"), *ours.glob("*/sql/*.sql")])
    found = hashlib.sha256(repr([version(name) for name in ("Django", "procrastinate")]).encode())
    for file in files:
        found.update(str(file.relative_to(ours)).encode() + file.read_bytes())
    return found.hexdigest()
