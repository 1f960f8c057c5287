"""The soft limit of a job: a signal that ends the task, and must not end what is written about it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from billiard.pool import SIG_SOFT_TIMEOUT


class SoftLimit:
    """The signal is heard only while the task's own function runs; the hard limit, which kills, is heard always.

    A statement that ends at the deadline ends at the moment of the signal. The signal then met the writing
    of the attempt's end, and a job that was to run again was failed for good.
    """

    def __init__(self) -> None:
        # Signals reach the main thread alone, and only it may say what they do.
        self._is_ours = threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> "SoftLimit":
        if self._is_ours:
            self._before = signal.signal(SIG_SOFT_TIMEOUT, signal.SIG_IGN)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_ours:
            signal.signal(SIG_SOFT_TIMEOUT, self._before)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """The block may be ended by it."""
        if not self._is_ours:
            yield
            return
        signal.signal(SIG_SOFT_TIMEOUT, self._before)
        try:
            yield
        finally:
            signal.signal(SIG_SOFT_TIMEOUT, signal.SIG_IGN)
