"""The login roles of a database that we run ourselves: made, given a password, and named by URL."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

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


def password_of(secret: str, login: str) -> str:
    """A login's own password, made of a secret that is kept: who knows one knows no other."""
    digest = hmac.digest(secret.encode(), role_of(login).encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def ensure_logins(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Makes the roles if need be and lets each log in with its password, which never travels in the clear."""
    if all(_logs_in(login_url(owner_url, login, passwords[login])) for login in LOGINS):
        return
    with psycopg.connect(owner_url, connect_timeout=5) as connection:
        connection.execute(ROLES.read_bytes())
        for login in LOGINS:
            _set_password(connection, role_of(login), passwords[login])


def set_passwords(owner_url: str, urls: Iterable[str]) -> list[str]:
    """Makes the roles if need be and gives each login the password that a URL has for it; returns their names."""
    given = {}
    for url in urls:
        parts = urlsplit(url)
        for login in LOGINS:
            if parts.username == role_of(login) and parts.password:
                given[login] = unquote(parts.password)
    with psycopg.connect(owner_url) as connection:
        connection.execute(ROLES.read_bytes())
        for login, password in given.items():
            _set_password(connection, role_of(login), password)
    return sorted(given)


def _set_password(connection: psycopg.Connection[TupleRow], role: str, password: str) -> None:
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
