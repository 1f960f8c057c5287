"""Working capital: rows by day, week and month."""

from datetime import timedelta

from shared.use_cases.roll_up_working_capital import RollUpResult, roll_up_working_capital
from workers.definition import Arguments, Day, JobContext
from workers.queues import Queue
from workers.task import task

DEFAULT_RANGE_DAYS = 90


class RollUp(Arguments):
    """The days to compute, both included, and the last day known: yesterday, and ninety days, if left out."""

    first: Day | None = None
    last: Day | None = None
    as_of: Day | None = None


@task(
    name="working_capital.roll_up", queue=Queue.INTERACTIVE, arguments=RollUp, result=RollUpResult
)
def roll_up(context: JobContext, arguments: RollUp) -> RollUpResult:
    """Computes working capital of the days, weeks and months in range."""
    as_of = arguments.as_of or context.yesterday()
    last = arguments.last or as_of
    first = arguments.first or last - timedelta(days=DEFAULT_RANGE_DAYS - 1)
    return roll_up_working_capital(context.open_unit_of_work, context.progress, first, last, as_of)
