"""What a storm did, and whether every page was written exactly once and every night begun."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from benchmarks.storm_faults import Storm
from schedules.nightly import NIGHTLIES, due_ticks
from tests.fixtures.numbered import written

TENANTS = "SELECT id, created_at, now() FROM public.tenants"
NIGHTS = "SELECT tenant_id, schedule, max(tick_at) FROM public.schedule_runs GROUP BY 1, 2"
TO_COME = "SELECT count(*) FROM public.schedule_runs WHERE tick_at > now() + interval '1 minute'"
UNSUCCESSFUL = """
SELECT concat_ws(', ', name, state, error_message), count(*)
FROM public.jobs WHERE state <> 'succeeded' GROUP BY 1 ORDER BY 2 DESC
"""
ENDINGS = """
SELECT coalesce(e ->> 'error_message', e ->> 'outcome') AS why, count(*)
FROM public.jobs, jsonb_array_elements(history) AS e GROUP BY 1 ORDER BY 2 DESC
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a storm did and what it cost."""

    seed: int
    seconds: float
    tenants: int
    jobs: int
    pages: int
    faults: dict[str, int]
    attempts_that_failed: dict[str, int]
    lost: int
    doubled: int
    not_succeeded: dict[str, int]
    nights_due: int
    nights_missed: int
    nights_to_come: int
    crashes: dict[str, int]
    drained_in_s: float

    @property
    def is_well(self) -> bool:
        """Whether everything was done exactly once, and nobody fell."""
        pages = self.lost or self.doubled or self.not_succeeded
        nights = self.nights_missed or self.nights_to_come
        return not (pages or nights or self.crashes)

    def print(self) -> None:
        """Print the table."""
        print(
            f"seed {self.seed}, {self.seconds:.0f} s: {self.jobs} jobs of {self.tenants} "
            f"tenants, {self.pages} pages, drained in {self.drained_in_s} s"
        )
        for title, counts in (
            ("faults", self.faults),
            ("attempts that failed", self.attempts_that_failed),
            ("jobs not succeeded", self.not_succeeded),
            ("ended by themselves", self.crashes),
        ):
            print(f"{title}:")
            for what, number in counts.items():
                print(f"  {number:>5}  {what}")
        verdict = "as it should be" if self.is_well else "WRONG"
        print(
            f"lost = {self.lost}, doubled = {self.doubled}, "
            f"jobs not succeeded = {sum(self.not_succeeded.values())}, nights missed = {self.nights_missed} of "
            f"{self.nights_due}, of days to come = {self.nights_to_come}, "
            f"crashes = {sum(self.crashes.values())}: {verdict}"
        )


def nights_due(url: str) -> dict[tuple[UUID, str], datetime]:
    """The tick of each tenant and schedule that is due by now, by the server's time."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(TENANTS).fetchall()
    return {
        (tenant, nightly.name): ticks[-1]
        for tenant, born, now in rows
        for nightly in NIGHTLIES
        if (ticks := due_ticks(nightly, tenant, ZoneInfo("UTC"), born, now))
    }


def nights_missed(url: str, due: Mapping[tuple[UUID, str], datetime]) -> int:
    """How many of the nights that were due have no tick; one that came due since has its place."""
    with psycopg.connect(url) as connection:
        nights = {(row[0], row[1]): row[2] for row in connection.execute(NIGHTS)}
    return sum(1 for each, tick in due.items() if each not in nights or nights[each] < tick)


def judge(
    url: str,
    asked: argparse.Namespace,
    expected: Mapping[UUID, int],
    due: Mapping[tuple[UUID, str], datetime],
    storm: Storm,
    drained_in_s: float,
) -> Outcome:
    """Compares every page with what was ordered, and every night with what was due."""
    have = written(url)
    wanted = {job: set(range(1, pages + 1)) for job, pages in expected.items()}
    with psycopg.connect(url) as connection:
        unsuccessful: dict[str, int] = dict(connection.execute(UNSUCCESSFUL).fetchall())
        endings: dict[str, int] = dict(connection.execute(ENDINGS).fetchall())
        to_come = (connection.execute(TO_COME).fetchone() or (0,))[0]
    return Outcome(
        seed=asked.seed,
        seconds=asked.seconds,
        tenants=asked.tenants,
        jobs=len(expected),
        pages=sum(expected.values()),
        faults=dict(storm.faults),
        attempts_that_failed=endings,
        lost=sum(len(pages - set(have.get(job, []))) for job, pages in wanted.items()),
        doubled=sum(len(pages) - len(set(pages)) for pages in have.values()),
        not_succeeded=unsuccessful,
        nights_due=len(due),
        nights_missed=nights_missed(url, due),
        nights_to_come=to_come,
        crashes=dict(storm.crashes),
        drained_in_s=round(drained_in_s, 1),
    )
