"""How far each stream has come, whose it is, and what was set aside of it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from shared.domain.credential import VendorAccount
from shared.domain.sales import RejectedRecord
from shared.domain.stream_positions import AnyPosition, Position


class Accounts(Protocol):
    """What the account that a credential opens says of itself."""

    def get(self, credential_id: UUID) -> VendorAccount | None:
        """The account that the credential opens; None before its first pull."""

    def keep(self, credential_id: UUID, old: VendorAccount | None, new: VendorAccount) -> bool:
        """Compare and set; False, and nothing is kept, if something else than `old` is there by now."""


class Cursors(Protocol):
    """One position for each credential and stream."""

    def get(self, credential_id: UUID, stream: str, kind: type[AnyPosition]) -> AnyPosition | None:
        """Where the stream stands; None until it was given a position.

        A stream of windows gets its first one before its first page, any other with that page.
        Raises `InvalidInput` where what is kept is no position of this kind; the error names service, stream and fix.
        """

    def move(self, credential_id: UUID, stream: str, old: Position | None, new: Position) -> bool:
        """Compare and set; False, and nothing moves, if the stream does not stand at `old`. None is nowhere yet."""

    def spell(self, position: Position) -> dict[str, str]:
        """The position as the table holds it, for the audit log."""


class Rejections(Protocol):
    """Records that could not be used, each with its field and reason."""

    def add(
        self, credential_id: UUID | None, stream: str, records: Sequence[RejectedRecord]
    ) -> None:
        """Sets records aside; one seen before is counted. Without a credential they are our own figures."""

    def counts(self) -> dict[str, int]:
        """How many records are set aside, by service. Our own figures are not in it."""

    def forget(self, stream: str, keys: Sequence[str]) -> None:
        """Forgets what was set aside of our own figures: they are good by now."""
