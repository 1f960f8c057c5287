"""Whether a vendor is asked at all: what one job learns of an outage spares the others theirs.

Here stands only what a client needs of it. A job's circuit is `workers/vendors/job_circuit.py`, whose text gives the
thresholds in words. They are set in `shared/persistence/migrations/functions/vendor_circuit.sql`: three tenants open a
circuit, then one job asks for all, after 30 s and at last every five minutes.
"""

from typing import Protocol

from shared.errors import VendorAway


class Circuit(Protocol):
    """One vendor's region as one job sees it."""

    def admit(self) -> None:
        """Called before each call. Raises `VendorAway` where another job asks for all of them."""

    def fail(self, error: VendorAway) -> VendorAway:
        """The vendor was away; returns the error to raise, with the circuit and when to ask again, if that is known."""

    def answer(self) -> None:
        """The vendor answered, whatever it said: it is not away."""


class NoCircuit:
    """Of a caller who is no job: an operator asks as often as he likes."""

    def admit(self) -> None:
        """Always."""

    def fail(self, error: VendorAway) -> VendorAway:
        """As it is."""
        return error

    def answer(self) -> None:
        """Nobody waits for it."""
