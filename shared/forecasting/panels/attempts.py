"""Fits of libraries that raise many errors where they find nothing."""

from collections.abc import Callable
from typing import Any

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError, IndexError, TypeError, AssertionError)


def attempt(work: Callable[..., Any], *given: Any) -> Any:
    """Return its answer, None where the library finds no fit: it raises many errors, also a bare `Exception`.

    Errors of the machine and the job's deadline are other classes and pass through.
    """
    try:
        return work(*given)
    except FIT_ERRORS:
        return None
    except Exception as error:
        if type(error) is not Exception:
            raise
        return None
