"""Bring the years before the connection, newest first, while the nightly pull goes on beside it."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

from shared.domain.credential import StoredCredential
from shared.domain.events import SalesBackfilled
from shared.domain.rejections import Kept
from shared.domain.stream_positions import Backward, Done
from shared.domain.window_steps import Basis, Track, next_backward
from shared.errors import ScopeMissing
from shared.use_cases.keep_sales import keep_page
from shared.use_cases.ports.progress import Report
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from shared.use_cases.pull_sales import BACKFILL
from shared.use_cases.sync_windows import Puller, Tally
from shared.use_cases.vendors import SalePage, ShopConnector

NOT_BEGUN = "the first pull has not begun; it says where the past ends"
ENDED_EARLY = "it ended early: the credential may not see older orders; connect the shop again with that right"
ALL_HERE = "the years before the connection are here"


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """Lines read, lines that changed, records set aside; `left_out` counts by rule what is no sale.

    `nothing_to_do` says why nothing was asked of the shop; null where it was asked.
    """

    lines_read: int
    lines_changed: int
    rejected: int
    left_out: dict[str, int] = field(default_factory=dict)
    nothing_to_do: str | None = None


def backfill_sales(
    open_unit_of_work: OpenUnitOfWork,
    connector: ShopConnector,
    credential: StoredCredential,
    report: Report,
    together: tuple[StoredCredential, ...] = (),
    *,
    again: bool = False,
    as_of: date | None = None,
) -> BackfillResult:
    """Goes on where it stands; the result says why where there is nothing to do.

    `again` goes on also where the credential could not see further: it may be another one now. `as_of` is
    the day that what follows is asked to stand on.

    Raises `ScopeMissing` where the vendor hides what is older: what it shows counts as all there is.
    """
    result = _backfill(open_unit_of_work, connector, credential, report, together, again=again)
    if result.nothing_to_do is None:
        with open_unit_of_work() as work:
            service = credential.service_name
            work.events.publish(SalesBackfilled(service, as_of, result.lines_changed))
    return result


def _backfill(
    open_unit_of_work: OpenUnitOfWork,
    connector: ShopConnector,
    credential: StoredCredential,
    report: Report,
    together: tuple[StoredCredential, ...],
    *,
    again: bool,
) -> BackfillResult:
    puller = _puller(open_unit_of_work, credential, report, together)
    track = Track(Basis.CREATED, longest=connector.traits.longest_window)
    position = puller.position(BACKFILL, Backward)
    if position is None:
        return BackfillResult(0, 0, 0, nothing_to_do=NOT_BEGUN)
    goes_on = again and position.done is Done.SCOPE_MISSING
    if (idle := _nothing_to_do(position)) and not goes_on:
        return BackfillResult(0, 0, 0, nothing_to_do=idle)
    # A vendor that names no account is not asked each time: Amazon answers that once a minute.
    if puller.names_its_account:
        shop = connector.describe_shop()
        puller.meet(shop.account, shop.timezone, shop.currency)
    if goes_on:
        _go_on(puller, position)

    channels = {each.service_name: each for each in puller.credentials}

    def keep(work: UnitOfWork, page: SalePage) -> Kept:
        return keep_page(work, page, channels, connector.traits.fee_rule)

    tally = Tally()
    try:
        step = partial(next_backward, track=track)
        measure = partial(_measure, connector.traits.history)
        puller.run(BACKFILL, Backward, step, connector.sale_pages, keep, tally, measure)
    except ScopeMissing:
        _end_early(puller)
        raise
    return BackfillResult(tally.read, tally.changed, tally.rejected, dict(tally.left_out))


def _measure(history: timedelta, position: Backward) -> tuple[int, int, str]:
    """Days that are here, of how many, and how far back that is; an open window is not here yet."""
    to_go = max(0, (position.until - position.first).days)
    total = max(history.days, to_go)
    return total - to_go, total, f", back to {position.until:%Y-%m-%d}, {to_go} days to go"


def _nothing_to_do(position: Backward) -> str | None:
    """Why there is nothing to bring after the last window; None before."""
    if position.done is None:
        return None
    return ENDED_EARLY if position.done is Done.SCOPE_MISSING else ALL_HERE


def _puller(
    open_unit_of_work: OpenUnitOfWork,
    credential: StoredCredential,
    report: Report,
    together: tuple[StoredCredential, ...],
) -> Puller:
    """Those sites of the account whose past has begun; a site that joins begins with its first pull."""
    with open_unit_of_work() as work:
        begun = tuple(each for each in together if work.cursors.get(each.id, BACKFILL, Backward))
    puller = Puller(open_unit_of_work, credential, report, begun)
    if puller.position(BACKFILL, Backward) is not None:
        puller.align(BACKFILL, Backward)
    return puller


def _end_early(puller: Puller) -> None:
    """What the credential may not see will not come, until somebody connects it again."""
    with puller.open_unit_of_work() as work:
        position = work.cursors.get(puller.credential.id, BACKFILL, Backward)
        if position is None:
            return
        ended = replace(position, done=Done.SCOPE_MISSING, window=None)
        puller.move(work, BACKFILL, position, ended)
        changes = work.cursors.spell(ended)
        work.audit.write("backfill.ended_early", "credential", puller.credential.id, changes)


def _go_on(puller: Puller, position: Backward) -> None:
    with puller.open_unit_of_work() as work:
        puller.move(work, BACKFILL, position, replace(position, done=None))
