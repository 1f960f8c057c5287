"""When each scan ran last: `public.scan_runs`."""

from dataclasses import dataclass
from datetime import datetime

from shared.persistence.database import Database

BEGIN = """
INSERT INTO public.scan_runs AS s (name) VALUES (%s)
ON CONFLICT (name) DO UPDATE SET began_at = now(), ended_at = NULL, done = NULL RETURNING 1 AS noted
"""
END = "UPDATE public.scan_runs SET ended_at = now(), done = %s WHERE name = %s RETURNING 1 AS noted"
READ = """
SELECT name, began_at, ended_at, done, extract(epoch FROM now() - began_at)::float8 AS ago_s
FROM public.scan_runs ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class ScanRun:
    """The newest run of a scan: how long ago it began, when it ended and how much it did, if it has ended."""

    name: str
    began_at: datetime
    ended_at: datetime | None
    done: int | None
    ago_s: float


class ScanRuns:
    """What scans say of themselves; one that runs twice at once overwrites its own word."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str) -> None:
        """Says that a scan begins."""
        self._database.call(BEGIN, (name,))

    def end(self, name: str, done: int) -> None:
        """Says that it has ended and did so many things."""
        self._database.call(END, (done, name))


def read_scan_runs(database: Database) -> dict[str, ScanRun]:
    """The newest run of each scan that ever ran, by its name."""
    return {row["name"]: ScanRun(**row) for row in database.call(READ)}
