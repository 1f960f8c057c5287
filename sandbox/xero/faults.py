"""Faults that somebody asked for at the Xero sandbox."""

from dataclasses import dataclass

from sandbox.faults import Fault, Faults
from shared.errors import InvalidInput

TRANSPORT = (
    "server_error",
    "html_body",
    "truncated_json",
    "too_many_minute",
    "too_many_day",
    "too_many_at_once",
    "drop_connection",
    "forbidden",
)
PAGES = (
    "repeated_page",
    "change_mid_sync",
    "invoice_without_date",
    "money_as_text",
    "closed_without_fields",
    "advances_among_invoices",
)
OTHER = ("lose_answer_after_rotation", "money_as_number")
NAMES = frozenset((*TRANSPORT, *PAGES, *OTHER))


@dataclass(slots=True)
class XeroFault(Fault):
    """`spelling` is what X-Rate-Limit-Problem says; `seconds` is the `Retry-After` of a refusal."""

    spelling: str = ""


class XeroFaults(Faults):
    """The armed faults of one organisation."""

    def arm(self, fault: Fault) -> None:
        """Adds a fault; raises `InvalidInput` for one that there is not."""
        if fault.name not in NAMES:
            raise InvalidInput(
                f"fault: there is no {fault.name!r}; there are {', '.join(sorted(NAMES))}"
            )
        with self._lock:
            self._armed.append(fault)

    def strike(self, *names: str) -> XeroFault | None:
        """The first armed fault of these names that strikes now."""
        fault = self.fire("xero", *names)
        return fault if isinstance(fault, XeroFault) else None
