"""Columns in the words of the data model: what a row must have, what it may have, what names it."""

from typing import Any

from sqlalchemy import Column, Text, TextClause, Uuid
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from shared.persistence.tables.kinds import INSTANT, NEW_ID, NOW

SEALED = "sealed"

Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def key(
    name: str, kind: Kind, meaning: str, *items: SchemaItem, default: TextClause | None = None
) -> Column[Any]:
    """A column of the primary key."""
    return Column(
        name,
        kind,
        *items,
        primary_key=True,
        server_default=default,
        autoincrement=False,
        comment=meaning,
    )


def required(
    name: str, kind: Kind, meaning: str, *items: SchemaItem, default: TextClause | None = None
) -> Column[Any]:
    """A column that is never empty."""
    return Column(name, kind, *items, nullable=False, server_default=default, comment=meaning)


def optional(name: str, kind: Kind, meaning: str, *items: SchemaItem) -> Column[Any]:
    """A column that may be empty; `meaning` says what that means, where it means something."""
    return Column(name, kind, *items, comment=meaning)


def sealed(name: str, meaning: str) -> Column[Any]:
    """A column whose text the vault has sealed: it leaves the database in a backup only."""
    return Column(name, Text, comment=f"sealed by the vault: {meaning}", info={SEALED: True})


def row_id(meaning: str) -> Column[Any]:
    """The column `id`, given by the server."""
    return key("id", Uuid(), meaning, default=NEW_ID)


def made_at(meaning: str = "when the row was written, UTC") -> Column[Any]:
    """The column `created_at`."""
    return required("created_at", INSTANT, meaning, default=NOW)


def changed_at() -> Column[Any]:
    """The column `updated_at`."""
    return required("updated_at", INSTANT, "when the row was changed last, UTC", default=NOW)
