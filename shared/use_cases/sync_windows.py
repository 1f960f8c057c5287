"""Pull a stream window by window: each page is one transaction with the place that it leads to."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from shared.domain.credential import StoredCredential, VendorAccount
from shared.domain.foreign_money import differing
from shared.domain.rejections import Kept
from shared.domain.stream_positions import AnyPosition, ByWindows, Position, WithTime
from shared.domain.window_steps import Step, SyncWindow, align, from_the_future
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    GiveUp,
    InvalidInput,
    Snooze,
    StreamBusy,
    VendorUnavailable,
    WindowTooLarge,
)
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.set_aside import set_aside
from shared.use_cases.store_credential import note_failure
from shared.use_cases.vendors import Page

MOST_RESTARTS = 3

PageT = TypeVar("PageT", bound=Page[Any])
# Opens the pages of a window from a cursor of the vendor's.
OpenPages = Callable[[SyncWindow, str | None], Iterator[PageT]]
# How far a stream has come at a position, where its end is known: done, of how many, and in words.
Measure = Callable[[ByWindows], tuple[int, int, str]]
# Writes a page in the transaction given; returns what that came to.
Keep = Callable[[UnitOfWork, PageT], Kept]


@dataclass(slots=True)
class Tally:
    """What a stream has come to so far; `left_out` counts records that a named rule leaves out."""

    read: int = 0
    changed: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Puller:
    """Moves the cursors of one credential, and of those that are pulled `together` with it.

    Sites of one account are read from the same pages: their cursors stand and move as one.
    """

    open_unit_of_work: OpenUnitOfWork
    credential: StoredCredential
    report: Report
    together: tuple[StoredCredential, ...] = ()

    @property
    def credentials(self) -> tuple[StoredCredential, ...]:
        """All whose cursors move, by the name of the service."""
        return tuple(sorted((self.credential, *self.together), key=lambda each: each.service_name))

    @contextmanager
    def noting_failure(self, now: datetime) -> Iterator[None]:
        """Notes on the credential what will not pass by itself, and whether its owner must connect again."""
        try:
            yield
        except GiveUp as error:
            found, refused = self.credential, isinstance(error, CredentialRejected)
            with self.open_unit_of_work() as work:
                note_failure(work, found.id, now, reconnect=refused, sealed=found.sealed)
            raise

    def meet(self, account: str, timezone: str, currency: str) -> None:
        """Notes whom the credential opens. Raises `InvalidInput` where it was somebody else before.

        The records of two accounts must not mix, and the streams stand where the former one's ended.
        """
        name = self.credential.service_name
        with self.open_unit_of_work() as work:
            if work.credentials.get(name).sealed != self.credential.sealed:
                raise Snooze(f"{name}: the credential was stored again; the job begins again", 1.0)
            known = work.accounts.get(self.credential.id)
            before = (known and known.account) or account
            if account and before != account:
                raise InvalidInput(
                    f"{name}: the credential opens another account ({account}) than the one whose records "
                    f"are here ({before}); store the credential of that one"
                )
            reported = VendorAccount(before or None, timezone, currency)
            if known != reported and not work.accounts.keep(self.credential.id, known, reported):
                raise StreamBusy(f"{name}: another job pulls it; this one goes on afterwards", 30.0)

    @property
    def names_its_account(self) -> bool:
        """Whether the vendor has named the account at an earlier pull."""
        with self.open_unit_of_work() as work:
            known = work.accounts.get(self.credential.id)
        return known is not None and known.account is not None

    def differing_currencies(self) -> dict[str, str]:
        """The currencies, by service, of those pulled here whose currency is not the company's."""
        names = {each.service_name for each in self.credentials}
        with self.open_unit_of_work() as work:
            known = work.credentials.currencies()
            own = work.companies.get().currency
        return differing({name: known[name] for name in names & known.keys()}, own)

    def position(self, stream: str, kind: type[AnyPosition]) -> AnyPosition | None:
        """Where a stream stands; None before its first run."""
        with self.open_unit_of_work() as work:
            return work.cursors.get(self.credential.id, stream, kind)

    def align(self, stream: str, kind: type[ByWindows]) -> None:
        """Puts the streams of all that are pulled together to the place of the one that is furthest behind."""
        if not self.together:
            return
        with self.open_unit_of_work() as work:
            found = {each.id: work.cursors.get(each.id, stream, kind) for each in self.credentials}
            standing = [position for position in found.values() if position is not None]
            if not standing:
                return
            place = align(standing)
            for credential_id, position in found.items():
                if position != place and not work.cursors.move(
                    credential_id, stream, position, place
                ):
                    raise StreamBusy(
                        f"{stream}: another job pulls it; this one goes on afterwards", 30.0
                    )

    def move(self, work: UnitOfWork, stream: str, old: Position | None, new: Position) -> None:
        """Moves a cursor from where this run found it; raises `StreamBusy` if another run has moved it."""
        for each in self.credentials:
            if not work.cursors.move(each.id, stream, old, new):
                raise StreamBusy(
                    f"{stream}: another job pulls it; this one goes on afterwards", 30.0
                )

    def set_aside(
        self, work: UnitOfWork, stream: str, page: Page[Any], kept: Kept, tally: Tally
    ) -> None:
        """Counts a page and what it came to, and keeps what could not be read or written of it."""
        rejected = (*page.rejected, *kept.rejected)
        tally.read += len(page.records)
        tally.changed += kept.changed
        tally.rejected += len(rejected)
        tally.left_out.update(page.left_out)
        tally.problems += [each for each in page.problems if each not in tally.problems]
        set_aside(work, self.credentials[0], stream, rejected)

    def run(
        self,
        stream: str,
        kind: type[ByWindows],
        next_step: Callable[[ByWindows], Step[ByWindows] | None],
        open_pages: OpenPages[PageT],
        keep: Keep[PageT],
        tally: Tally,
        measure: Measure[ByWindows] | None = None,
    ) -> None:
        """All windows that are due. A window that fails does not move the cursor."""
        restarts = 0
        while True:
            position = self.position(stream, kind)
            if position is None:
                raise StreamBusy(f"{stream}: its place was taken away; the job begins again", 30.0)
            step = next_step(position)
            if step is None:
                return
            try:
                self._run_window(stream, position, step, open_pages, keep, tally, measure)
            except WindowTooLarge:
                narrowed = step.narrowed(step.opened)
                if narrowed is None:
                    raise
                self.begin_again(stream, narrowed)
            except CursorExpired:
                # What expires again and again is left to the job's own retries.
                restarts += 1
                standing = self.position(stream, kind)
                is_between_pages = standing is not None and standing.is_between_pages
                if restarts > MOST_RESTARTS or not is_between_pages:
                    raise
                self.begin_again(stream, step.opened)

    def come_back(self, stream: str, end: datetime, kind: type[WithTime]) -> None:
        """Puts a stream that stands in the future back, and says so: it would read nothing until then."""
        with self.open_unit_of_work() as work:
            found = work.cursors.get(self.credential.id, stream, kind)
            place = from_the_future(found, end)
            if found is None or place is None:
                return
            self.move(work, stream, found, place)
            name = self.credential.service_name
            stood = work.cursors.spell(found)
            changes = {
                "service_name": name,
                "stream": stream,
                "stood_at": stood.get("since") or stood["day"],
                **work.cursors.spell(place),
            }
            work.audit.write("sync.position_in_future", "credential", self.credential.id, changes)

    def _run_window(
        self,
        stream: str,
        position: ByWindows,
        step: Step[ByWindows],
        open_pages: OpenPages[PageT],
        keep: Keep[PageT],
        tally: Tally,
        measure: Measure[ByWindows] | None,
    ) -> None:
        read_before = tally.read
        for page in open_pages(step.window, step.after):
            last = page.next_cursor is None
            with self.open_unit_of_work() as work:
                self.set_aside(work, stream, page, keep(work, page), tally)
                moved = (
                    step.finished(tally.read - read_before)
                    if page.next_cursor is None
                    else step.paused(page.next_cursor)
                )
                self.move(work, stream, position, moved)
            position = moved
            done, total, words = measure(moved) if measure else (tally.read, None, "")
            self.report(done, total, f"{stream}: {tally.read:,} read{words}")
            if last:
                return
        raise VendorUnavailable(f"{stream}: the pages ended before their last one")

    def begin_again(self, stream: str, position: AnyPosition) -> None:
        """Puts a stream to a position, wherever it stands."""
        with self.open_unit_of_work() as work:
            found = work.cursors.get(self.credential.id, stream, type(position))
            self.move(work, stream, found, position)
