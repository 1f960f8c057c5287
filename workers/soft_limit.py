"""The soft limit of a job: a signal that ends the task, and must not end what is written about it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from billiard.pool import SIG_SOFT_TIMEOUT


@contextmanager
def no_soft_limit() -> Iterator[None]:
    """The soft limit says nothing in the block; the hard one, which kills the process, stays.

    A statement that ends at the deadline ends at the moment of the signal. The signal then met the writing
    of the attempt's end, and a job that was to run again was failed for good.
    """
    if threading.current_thread() is not threading.main_thread():
        # Signals reach the main thread alone.
        yield
        return
    before = signal.signal(SIG_SOFT_TIMEOUT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(SIG_SOFT_TIMEOUT, before)
