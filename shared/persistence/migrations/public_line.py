"""Migrate the public schema: Alembic's revisions, then the SQL functions as they are now."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.rows import TupleRow
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from shared.errors import ServiceError
from shared.persistence.migrations.steps import ROLES, load_steps, newest_revision

FOLDER = Path(__file__).parent
FUNCTIONS = FOLDER / "functions"
# One migration at a time; any number will do that nobody else takes.
MIGRATION_LOCK = 7_302_115_001


@dataclass(frozen=True, slots=True)
class PublicMigration:
    """A transaction in which the public line is run; `connection` is the driver's own, for what goes with it."""

    session: Connection

    @property
    def connection(self) -> psycopg.Connection[TupleRow]:
        """The driver's connection, in the same transaction."""
        raw = self.session.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the URL names the driver
        return raw

    def run(self, revision: str = "head") -> str:
        """Brings the public schema to `revision`, roles and functions included; returns it."""
        self.connection.execute(ROLES.read_bytes())
        # Who is no superuser may hand a function over only to a role that could make it there.
        self.connection.execute("GRANT CREATE ON SCHEMA public TO capliquify_lifecycle")
        command.upgrade(_config(self.session), revision)
        for source in function_sources().values():
            self.connection.execute(source.encode())
        self.connection.execute("REVOKE CREATE ON SCHEMA public FROM capliquify_lifecycle")
        found = self.session.execute(text("SELECT version_num FROM public.alembic_version"))
        return str(found.scalar_one())


@contextmanager
def migrating_public(database_url: str) -> Iterator[PublicMigration]:
    """One transaction, one at a time: kept at the end of the block, taken back on any error."""
    with _migrating(database_url) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        yield PublicMigration(session)


def migrate_public(database_url: str, revision: str = "head") -> str:
    """Brings the public schema to `revision`, functions included, in one transaction; returns it."""
    with migrating_public(database_url) as migration:
        return migration.run(revision)


def downgrade_public(database_url: str, revision: str) -> None:
    """Brings the public schema back to `revision`; for tests and for a release that is taken back."""
    with _migrating(database_url) as connection:
        command.downgrade(_config(connection), revision)


def function_sources() -> dict[str, str]:
    """Each SQL function's text by file name, with the tenant line put into its template."""
    steps = load_steps()
    values = {
        "{{tenant_line}}": "\n".join(step.up for step in steps),
        "{{newest_revision}}": newest_revision(),
    }
    return {path.stem: _fill(path, values) for path in sorted(FUNCTIONS.glob("*.sql"))}


def _fill(path: Path, values: dict[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(name, value)
    return text


@contextmanager
def _migrating(database_url: str) -> Iterator[Connection]:
    engine = create_engine(_for_sqlalchemy(database_url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = str(cause).splitlines()[0]
        raise ServiceError(f"migrate: the public schema was not changed: {reason}") from error


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
