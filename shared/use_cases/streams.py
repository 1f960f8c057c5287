"""The streams of a pull apart from each other: one that fails does not stop those that do not need it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.domain.rejections import MISSHAPEN
from shared.errors import (
    AccessForbidden,
    CredentialRejected,
    DatabaseUnavailable,
    GiveUp,
    RetryLater,
    SchemaBehind,
    ServiceError,
    SliceOver,
    TenantForbidden,
    TenantMissing,
    VaultError,
)
from shared.use_cases.ports.unit_of_work import UnitOfWork

# They are no stream's own: the whole run ends. So do the errors of `StopWork`.
OF_THE_RUN = (
    CredentialRejected,
    DatabaseUnavailable,
    SchemaBehind,
    ServiceError,
    SliceOver,
    TenantForbidden,
    TenantMissing,
    VaultError,
)


@dataclass(slots=True)
class Streams:
    """What became of each stream of one run."""

    # Why a stream did not go on for good, by stream.
    problems: dict[str, str] = field(default_factory=dict)
    went_well: list[str] = field(default_factory=list)
    _later: list[Exception] = field(default_factory=list)
    _given_up: list[GiveUp] = field(default_factory=list)

    def run(self, stream: str, pull: Callable[[], None]) -> bool:
        """Runs a stream; whether it went well. What it raises is kept, unless it ends the whole run."""
        try:
            pull()
        except AccessForbidden as error:
            self._give_up(stream, error)
        except OF_THE_RUN:
            raise
        except GiveUp as error:
            self._give_up(stream, error)
        except (RetryLater, *MISSHAPEN) as error:
            self._later.append(error)
        else:
            self.went_well.append(stream)
            return True
        return False

    def note(self, stream: str, lines: Iterable[str]) -> None:
        """Notes what the vendor does not report in a stream that went on without it."""
        for line in lines:
            self.problems.setdefault(stream, line)

    def _give_up(self, stream: str, error: GiveUp) -> None:
        self._given_up.append(error)
        self.problems[stream] = error.message

    @property
    def partial(self) -> list[str]:
        """The parts that are missing, a line each."""
        return [f"{stream}: {reason}" for stream, reason in self.problems.items()]

    def finish(self) -> None:
        """Raises what is to be done again; what was given up only where nothing went well."""
        if self._later:
            raise self._later[0]
        if self._given_up and not self.went_well:
            raise self._given_up[0]


def note_problems(work: UnitOfWork, credential_id: UUID, streams: Streams, now: datetime) -> None:
    """Keeps on the credential which streams do not go on; the audit log has a line when one stops or goes on."""
    before = work.credentials.problems(credential_id)
    after = {stream: each for stream, each in before.items() if stream not in streams.went_well}
    for stream, reason in streams.problems.items():
        since = before.get(stream, {}).get("since", now.isoformat())
        after[stream] = {"since": since, "reason": reason}
    if after == before:
        return
    work.credentials.keep_problems(credential_id, after)
    for stream in after.keys() - before.keys():
        _audit(work, "stream.stopped", credential_id, stream, after[stream]["reason"])
    for stream in before.keys() - after.keys():
        _audit(work, "stream.resumed", credential_id, stream, before[stream]["reason"])


def _audit(work: UnitOfWork, action: str, credential_id: UUID, stream: str, reason: str) -> None:
    work.audit.write(action, "credential", credential_id, {"stream": stream, "reason": reason})
