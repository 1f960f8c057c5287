"""Statements of SQLAlchemy Core as psycopg takes them, to be run on a unit of work's own connection.

Which tenant they reach is the connection's to say: its role, its search path, its setting.
"""

from typing import Any

from sqlalchemy import Select

from shared.persistence.tables.kinds import DIALECT


def compiled(statement: Select[*tuple[Any, ...]]) -> tuple[bytes, dict[str, Any]]:
    """SQL and its parameters, for `execute`; values go to psycopg as they are, so JSON must be its `Jsonb`."""
    made = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    return made.string.encode(), dict(made.params)
