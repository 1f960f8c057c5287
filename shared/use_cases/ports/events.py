"""What happened, for whoever reacts."""

from typing import Protocol

from shared.domain.events import Event


class Events(Protocol):
    def publish(self, event: Event) -> None:
        """Puts the jobs that follow from it on the ledger, in this transaction."""
