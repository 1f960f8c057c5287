"""Bring the years before the connection, newest first, while the nightly pull goes on beside it."""

from dataclasses import dataclass
from functools import partial

from shared.domain.sync import Basis, Position, Track, next_backward
from shared.errors import ScopeMissing
from shared.use_cases.keep_sales import keep_orders
from shared.use_cases.ports import OpenUnitOfWork, Report, StoredCredential, UnitOfWork
from shared.use_cases.pull_sales import BACKFILL
from shared.use_cases.vendors import SalePage, ShopConnector
from shared.use_cases.windows import ACCOUNT, Puller

SCOPE_MISSING = "scope missing"


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """Lines read, lines that changed, records set aside."""

    lines_read: int
    lines_changed: int
    rejected: int


def backfill_sales(
    open_unit_of_work: OpenUnitOfWork,
    connector: ShopConnector,
    credential: StoredCredential,
    report: Report,
    *,
    again: bool = False,
) -> BackfillResult:
    """Goes on where it stands; nothing to do before the first pull and after the last window.

    `again` goes on also where the credential could not see further: it may be another one now.

    Raises `ScopeMissing` where the vendor hides what is older: what it shows counts as all there is.
    """
    puller = Puller(open_unit_of_work, credential, report)
    track = Track(Basis.CREATED, longest=connector.traits.longest_window)
    position = puller.position(BACKFILL)
    if not position:
        return BackfillResult(0, 0, 0)
    goes_on = again and position.get("done") == SCOPE_MISSING
    # A vendor that tells no account is not asked each time: Amazon answers that once a minute.
    if (goes_on or "done" not in position) and "account" in puller.position(ACCOUNT):
        shop = connector.describe_shop()
        puller.meet(shop.account, shop.timezone)
    if goes_on:
        _go_on(puller, position)

    def keep(work: UnitOfWork, page: SalePage) -> int:
        return keep_orders(work, credential, page.records, connector.traits.fee_rule, page.fees)

    try:
        tally = puller.run(
            BACKFILL, partial(next_backward, track=track), connector.sale_pages, keep
        )
    except ScopeMissing:
        _end_early(puller)
        raise
    return BackfillResult(tally.read, tally.changed, tally.rejected)


def _end_early(puller: Puller) -> None:
    """What the credential may not see will not come, until somebody connects it again."""
    with puller.open_unit_of_work() as work:
        position = work.cursors.get(puller.credential.id, BACKFILL)
        ended = {**position, "done": SCOPE_MISSING}
        ended.pop("open", None)
        puller.move(work, BACKFILL, position, ended)
        work.audit.write("backfill.ended_early", "credential", puller.credential.id, dict(ended))


def _go_on(puller: Puller, position: Position) -> None:
    with puller.open_unit_of_work() as work:
        rest = {name: value for name, value in position.items() if name != "done"}
        puller.move(work, BACKFILL, position, rest)
