"""The login roles of a database that we run ourselves: made, given a password, and named by URL."""

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from shared.persistence.migrations.steps import ROLES

LOGINS = ("worker", "dispatcher", "admin", "api")


def login_url(owner_url: str, login: str, password: str) -> str:
    """The owner's URL with another login in it."""
    parts = urlsplit(owner_url)
    address = parts.netloc.rpartition("@")[2]
    netloc = f"{role_of(login)}:{quote(password, safe='')}@{address}"
    return urlunsplit(parts._replace(netloc=netloc))


def role_of(login: str) -> str:
    """The role's name."""
    return f"capliquify_{login}"


def ensure_logins(owner_url: str, password: str) -> None:
    """Makes the roles if need be and lets each log in with `password`, which never travels in the clear."""
    if _logs_in(login_url(owner_url, LOGINS[-1], password)):
        return
    with psycopg.connect(owner_url) as connection:
        connection.execute(ROLES.read_bytes())
        for login in LOGINS:
            role = role_of(login)
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode())
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(verifier.decode())
            )
            connection.execute(statement)


def _logs_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
