"""A bounded pool of connections, and transactions on it."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import LiteralString, Self

import psycopg
from psycopg import sql
from psycopg.abc import Params
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from shared.closing import Closing
from shared.errors import DatabaseUnavailable, ServiceError, StatementTooLong
from shared.persistence.far_instants import read_far_instants

Connection = psycopg.Connection[DictRow]

# SQLSTATEs after which the same transaction may succeed: deadlock, serialization, lock timeout …
IN_THE_WAY = ("40", "55P03")
# … connection lost, out of connections or memory, server shutting down.
AWAY = ("08", "53", "57P")

# A network that goes silent is noticed within half a minute, not after the kernel's two hours.
NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

NO_PROLOGUE = sql.SQL("")

# When the work of this context must be done, by `time.monotonic`; no statement runs on past it.
_deadline: ContextVar[float | None] = ContextVar("database_deadline", default=None)
SHORTEST_STATEMENT_S = 0.1
# How long a statement that is not wanted any more is given to hear of it.
CANCEL_S = 5.0
# A server that works for a client which is gone notices within this.
CLIENT_CHECK_MS = 2000

# A server that is away is asked again so often; left alone, the pool asks more and more seldom, and a
# server that was away for minutes stays unused for minutes more.
ASK_AGAIN_S = 1.0


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Statements of the block, on any database, end by then; one that does not is cancelled by the server.

    What runs in other threads (a heartbeat) is not meant.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class Database(Closing):
    """One login of one database. Open it once a process; `url` is a libpq URL."""

    def __init__(
        self,
        url: str,
        *,
        pool_max: int = 4,
        acquire_timeout_s: float = 30.0,
        name: str = "capliquify",
    ) -> None:
        self._acquire_timeout_s = acquire_timeout_s
        self._rendered: tuple[sql.Composable, bytes] = (NO_PROLOGUE, b"BEGIN; ")
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=pool_max,
            reconnect_timeout=ASK_AGAIN_S,
            # Backends keep some 0.2 MB for each tenant that they touched: renew them.
            max_lifetime=1800,
            open=False,
            configure=lambda connection: read_far_instants(connection.adapters),
            kwargs={
                "row_factory": dict_row,
                "application_name": name,
                # Transactions are opened by hand, so that what opens one travels with its BEGIN.
                "autocommit": True,
                # Statements prepared on a server connection do not follow a client through PgBouncer.
                "prepare_threshold": None,
                **NETWORK,
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

    @contextmanager
    def transaction(self, prologue: sql.Composable = NO_PROLOGUE) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, rolled back on any error.

        `prologue` is sent in one message with BEGIN: scoping costs no round trip of its own.
        """
        with (
            self._connection() as connection,
            _begin(connection, self._render(connection, prologue) + _statement_limits()),
        ):
            yield connection

    def call(self, query: LiteralString | bytes, params: Params | None = None) -> list[DictRow]:
        """One statement that is a transaction of its own: one round trip. Bytes are what `compiled` has made."""
        with self._connection() as connection:
            return connection.execute(query, params).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection of the pool; what the server says of its own state becomes `DatabaseUnavailable`."""
        try:
            with self._lent() as connection:
                yield connection
        except psycopg.errors.IdleInTransactionSessionTimeout:
            raise DatabaseUnavailable("database: the connection was lost") from None
        except psycopg.errors.QueryCanceled:
            if _deadline.get() is None:
                raise
            raise StatementTooLong(
                "database: a statement was not done within the job's time and was cancelled"
            ) from None
        except psycopg.errors.ReadOnlySqlTransaction:
            raise DatabaseUnavailable("database: the server takes no writes for now") from None
        except psycopg.OperationalError as error:
            if (error.sqlstate or "").startswith(IN_THE_WAY):
                raise DatabaseUnavailable("database: another transaction was in the way") from None
            if error.sqlstate is None or error.sqlstate.startswith(AWAY):
                # Its text may hold the address with everything in it.
                raise DatabaseUnavailable("database: the connection was lost") from error
            raise

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        connection = self._acquire()
        try:
            with connection:
                yield connection
        finally:
            self._pool.putconn(connection)

    def _acquire(self) -> Connection:
        deadline = time.monotonic() + self._acquire_timeout_s
        while True:
            try:
                # Each request makes the pool connect, if it has given up.
                connection = self._pool.getconn(min(ASK_AGAIN_S, deadline - time.monotonic()))
            except PoolTimeout:
                if time.monotonic() >= deadline:
                    raise DatabaseUnavailable(
                        "DATABASE_URL: no connection to PostgreSQL could be had in time; "
                        "is the server running, and is the pool large enough?"
                    ) from None
            else:
                if not _was_left(connection):
                    return connection
                connection.close()
                self._pool.putconn(connection)

    def _render(self, connection: Connection, prologue: sql.Composable) -> bytes:
        # A job opens all its units of work with the same prologue: its text is put together once.
        last, text = self._rendered
        if last is not prologue:
            text = b"BEGIN; " + prologue.as_bytes(connection)
            self._rendered = (prologue, text)
        return text


def _was_left(connection: Connection) -> bool:
    """Whether the server has ended a connection that lay idle: only its farewell is there to be read."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _statement_limits() -> bytes:
    """What bounds the statements of a transaction, where its context has a deadline."""
    until = _deadline.get()
    if until is None:
        return b""
    left_ms = int(max(until - time.monotonic(), SHORTEST_STATEMENT_S) * 1000)
    return (
        f"; SET LOCAL statement_timeout = {left_ms}; "
        f"SET LOCAL client_connection_check_interval = {CLIENT_CHECK_MS}"
    ).encode()


@contextmanager
def _begin(connection: Connection, opening: bytes) -> Iterator[None]:
    try:
        connection.execute(opening)
        yield
        _commit(connection)
    except BaseException:
        # A connection that is broken has nothing to roll back; the pool drops it.
        with suppress(psycopg.Error):
            _stop_statement(connection)
            connection.execute("ROLLBACK")
        raise


def _stop_statement(connection: Connection) -> None:
    """Ends a statement that an exception has left running: the server must not work on for nobody."""
    if connection.info.transaction_status is TransactionStatus.ACTIVE:
        connection.cancel_safe(timeout=CANCEL_S)
        connection.close()


def _commit(connection: Connection) -> None:
    # After an error that somebody swallowed, COMMIT would roll back without a word.
    if connection.execute("COMMIT").statusmessage != "COMMIT":
        raise ServiceError("database: the transaction had failed and was rolled back")
