"""What a storm did, and whether every page was written exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import psycopg

from tests.fixtures.numbered import written

TENANTS = "SELECT count(*) FROM public.tenants"
UNSUCCESSFUL = "SELECT count(*) FROM public.jobs WHERE state <> 'succeeded'"
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
    not_succeeded: int
    drained_in_s: float

    @property
    def is_well(self) -> bool:
        """Whether everything was done exactly once."""
        return self.lost == self.doubled == self.not_succeeded == 0

    def print(self) -> None:
        """Print the table."""
        print(
            f"seed {self.seed}, {self.seconds:.0f} s: {self.jobs} jobs of {self.tenants} "
            f"tenants, {self.pages} pages, drained in {self.drained_in_s} s"
        )
        for title, counts in (
            ("faults", self.faults),
            ("attempts that failed", self.attempts_that_failed),
        ):
            print(f"{title}:")
            for what, number in counts.items():
                print(f"  {number:>5}  {what}")
        verdict = "as it should be" if self.is_well else "WRONG"
        print(
            f"lost = {self.lost}, doubled = {self.doubled}, "
            f"jobs not succeeded = {self.not_succeeded}: {verdict}"
        )


def judge(
    url: str,
    seed: int,
    seconds: float,
    expected: Mapping[UUID, int],
    faults: Mapping[str, int],
    drained_in_s: float,
) -> Outcome:
    """Compares every page with what was ordered."""
    have = written(url)
    wanted = {job: set(range(1, pages + 1)) for job, pages in expected.items()}
    with psycopg.connect(url) as connection:
        tenants = (connection.execute(TENANTS).fetchone() or (0,))[0]
        unsuccessful = (connection.execute(UNSUCCESSFUL).fetchone() or (0,))[0]
        endings: dict[str, int] = dict(connection.execute(ENDINGS).fetchall())
    return Outcome(
        seed=seed,
        seconds=seconds,
        tenants=tenants,
        jobs=len(expected),
        pages=sum(expected.values()),
        faults=dict(faults),
        attempts_that_failed=endings,
        lost=sum(len(pages - set(have.get(job, []))) for job, pages in wanted.items()),
        doubled=sum(len(pages) - len(set(pages)) for pages in have.values()),
        not_succeeded=unsuccessful,
        drained_in_s=round(drained_in_s, 1),
    )
