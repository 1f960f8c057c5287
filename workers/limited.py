"""A question that is given up when no answer comes: a server that is frozen whole ends no connection."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.errors import DatabaseUnavailable

T = TypeVar("T")


class Limited(Generic[T]):
    """Asks one question at a time in a thread of its own, `limit_s` seconds long."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._thread: threading.Thread | None = None

    def ask(self, question: Callable[[], T]) -> T:
        """The answer, or what the question raises.

        Raises `DatabaseUnavailable` where there is none in time, or the last question still hangs.
        """
        if self._thread is not None and self._thread.is_alive():
            raise DatabaseUnavailable("database: it has not answered the last question yet")
        answers: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                answers.append(question())
            except BaseException as error:  # It is raised where it was asked.
                errors.append(error)

        self._thread = threading.Thread(target=run, name="question", daemon=True)
        self._thread.start()
        self._thread.join(self._limit_s)
        if errors:
            raise errors[0]
        if not answers:
            raise DatabaseUnavailable(
                f"database: it takes logins and does not answer within {self._limit_s:.0f} s"
            )
        return answers[0]
