"""The platform as a command sees it: servers that run, settings that name them, one wiring."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from shared.config import Settings
from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.errors import ServiceError
from shared.security.vault import KeyRing
from workers.wiring import Wiring, build_wiring

CONNECT_S = 5


@contextmanager
def open_platform() -> Iterator[Wiring]:
    """Wiring over the servers of the environment; embedded ones are started for the block if need be."""
    with servers_in_environment():
        settings = Settings()
        check_database(settings)
        wiring = build_wiring(settings)
        with wiring.database:
            yield wiring


@contextmanager
def servers_in_environment() -> Iterator[None]:
    """Sets DATABASE_URL, REDIS_URL and a vault key for this process and its children."""
    settings = Settings()
    missing = settings.missing_urls()
    if not missing:
        yield
        return
    if len(missing) == 1:
        raise ServiceError(
            f"{missing[0]}: is not set; set both URLs, or neither for embedded servers"
        )
    services = EmbeddedServices(settings.home)
    running = services.running_urls()
    try:
        export(running or services.start_owned(), settings)
        yield
    finally:
        services.release()


def export(urls: ServiceUrls, settings: Settings) -> dict[str, str]:
    """Puts the servers' URLs and the home's vault key file into the environment."""
    values = {
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "CAPLIQUIFY_HOME": str(settings.home.resolve()),
    }
    if settings.vault_keys is None and settings.vault_keys_file is None:
        values["CAPLIQUIFY_VAULT_KEYS_FILE"] = str(ensure_key_file(settings.home.resolve()))
    os.environ.update(values)
    return values


def ensure_key_file(home: Path) -> Path:
    """The home's key ring, made once; only its owner may read it."""
    path = home / "vault.keys"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(KeyRing.generate() + "\n")
    return path


def check_database(settings: Settings) -> None:
    """Raises `ServiceError` with the reason at once, where a pool would wait."""
    if settings.database_url is None:
        return
    try:
        psycopg.connect(settings.database_url.get_secret_value(), connect_timeout=CONNECT_S).close()
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
        raise ServiceError(f"DATABASE_URL: PostgreSQL cannot be reached: {reason}") from None
