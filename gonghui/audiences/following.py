"""Behaviours are followed at once: each table of one has triggers that tell whom a statement was about.

In the database, for the gate settles claims there and a sheet is taken in there: no door can forget it. A statement is one row
of news and one job, both with its transaction; while no audience in use asks the behaviour, neither.
"""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from gonghui.audiences.behaviours import Behaviour, known_behaviours

FOLLOWER = "audiences_follow_"
STARTS = "\nDECLARE told bigint[];\nBEGIN\n"
ENDS = "    RETURN NULL;\nEND "
# Those of whom it is another answer than before: equal rows before and after say nothing new.
TOLD = """    IF audiences_are_asked('{topic}') THEN
        IF TG_OP = 'INSERT' THEN told := ARRAY(SELECT DISTINCT n.who FROM ({after}) n);
        ELSIF TG_OP = 'DELETE' THEN told := ARRAY(SELECT DISTINCT n.who FROM ({before}) n);
        ELSE told := ARRAY(SELECT DISTINCT n.who FROM (
            (({after}) EXCEPT ALL ({before})) UNION ALL (({before}) EXCEPT ALL ({after}))) n);
        END IF;
        PERFORM audiences_tell('{topic}', told);
    END IF;
"""
MADE = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $follows${text}$follows$"
TRIGGERS = (
    "CREATE OR REPLACE TRIGGER audiences_follow_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
    " FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    "CREATE OR REPLACE TRIGGER audiences_follow_change AFTER UPDATE ON {table}"
    " REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    "CREATE OR REPLACE TRIGGER audiences_follow_end AFTER DELETE ON {table} REFERENCING OLD TABLE AS stale"
    " FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
)
STANDING = "SELECT proname, prosrc FROM pg_proc WHERE starts_with(proname, %s)"


def install_followers(**_signal) -> None:
    """After each migrate: the tables of what is registered tell, and no others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('audiences_tell') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        standing = dict(cursor.execute(STANDING, [FOLLOWER]).fetchall())
        for table, text in followers().items():
            name = FOLLOWER + table
            if standing.pop(name, None) == text:
                continue
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
            if cursor.fetchone()[0]:
                cursor.execute(MADE.format(name=name, text=text))
                for trigger in TRIGGERS:
                    cursor.execute(trigger.format(table=table, name=name))
        for name in standing:
            cursor.execute(f"DROP FUNCTION {name}() CASCADE")


def followers() -> dict[str, str]:
    """Table → what its triggers do, for all that is registered over it."""
    texts: dict[str, str] = defaultdict(str)
    for done in known_behaviours():
        before, after = _asked(done, "stale"), _asked(done, "fresh")
        texts[done.table] += TOLD.format(topic=done.topic, before=before, after=after)
    return {table: STARTS + text + ENDS for table, text in texts.items()}


def _asked(done: Behaviour, rows: str) -> str:
    """Names of a registered behaviour, never anybody's input."""
    return f"SELECT {done.person} AS who, {done.at} FROM {done.of_rows(rows)} WHERE ({done.where})"  # noqa: S608
