"""PostgreSQL's clock, which all machines share: what is kept is dated by it, and nothing by a machine's own."""

import time
from datetime import datetime, timedelta
from threading import Lock

from shared.persistence.database import Database

# Between two questions the time goes on by this machine's steady counter, which nobody can set.
ASK_AGAIN_S = 60.0


class ServerClock:
    """The server's time, asked for at most once a minute; safe in many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._asked: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The present instant, in UTC; raises `DatabaseUnavailable`."""
        with self._lock:
            if self._asked is None or time.monotonic() - self._asked[1] > ASK_AGAIN_S:
                rows = self._database.call("SELECT clock_timestamp() AS now")
                self._asked = rows[0]["now"], time.monotonic()
            asked, at = self._asked
        return asked + timedelta(seconds=time.monotonic() - at)
