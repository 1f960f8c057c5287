"""What was learnt of a tenant's SKUs, and when that is to be learnt again."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

REFIT_EVERY_DAYS = 7
# A backfill brings so much at once; single late orders of long ago do not matter.
LONGER_PAST_DAYS = 28
# A range of goods that changed by more than this share is another range.
MOST_CHANGED = 0.2


class UnreadableModels(ValueError):
    """What was stored is not what this release stores: it is learnt again."""


@dataclass(frozen=True, slots=True)
class LearntModels:
    """`state` are the models as the forecaster packs them; None where the stored bytes are damaged.

    `learnt_from` and `learnt_until` are the first and the last day that was learnt from, of
    `skus` SKUs. `refit_reason` says why they are to be learnt again, where somebody found out.
    """

    model_version: str
    learnt_from: date
    learnt_until: date
    skus: int
    state: bytes | None
    refit_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Needed:
    """A forecast by code of that version, of so many SKUs whose sales are known from `first` to `origin`."""

    version: str
    first: date
    origin: date
    skus: int


def is_own_day(company_id: UUID, origin: date) -> bool:
    """Whether the company learns from this day: one day of the week each, so that not all learn in one night."""
    return origin.toordinal() % REFIT_EVERY_DAYS == company_id.int % REFIT_EVERY_DAYS


def why_learn(stored: LearntModels | None, needed: Needed, own_day: bool) -> str | None:
    """Why a forecast needs more than what is stored; None where it can go on from there."""
    if stored is None:
        return "nothing was learnt yet"
    known_from, known_until = stored.learnt_from, stored.learnt_until
    days = (needed.origin - known_until).days
    found = (
        (
            stored.model_version != needed.version,
            f"{stored.model_version} learnt, this is {needed.version}",
        ),
        (stored.state is None, "what was stored is damaged"),
        (stored.refit_reason is not None, stored.refit_reason),
        (
            not 0 <= days < REFIT_EVERY_DAYS or (own_day and days > 0),
            f"what was learnt until {known_until} is not of this week",
        ),
        (
            (known_from - needed.first).days > LONGER_PAST_DAYS,
            f"{known_from} was the first day, now {needed.first}",
        ),
        (
            abs(needed.skus - stored.skus) > MOST_CHANGED * stored.skus,
            f"{stored.skus} SKUs were learnt, {needed.skus} are sold now",
        ),
    )
    return next((reason for holds, reason in found if holds), None)
