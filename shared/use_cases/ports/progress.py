"""How far a job has come."""

from typing import Protocol


class Report(Protocol):
    """Reports how far the work has come. `total` is None while nobody can know it."""

    def __call__(self, done: int, total: int | None, message: str) -> None: ...
