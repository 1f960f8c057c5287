"""One model of the tables: columns, keys and what they mean; held against the migrated database by a test."""

from types import ModuleType

from sqlalchemy import Table


def tables_of(room: ModuleType) -> list[Table]:
    """The tables that a room defines, in its own order."""
    return [each for each in vars(room).values() if isinstance(each, Table)]
