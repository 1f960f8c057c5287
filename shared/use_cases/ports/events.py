"""Where use cases say what happened."""

from typing import Protocol

from shared.domain.events import Event


class Events(Protocol):
    """Publishes events of the tenant."""

    def publish(self, event: Event) -> None:
        """Puts the jobs that follow from it on the ledger, in this transaction.

        Raises `InvalidInput` for a follower that no task takes, and `TenantSuspended` where the tenant was suspended
        meanwhile.
        """
