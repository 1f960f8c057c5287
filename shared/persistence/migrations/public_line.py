"""Migrate the public schema: Alembic's revisions, then the SQL functions as they are now."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from shared.persistence.migrations.steps import load_steps

FOLDER = Path(__file__).parent
FUNCTIONS = FOLDER / "functions"
# One migration at a time; any number will do that nobody else takes.
MIGRATION_LOCK = 7_302_115_001


def migrate_public(database_url: str, revision: str = "head") -> str:
    """Brings the public schema to `revision`, functions included, in one transaction; returns it."""
    engine = create_engine(_for_sqlalchemy(database_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config = _config(connection)
        command.upgrade(config, revision)
        _install_functions(connection)
        found = connection.execute(text("SELECT version_num FROM public.alembic_version"))
        return str(found.scalar_one())


def downgrade_public(database_url: str, revision: str) -> None:
    """Brings the public schema back to `revision`; for tests and for a release that is taken back."""
    engine = create_engine(_for_sqlalchemy(database_url), poolclass=NullPool)
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def function_sources() -> dict[str, str]:
    """Each SQL function's text by file name, with the tenant line put into its template."""
    tenant_line = "\n".join(step.up for step in load_steps())
    return {
        path.stem: path.read_text(encoding="utf-8").replace("{{tenant_line}}", tenant_line)
        for path in sorted(FUNCTIONS.glob("*.sql"))
    }


def _install_functions(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the URL names the driver
    for source in function_sources().values():
        raw.execute(source.encode())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER / "public"))
    config.attributes["connection"] = connection
    return config


def _for_sqlalchemy(database_url: str) -> str:
    scheme, separator, rest = database_url.partition("://")
    return (
        f"postgresql+psycopg{separator}{rest}"
        if scheme in {"postgres", "postgresql"}
        else database_url
    )
