"""A second tenant: four channels and its books; its shops fail on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table

from demo.figures import read_book_totals, read_channel_totals, read_estimated_tax
from demo.sandbox import ORDERS, SEED
from sandbox.amazon import api as amazon
from sandbox.app import FIRST_DAY, LAST_DAY
from sandbox.maker import make_ledger
from sandbox.town import amazon_ledgers, xero_ledger
from sandbox.xero.book_ledger import XeroLedger
from shared.domain.events import nothing_follows
from shared.persistence.database import Connection
from shared.persistence.repositories.syncing import RejectionRepository
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.store_credential import store_credential
from workers.cli.typed import typed
from workers.wiring import Wiring

SHOPS = ("shopify_eu", "shopify_usa")
AMAZON_SITES = ("amazon_uk", "amazon_de")
FAULTS = ("server_error", "html_body", "truncated_json", "drop_connection", "throttled")
APP = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}


@dataclass(frozen=True, slots=True)
class Sold:
    """What a channel sold, by the ledger: revenue net of refunds, shipping, and fees reported so far."""

    revenue: Decimal
    shipping: Decimal
    commission: Decimal


def connect(wiring: Wiring, tenant_id: UUID) -> None:
    """Stores the credentials: two shops whose tokens expire, two sites of an Amazon account, a Xero organisation."""
    opener, vault = (
        wiring.unit_of_work(tenant_id, actor="demo", react=nothing_follows),
        wiring.vault,
    )
    for channel in SHOPS:
        domain = _domain(channel)
        secret = {"shop_domain": domain, "refresh_token": f"refresh-{domain}", **APP}
        store_credential(opener, vault, channel, "ecommerce", secret)
    seller = {
        "client_id": amazon.CLIENT_ID,
        "client_secret": amazon.CLIENT_SECRET,
        "refresh_token": amazon.REFRESH_TOKEN,
    }
    for site in AMAZON_SITES:
        store_credential(opener, vault, site, "ecommerce", seller)
    books = {"refresh_token": "xero-sandbox-refresh", **APP}
    store_credential(opener, vault, "xero", "accounting", books)


def arm_faults(url: str) -> None:
    """Lets the two shops fail soon, once each way."""
    for place, channel in enumerate(SHOPS):
        for number, fault in enumerate(FAULTS):
            order = {"shop": _domain(channel), "fault": fault, "after": number + place}
            httpx.post(f"{url}/control/faults", json={**order, "seconds": 0.2}).raise_for_status()


def print_sold(console: Console, wiring: Wiring, tenant_id: UUID, slug: str, url: str) -> bool:
    """Prints what came of it beside the ledgers; whether all of it is equal."""
    with tenant_transaction(wiring.database, tenant_id) as connection:
        totals, books = read_channel_totals(connection), read_book_totals(connection)
        _print_set_aside(console, connection, slug)
    by_channel = {each.channel: each for each in totals}
    table = Table(title="By channel, beside the ledgers of the stand-ins")
    for name in ("channel", "revenue", "shipping", "fees", "estimated", "ledger"):
        table.add_column(name, no_wrap=True, justify="left" if name == "channel" else "right")
    agree = True
    for channel, truth in _sold().items():
        each = by_channel.get(channel)
        equal = each is not None and Sold(each.revenue, each.shipping, each.commission) == truth
        agree = agree and equal
        row: tuple[str, ...] = ("-",) * 4
        if each is not None:
            amounts = (each.revenue, each.shipping, each.commission)
            row = (*(f"{amount:,.2f}" for amount in amounts), f"{each.lines_estimated} lines")
        table.add_row(channel, *row, "equal" if equal else f"DIFFERS: {truth}")
    console.print(table)
    held = {name: amount for name, amount in books.balances.items() if amount}
    equal = held == _balances() and books.open_invoices == len(_books().open_documents())
    figures = ", ".join(
        f"{name.lower().replace('_', ' ')} {amount:,.2f}" for name, amount in held.items()
    )
    verdict = "equal to the ledger" if equal else f"DIFFERENT from {_balances()}"
    console.print(f"Xero: {figures}; {books.open_invoices} invoices open: {verdict}.")
    fired: Mapping[str, int] = httpx.get(f"{url}/control/state").json()["faults_fired"]
    faults = ", ".join(f"{name} {count}" for name, count in sorted(fired.items()))
    console.print(f"On the way the two shops failed, and were asked again: {faults or 'never'}.")
    return agree and equal


def _sold() -> dict[str, Sold]:
    """What the ledgers say, counted from their events by code that knows no vendor."""
    found = {}
    for channel in SHOPS:
        days = {"first_day": FIRST_DAY, "last_day": LAST_DAY}
        truth = make_ledger(SEED, channel, orders=ORDERS, **days).truth()
        figures = truth.figures.values()
        found[channel] = Sold(
            sum((each.revenue for each in figures), Decimal(0)),
            sum((each.shipping for each in figures), Decimal(0)),
            sum((each for each in truth.commissions.values() if each), Decimal(0)),
        )
    now = datetime.now(UTC)
    for channel, ledger in amazon_ledgers(SEED, ORDERS).items():
        totals = ledger.truth(now).values()
        found[channel] = Sold(
            sum((each.revenue for each in totals), Decimal(0)),
            sum((each.shipping for each in totals), Decimal(0)),
            sum(ledger.fees_truth(now).values(), Decimal(0)),
        )
    return found


def _print_set_aside(console: Console, connection: Connection, slug: str) -> None:
    """Prints what could not be taken in, and which taxes are a rule's."""
    for group in RejectionRepository(connection).groups():
        console.print(
            f"Set aside: {group.records} of {group.service} {group.stream} ({group.field}: {group.reason}); "
            f"{typed(f'rejected {slug}')} says what to do.",
            soft_wrap=True,
        )
    estimated = read_estimated_tax(connection)
    if estimated.lines:
        console.print(
            f"Of {estimated.lines} lines Amazon said nothing of the tax: {estimated.tax:,.2f} EUR by the rule "
            "(19 % in Germany), marked as estimated.",
            soft_wrap=True,
        )


def _books() -> XeroLedger:
    return xero_ledger(SEED, ORDERS)


def _balances() -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for (kind, _account), amount in _books().truth(datetime.now(UTC).date()).items():
        found[str(kind)] = found.get(str(kind), Decimal(0)) + amount
    return {name: amount for name, amount in found.items() if amount}


def _domain(channel: str) -> str:
    return f"{channel.removeprefix('shopify_')}-{SEED}.myshopify.com"
