"""A job's id as a person types it: whole, or only how it begins."""

import re
from dataclasses import dataclass
from uuid import UUID

from shared.errors import InvalidInput

SHORTEST = 6
# What tables show where a whole id has no room: two of a million jobs rarely begin alike.
SHOWN = 8
LENGTH = 32
PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST},{LENGTH}}}")


@dataclass(frozen=True, slots=True)
class IdPrefix:
    """How an id begins, as typed, and the first and the last id that begin so."""

    text: str
    first: UUID
    last: UUID


def read_prefix(text: str) -> IdPrefix:
    """The prefix in a text, with or without dashes; raises `InvalidInput` for what begins no id."""
    digits = text.strip().lower().replace("-", "")
    if not PREFIX.fullmatch(digits):
        raise InvalidInput(
            f"job: {text!r} is not an id; give it whole, or {SHORTEST} or more of its first characters; "
            "`capliquify jobs list` shows them"
        )
    return IdPrefix(text, UUID(digits.ljust(LENGTH, "0")), UUID(digits.ljust(LENGTH, "f")))


def short_id(job_id: UUID) -> str:
    """The prefix of an id that commands take in place of the whole."""
    return str(job_id)[:SHOWN]
