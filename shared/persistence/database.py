"""A bounded pool of connections, and transactions on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from shared.errors import ServiceError

Connection = psycopg.Connection[DictRow]


class Database:
    """The registry's database. Open it once a process; `url` is a libpq URL."""

    def __init__(
        self,
        url: str,
        *,
        pool_max: int = 4,
        acquire_timeout_s: float = 30.0,
        name: str = "capliquify",
    ) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=pool_max,
            timeout=acquire_timeout_s,
            # Backends keep some 0.2 MB for each tenant that they touched: renew them.
            max_lifetime=1800,
            open=False,
            kwargs={
                "row_factory": dict_row,
                "application_name": name,
                # Statements prepared on a server connection do not follow a client through PgBouncer.
                "prepare_threshold": None,
            },
        )

    def open(self) -> Self:
        """Opens the pool; connections are made when first needed."""
        self._pool.open()
        return self

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, rolled back on any error."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                yield connection
        except PoolTimeout as error:
            raise ServiceError(
                "DATABASE_URL: no connection to PostgreSQL could be had in time; "
                "is the server running, and is the pool large enough?"
            ) from error
