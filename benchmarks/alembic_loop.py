"""The peer of our tenant line: Alembic's own commands, in one process, over one schema after another."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from shared.persistence.migrations.compiler import TENANT_LINE

ENVIRONMENT = """
from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table_schema=attributes["schema"])
with context.begin_transaction():
    context.run_migrations()
"""

REVISION = """
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    for statement in {up!r}:
        op.execute(statement)


def downgrade():
    for statement in {down!r}:
        op.execute(statement)
"""


class AlembicLoop:
    """The tenant line and one more revision, applied online with a version table a schema."""

    def __init__(self, folder: Path, database_url: str) -> None:
        url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = create_engine(url, poolclass=NullPool)
        self._folder = folder

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A fresh connection, warm enough to be asked something."""
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            connection.commit()
            yield connection

    def create(self, connection: Connection, schema: str, revision: str) -> None:
        """Makes a schema and brings it to the revision."""
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
        self.upgrade(connection, schema, revision)

    def upgrade(self, connection: Connection, schema: str, revision: str) -> None:
        """`alembic upgrade` of one schema."""
        self._bind(connection, schema)
        command.upgrade(self._config(connection, schema), revision)
        connection.commit()

    def upgrade_all(self, connection: Connection, schemas: Sequence[str], revision: str) -> None:
        """One schema after another, on one connection."""
        for schema in schemas:
            self.upgrade(connection, schema, revision)

    def drop(self, connection: Connection, schema: str) -> None:
        """`alembic downgrade base` of one schema, and the schema dropped."""
        self._bind(connection, schema)
        command.downgrade(self._config(connection, schema), "base")
        connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
        connection.commit()

    def _bind(self, connection: Connection, schema: str) -> None:
        connection.execute(text(f'SET LOCAL search_path = "{schema}"'))

    def _config(self, connection: Connection, schema: str) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self._folder))
        config.attributes.update(connection=connection, schema=schema)
        return config


@contextmanager
def alembic_loop(
    database_url: str, revision: str, before: str, up: Sequence[str], down: Sequence[str]
) -> Iterator[AlembicLoop]:
    """The loop over a copy of the tenant line with one revision added."""
    with tempfile.TemporaryDirectory(prefix="capliquify-alembic-") as name:
        folder = Path(name)
        shutil.copytree(TENANT_LINE / "versions", folder / "versions")
        (folder / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
        source = REVISION.format(revision=revision, before=before, up=list(up), down=list(down))
        (folder / "versions" / f"{revision}.py").write_text(source, encoding="utf-8")
        yield AlembicLoop(folder, database_url)
