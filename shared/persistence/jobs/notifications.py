"""Notifications of the ledger: hints which queue to look at. Lost ones are made up for by polling."""

import time
from contextlib import suppress

import psycopg

CHANNEL = "capliquify_dispatch"
RECONNECT_S = 1.0


class Listener:
    """Listens on one connection of its own, which must not go through a transaction pooler."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None
        self._retry_at = 0.0

    def wait(self, timeout_s: float) -> set[str]:
        """The queues hinted at, at the latest after `timeout_s`; empty means: look at all."""
        connection = self._connect()
        if connection is None:
            time.sleep(timeout_s)
            return set()
        try:
            hinted = {each.payload for each in connection.notifies(timeout=timeout_s, stop_after=1)}
            if hinted:
                # What has come meanwhile belongs to the same round.
                hinted |= {each.payload for each in connection.notifies(timeout=0)}
        except psycopg.OperationalError:
            self.close()
            return set()
        return set() if "*" in hinted else hinted

    def close(self) -> None:
        """Closes the connection; the next wait opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _connect(self) -> psycopg.Connection | None:
        if self._connection is None and time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + RECONNECT_S
            with suppress(psycopg.OperationalError):
                self._connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    application_name="capliquify listener",
                    connect_timeout=5,
                    keepalives_idle=10,
                )
                self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection
