"""Types and columns as people read them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Enum
from sqlalchemy.types import TypeEngine

from shared.persistence.tables.kinds import DIALECT


def name_type(kind: TypeEngine[Any]) -> str:
    """The type as PostgreSQL writes it, in short: varchar(50), timestamptz, job_state."""
    if isinstance(kind, Enum):
        return str(kind.name)
    written = kind.compile(dialect=DIALECT).lower()
    return written.replace("timestamp with time zone", "timestamptz")


def show_type(kind: TypeEngine[Any]) -> str:
    """The same, linked to its values where it is an enum."""
    name = name_type(kind)
    return f"[{name}](#enums)" if isinstance(kind, Enum) else name


def show_columns(columns: Iterable[Column[Any]]) -> str:
    """Names of columns, divided by commas."""
    return ", ".join(f"`{each.name}`" for each in columns)
