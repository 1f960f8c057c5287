"""Faults that somebody asked for: armed, fired so many times, counted."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock

from shared.errors import InvalidInput

# Where a request is answered otherwise than it should be.
TRANSPORT = (
    "server_error",
    "html_body",
    "truncated_json",
    "throttled",
    "too_many",
    "slow_drip",
    "drop_connection",
)
BULK = (
    "bulk_truncated",
    "bulk_short",
    "bulk_failed_timeout",
    "bulk_failed_internal",
    "bulk_malformed_line",
)
CONTENT = (
    "lose_answer_after_rotation",
    "duplicate_across_pages",
    "change_mid_sync",
    "price_as_number",
)
NAMES = frozenset((*TRANSPORT, *BULK, *CONTENT))
ROUTES = ("graphql", "token", "bulk")


@dataclass(slots=True)
class Fault:
    """A fault that fires `times` times, once `after` chances have passed.

    `shop` is a domain, None for all. `route` is where a transport fault strikes. `seconds` is how long a
    drip takes, or the `Retry-After` of a refusal.
    """

    name: str
    shop: str | None = None
    times: int = 1
    after: int = 0
    route: str = "graphql"
    seconds: float = 1.0


class Faults:
    """The armed faults of all shops, safe among threads."""

    def __init__(self) -> None:
        self.fired: Counter[str] = Counter()
        self._armed: list[Fault] = []
        self._lock = Lock()

    def arm(self, fault: Fault) -> None:
        """Adds a fault; raises `InvalidInput` for one that there is not."""
        if fault.name not in NAMES:
            raise InvalidInput(
                f"fault: there is no {fault.name!r}; there are {', '.join(sorted(NAMES))}"
            )
        if fault.route not in ROUTES:
            raise InvalidInput(f"route: there is no {fault.route!r}; there are {', '.join(ROUTES)}")
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Disarms all of them; what has fired stays counted."""
        with self._lock:
            self._armed.clear()

    @property
    def armed(self) -> list[str]:
        """The names of those that have still to fire."""
        with self._lock:
            return [each.name for each in self._armed]

    def fire(self, shop: str, *names: str, route: str | None = None) -> Fault | None:
        """The first armed fault of these names that strikes now. Asking is what counts as a chance."""
        with self._lock:
            for fault in self._armed:
                if fault.name not in names or fault.shop not in (None, shop):
                    continue
                if route is not None and fault.route != route:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                return self._strike(fault)
        return None

    def _strike(self, fault: Fault) -> Fault:
        fault.times -= 1
        if fault.times <= 0:
            self._armed.remove(fault)
        self.fired[fault.name] += 1
        return fault
