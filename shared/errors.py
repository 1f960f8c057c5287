"""Errors, named by what to do next.

    CapLiquifyError
    ├── RetryLater              try the same work again, later
    │   ├── VendorUnavailable       the vendor did not answer, or answered 5xx
    │   ├── DatabaseUnavailable     PostgreSQL is away, or asks to do the transaction again
    │   ├── CursorExpired           the vendor does not know our place any more: begin the window again
    │   ├── WindowTooLarge          the vendor cannot answer for so long a time: ask for less
    │   └── Snooze                  nothing went wrong, it is too early: no attempt is used up
    │       ├── VendorBusy              the vendor prepares what was asked for
    │       ├── RateLimited             the vendor's limit is used up; `retry_after_s` says how long
    │       ├── StreamBusy              another job pulls the same stream
    │       ├── SliceOver               the job has had its turn; the rest goes on in another slice
    │       └── SchemaBehind            the tenant's schema has still to be migrated
    ├── GiveUp                  the same work would fail again: somebody must fix something
    │   ├── InvalidInput            a value given by a person or a vendor is wrong
    │   ├── TenantMissing           no tenant is bound, or the one named does not exist
    │   ├── TenantForbidden         the tenant exists, its status forbids the work
    │   ├── CredentialRejected      the vendor refuses the credential
    │   │   └── AccessForbidden         … this one request of it (HTTP 403): it may lack a role
    │   ├── ScopeMissing            the credential may not see this part
    │   ├── VaultError              a secret cannot be opened or no key is set
    │   └── ServiceError            an embedded or configured server cannot be used
    ├── StopWork                somebody else decides about this job now: change nothing more
    │   ├── LeaseLost               the job was given to another worker, or has ended
    │   └── JobCancelled            somebody cancelled the job
    └── SkipRecord              set this one record aside, go on with the rest

The message of an error is one line for a person: it names the field and the fix, and holds
neither a secret nor another tenant's name. All errors survive pickling, because Celery pickles them.
"""

from typing import Self


class CapLiquifyError(Exception):
    """Root of every error that this system raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RetryLater(CapLiquifyError):
    """Try the same work again after `retry_after_s` seconds (None: the policy decides)."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type["RetryLater"], tuple[str, float | None]]:
        return type(self), (self.message, self.retry_after_s)


class VendorUnavailable(RetryLater):
    """The vendor answered with what is no answer; the same is asked for again."""


class VendorAway(VendorUnavailable):
    """The vendor does not answer at all: the job waits until it does, and uses up no attempt.

    `circuit` names the vendor and its region.
    """

    def __init__(self, message: str, retry_after_s: float | None = None, circuit: str = "") -> None:
        super().__init__(message, retry_after_s)
        self.circuit = circuit

    def __reduce__(self) -> tuple[type["VendorAway"], tuple[str, float | None, str]]:  # type: ignore[override]
        return type(self), (self.message, self.retry_after_s, self.circuit)


class DatabaseUnavailable(RetryLater):
    """PostgreSQL is away for now, or asks to do the transaction again."""


class StatementTooLong(RetryLater):
    """A statement of the database was not done within the job's time."""


class CursorExpired(RetryLater):
    """The vendor does not know our place in its pages any more: the window begins again."""


class WindowTooLarge(RetryLater):
    """The vendor cannot answer for so long a window: a smaller one is asked for."""


class Snooze(RetryLater):
    """It is too early: the work goes on later and has used up no attempt."""


class VendorBusy(Snooze):
    """The vendor prepares what was asked for; it is fetched later."""


class RateLimited(Snooze):
    """The vendor's limit is used up for now."""


class StreamBusy(Snooze):
    """Another job of the same tenant moves the same cursor."""


class SliceOver(Snooze):
    """The job has worked long enough for now: others have their turn."""


class TenantSuspended(Snooze):
    """The tenant is suspended: its work waits until it is resumed."""

    @classmethod
    def of(cls, slug: str) -> Self:
        """The error for the tenant of that slug. Resuming wakes its jobs; without that they look each hour."""
        return cls(
            f"tenant: {slug} is suspended, it runs nothing until it is resumed",
            retry_after_s=3600.0,
        )


class SchemaBehind(Snooze):
    """The tenant's schema has still to be migrated to what this release needs."""


class GiveUp(CapLiquifyError):
    """The same work would fail again until somebody fixes what the message names."""


class InvalidInput(GiveUp):
    """A value given by a person, a file or a vendor is wrong."""


class AccountGone(InvalidInput):
    """The vendor knows no such account any more."""


class TenantMissing(GiveUp):
    """No tenant is bound, or the tenant named does not exist."""


class TenantForbidden(GiveUp):
    """The tenant exists, but its status forbids this work."""


class CredentialRejected(GiveUp):
    """The vendor refuses the credential; the owner must connect again."""


class AccessForbidden(CredentialRejected):
    """The vendor forbids one request to a credential that it knows; a role or a scope may be missing."""


class ScopeMissing(GiveUp):
    """The credential may not see what was asked for; the rest of the work goes on without it."""


class VaultError(GiveUp):
    """A secret cannot be opened, or no key is set to open it."""


class KeyMissing(VaultError):
    """A secret is sealed with a key that this process has not: the job waits until the key is there."""


class ServiceError(GiveUp):
    """An embedded or configured server (PostgreSQL, Valkey) cannot be used."""


class StopWork(CapLiquifyError):
    """Somebody else decides about this job now: change nothing more."""


class LeaseLost(StopWork):
    """The job was given to another worker, or has ended."""


class JobCancelled(StopWork):
    """Somebody cancelled the job."""


class SkipRecord(CapLiquifyError):
    """One record is bad: set it aside, count it, go on with the rest."""
