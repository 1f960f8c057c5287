"""Faults on demand: each strikes some requests, after letting some pass."""

from collections.abc import Iterable
from dataclasses import dataclass, field

# Those that strike a request whatever it asks, and those that one operation looks for.
ANY_REQUEST = ("server_error", "html_body", "truncated_json", "too_many", "drop_connection")
OF_AN_OPERATION = (
    "duplicate_across_pages",
    "change_mid_sync",
    "report_fatal",
    "report_cancelled",
    "document_truncated",
    "empty_page_with_token",
)
FAULTS = (*ANY_REQUEST, *OF_AN_OPERATION)


@dataclass(slots=True)
class Fault:
    """One kind of fault: passes `after` requests, then strikes `times`."""

    kind: str
    times: int
    after: int


@dataclass(slots=True)
class Faults:
    """The faults that are ordered."""

    ordered: list[Fault] = field(default_factory=list)
    struck: int = 0

    def order(self, kind: str, times: int = 1, after: int = 0) -> None:
        """Orders one; raises `ValueError` for a kind that is unknown."""
        if kind not in FAULTS:
            raise ValueError(f"fault: give one of {', '.join(FAULTS)}")
        self.ordered.append(Fault(kind, times, after))

    def strikes(self, kind: str) -> bool:
        """Whether this fault strikes now."""
        for fault in self.ordered:
            if fault.kind == kind and fault.times > 0:
                if fault.after > 0:
                    fault.after -= 1
                    return False
                fault.times -= 1
                self.struck += 1
                return True
        return False

    def first_of(self, kinds: Iterable[str]) -> str | None:
        """The first of these that strikes now."""
        return next((kind for kind in kinds if self.strikes(kind)), None)
