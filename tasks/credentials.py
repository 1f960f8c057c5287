"""Credentials: seal them again after the key ring has got a new first key."""

from shared.use_cases.rotate_keys import RotationResult, rotate_keys
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task


class RotateKeys(Arguments):
    """Takes nothing: the tenant is the job's, the keys are the worker's."""


@task(
    name="credentials.rotate_keys",
    queue=Queue.MAINTENANCE,
    arguments=RotateKeys,
    result=RotationResult,
)
def rotate(context: JobContext, _arguments: RotateKeys) -> RotationResult:
    """Seals again what the active key did not seal."""
    return rotate_keys(context.open_unit_of_work, context.wiring.vault, context.progress)
