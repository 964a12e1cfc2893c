"""From DATABASE_URL, or the embedded PostgreSQL, to Django's setting."""

import os
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from gonghui.kit.rights import ROLE

CONNECT_TIMEOUT_S = 5


def parse_database_url(url: str) -> dict:
    """`postgresql://user:password@host:port/name?host=/socket/dir` → Django's dictionary; host in the query wins."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "gonghui",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(query.pop("port", parts.port or "")),
    }


def serving_url(url: str) -> str:
    """The same database as the services enter it, owning nothing; `url` where the server does not let them in so."""
    import psycopg

    parts = urlsplit(url)
    secret, at, place = parts.netloc.rpartition("@")
    named = ROLE + "".join(secret.partition(":")[1:]) if at else ""
    query = urlencode([(name, ROLE if name == "user" else value) for name, value in parse_qsl(parts.query)])
    wanted = f"{parts.scheme}://{named}{at}{place}{parts.path}?{query}"
    try:
        psycopg.connect(wanted, connect_timeout=CONNECT_TIMEOUT_S).close()
    except psycopg.OperationalError:
        return url
    return wanted


def place_of_database(url: str) -> str:
    """`name @ host:port`, for a person to read: never the user, never the password."""
    parts = urlsplit(url)
    is_plain = (
        parts.scheme in ("postgres", "postgresql") and "@" not in parts.path + parts.query + parts.fragment
    )
    if not is_plain:  # an unquoted password reaches into the rest, or it is no address at all
        return "?"
    try:
        named = parse_database_url(url)
    except ValueError:
        return "?"
    port = f":{named['PORT']}" if named["PORT"] else ""
    return f"{named['NAME']} @ {named['HOST'] or 'localhost'}{port}"


def database_url() -> str:
    url = os.environ.get("DATABASE_URL")
    if url:
        return url
    from gonghui.config.launcher.postgres import database_url as embedded_url

    return embedded_url(start=True)


def database_settings() -> dict:
    pool = {"min_size": 1, "max_size": int(os.environ.get("GONGHUI_DB_POOL", "20")), "timeout": 10}
    return {
        **parse_database_url(database_url()),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {"pool": pool},
        "TEST": {"NAME": os.environ.get("GONGHUI_TEST_DB", "test_gonghui")},
    }
