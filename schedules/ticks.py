"""All ticks, on one screen. A tick starts a scan, which works for all tenants at once.

`schedules.materialise` makes jobs, each of one tenant. The others make none: they do their work themselves.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """How often a scan starts. It may start once too often."""

    scan: str
    every_s: int


TICKS = {
    # Nightly jobs of each tenant in its own time zone: schedules/nightly.py.
    "nightly jobs": Tick("schedules.materialise", 300),
    "purge due tenants": Tick("tenants.purge_due", 3600),
    "retire old jobs": Tick("jobs.retire", 3600),
    "exchange rates": Tick("rates.refresh", 3600),
}
