"""The platform as a command sees it: servers that run, settings that name them, one wiring."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import psycopg

from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.errors import ServiceError
from shared.persistence.tenants.logins import LOGINS, ensure_logins, login_url, password_of
from shared.security.vault import KeyRing
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

CONNECT_S = 5
_may_make = ContextVar("may_make", default=False)
Given = ParamSpec("Given")


def making_servers(command: Callable[Given, None]) -> Callable[Given, None]:
    """The command, which makes servers where the home has none; any other refuses to."""

    @wraps(command)
    def run(*args: Given.args, **options: Given.kwargs) -> None:
        _may_make.set(True)
        command(*args, **options)

    return run


def require_servers(settings: Settings) -> None:
    """Raises `ServiceError` where neither URLs are set nor the home has servers: nothing is made by mistake."""
    missing = settings.missing_urls()
    if len(missing) == 1:
        raise ServiceError(
            f"{missing[0]}: is not set; set both URLs, or neither for embedded servers"
        )
    if not missing or _may_make.get():
        return
    if not EmbeddedServices(settings.home).are_set_up():
        raise ServiceError(
            f"DATABASE_URL: is not set, and the folder {settings.home} has no servers; make them with "
            "`capliquify services start`, or go to their folder, or set DATABASE_URL and REDIS_URL, or CAPLIQUIFY_HOME"
        )


@contextmanager
def open_platform() -> Iterator[Wiring]:
    """Wiring over the servers of the environment, or over the home's own, started for the block if need be."""
    with servers_in_environment():
        settings = Settings.read()
        check_database(settings)
        with build_wiring(settings) as wiring:
            yield wiring


@contextmanager
def servers_in_environment() -> Iterator[None]:
    """Sets the servers' URLs and a vault key for this process and its children, where none are given."""
    settings = Settings.read()
    require_servers(settings)
    if not settings.missing_urls():
        yield
        return
    with embedded_servers(settings):
        yield


@contextmanager
def embedded_servers(settings: Settings, *, alone: bool = False) -> Iterator[None]:
    """The home's own servers: those that run, or new ones that end with the block.

    `alone` refuses those that run, because somebody may work with them.
    """
    services = EmbeddedServices(settings.home)
    try:
        running = services.running_urls()
        if running is not None and alone:
            raise ServiceError(
                f"services: already run on {settings.home}; stop them with `capliquify services stop`"
            )
        export(running or services.start_owned(), settings)
        yield
    finally:
        services.release()


def export(urls: ServiceUrls, settings: Settings, *, make_logins: bool = True) -> dict[str, str]:
    """Puts the servers' URLs, a login each, and the home's vault key file into the environment."""
    home = settings.home.resolve()
    secret = keep_secret(home / "logins.secret", lambda: secrets.token_urlsafe(24))
    passwords = {login: password_of(secret, login) for login in LOGINS}
    if make_logins:
        ensure_logins(urls.database_url, passwords)
    values = {
        "DATABASE_URL": login_url(urls.database_url, "worker", passwords["worker"]),
        "DATABASE_DISPATCHER_URL": login_url(
            urls.database_url, "dispatcher", passwords["dispatcher"]
        ),
        "DATABASE_ADMIN_URL": login_url(urls.database_url, "admin", passwords["admin"]),
        "DATABASE_API_URL": login_url(urls.database_url, "api", passwords["api"]),
        "DATABASE_DIRECT_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "CAPLIQUIFY_HOME": str(home),
    }
    if settings.vault_keys is None and settings.vault_keys_file is None:
        keep_secret(home / "vault.keys", KeyRing.generate)
        values["CAPLIQUIFY_VAULT_KEYS_FILE"] = str(home / "vault.keys")
    os.environ.update(values)
    return values


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file that only its owner reads, made once; whole or not there, whoever is killed."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def prepare_home(home: Path) -> None:
    """Makes the data folder; raises `ServiceError` where that cannot be, or cannot be written to."""
    try:
        home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(
            f"CAPLIQUIFY_HOME: the folder {home} cannot be made: {error.strerror}"
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise ServiceError(f"CAPLIQUIFY_HOME: this account may not write to the folder {home}")


def check_database(settings: Settings) -> None:
    """Raises `ServiceError` with the reason at once, where a pool would wait."""
    tried = set()
    for name, login in (
        ("DATABASE_URL", "worker"),
        ("DATABASE_DIRECT_URL", "direct"),
        ("DATABASE_DISPATCHER_URL", "dispatcher"),
        ("DATABASE_ADMIN_URL", "admin"),
    ):
        url = settings.url_of(login)
        # One that is not set is the worker's.
        if url is None or url in tried:
            continue
        tried.add(url)
        try:
            psycopg.connect(url, connect_timeout=CONNECT_S).close()
        except psycopg.OperationalError as error:
            reason = str(error).splitlines()[0]
            raise ServiceError(f"{name}: PostgreSQL cannot be reached: {reason}") from None
        except psycopg.Error:
            # The text of this one may be the URL itself.
            raise ServiceError(
                f"{name}: is not a URL of PostgreSQL; write postgresql://user:password@host:port/name"
            ) from None
