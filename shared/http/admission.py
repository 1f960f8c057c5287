"""Whether a vendor is asked at all: what one job learns of an outage spares the others theirs.

Workers fulfil it with `workers/vendors/job_circuit.py`; the rule stands in the SQL functions of
`vendor_circuit.sql`.
"""

from typing import Protocol

from shared.errors import VendorAway


class Circuit(Protocol):
    """One vendor's region as one job sees it."""

    def admit(self) -> None:
        """Raises `VendorAway` where another job asks for all of them."""

    def fail(self, error: VendorAway) -> VendorAway:
        """The vendor did not answer; returns the error with what the job is to do."""

    def answer(self) -> None:
        """The vendor answered, whatever it said."""


class NoCircuit:
    """Of a caller who is no job: an operator asks as often as he likes."""

    def admit(self) -> None:
        """Always."""

    def fail(self, error: VendorAway) -> VendorAway:
        """As it is."""
        return error

    def answer(self) -> None:
        """Nobody waits for it."""
