"""A vendor credential as it is kept: what is known of it, and its secrets, sealed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# What keeps streams from going on: by stream, since when (`since`) and why (`reason`).
StreamProblems = dict[str, dict[str, str]]

# The types of services, as `api_credentials` keeps them.
ECOMMERCE, ACCOUNTING = "ecommerce", "accounting"


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """What a vendor's account says of itself: its id, time zone and currency; None where it does not say."""

    account: str | None
    timezone: str | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class KeptCredential:
    """A credential with all that is sealed of it, by column; empty columns are left out."""

    id: UUID
    service_name: str
    service_type: str
    is_active: bool
    needs_reconnect: bool
    last_sync_at: datetime | None
    last_sync_status: str | None
    sealed: dict[str, str]
    stream_problems: StreamProblems


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential as it lies in `api_credentials`: sealed."""

    id: UUID
    company_id: UUID
    service_name: str
    service_type: str
    sealed: str
