"""How far a job has come."""

from typing import Protocol


class Report(Protocol):
    """Reports how far the work has come."""

    def __call__(self, done: int, total: int | None, message: str) -> None:
        """`done` of `total` is done, in the work's own unit; `message` is for people.

        `total` is None while nobody can know it.
        """
