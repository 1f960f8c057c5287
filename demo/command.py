"""`capliquify demo`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from demo import figures
from demo.isolation import reach_neighbour
from shared.domain.events import nothing_follows
from shared.domain.job import Job
from shared.domain.job_id import short_id
from shared.domain.quota import Tier
from shared.domain.working_capital import AccountClass
from shared.embedded.tcp_ports import free_port
from shared.errors import GiveUp, ServiceError, TenantMissing
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.operations.audit_log import AuditFilter, search_audit_log
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.enter_balances import enter_balances
from shared.use_cases.generate_forecasts import HORIZON_DAYS
from shared.use_cases.register_tenant import NewTenant, register_tenant
from shared.use_cases.store_credential import store_credential
from workers.cli.console import make_console
from workers.cli.typed import typed
from workers.platform import embedded_servers, prepare_home
from workers.settings import Settings
from workers.supervisor import Supervisor
from workers.wiring import Wiring, build_wiring

SLUG = "demo-gifts"
NEIGHBOUR = "demo-neighbour"
BALANCES = {
    date(2011, 8, 31): ("18500.00", "6200.00", "5400.00", "4000.00"),
    date(2011, 9, 30): ("19800.00", "7100.00", "6100.00", "4000.00"),
    date(2011, 10, 31): ("21300.00", "8300.00", "6900.00", "3500.00"),
    date(2011, 11, 30): ("26100.00", "11200.00", "8800.00", "3500.00"),
}

console = make_console()


def demo() -> None:
    """Run the main job from nothing: servers, a tenant, a year of real orders, forecasts, roll-up."""
    # A lease of six seconds: what a killed worker leaves is taken up soon enough to be watched.
    os.environ.setdefault("CAPLIQUIFY_LEASE_S", "6")
    settings = Settings.read()
    home = settings.home.resolve()
    # Its workers call a sandbox: they must never meet the jobs of a database that somebody works with.
    with (
        _only_one(home),
        embedded_servers(settings, alone=True),
        build_wiring(Settings.read()) as wiring,
    ):
        agree = _run(wiring, home)
    if not agree:
        raise GiveUp("demo: the figures or the isolation are not as they must be; see above")
    console.print(
        f"\nDone. The data stay in {home}. Type {typed('services start')} in this folder, then look on with "
        f"{typed('tenants list')}, {typed(f'jobs list --tenant {SLUG}')} or "
        f"{typed(f'figures show {SLUG} --until {max(BALANCES):%Y-%m-%d}')}; "
        f"{typed('services stop')} ends the servers.",
        soft_wrap=True,
    )


def _run(wiring: Wiring, home: Path) -> bool:
    from demo.sandbox import start_sandbox  # noqa: PLC0415
    from workers.cli.up import programs  # noqa: PLC0415
    from workers.migrate import migrate_everything  # noqa: PLC0415
    from workers.supervisor import supervising  # noqa: PLC0415

    migration = migrate_everything(wiring)
    console.print(f"PostgreSQL and Valkey run; public schema at {migration.public_revision}.")
    with supervising(home) as supervisor:
        url = start_sandbox(supervisor)
        os.environ["SHOPIFY_BASE_URL"] = f"{url}/shops/{{shop_domain}}"
        for name in ("AMAZON_BASE_URL", "AMAZON_TOKEN_URL", "XERO_BASE_URL", "XERO_IDENTITY_URL"):
            os.environ[name] = url
        tenant_id = _prepare_tenant(wiring)
        flower_port = free_port()
        for program in programs(flower_port):
            supervisor.start(program)
        console.print(
            f"Workers, dispatcher, beat and Flower (http://127.0.0.1:{flower_port}, password in "
            f"{home / 'flower.secret'}) run; logs in {home / 'logs'}.",
            soft_wrap=True,
        )
        agree = _live_a_night(wiring, tenant_id, supervisor)
        agree = _visit_neighbour(wiring, supervisor, url) and agree
        agree = _attack(wiring, supervisor) and agree
        return _look_on(wiring, supervisor) and agree


def _live_a_night(wiring: Wiring, tenant_id: UUID, supervisor: Supervisor) -> bool:
    from demo.night import LAST_DAY, Night  # noqa: PLC0415
    from workers.cli.job_story import print_story  # noqa: PLC0415

    ledger = JobLedger(wiring.admin)
    night = Night(ledger, tenant_id, supervisor, console, kill=True)
    jobs = night.run("sales.pull", {"as_of": LAST_DAY})
    agree = _summarise(wiring, tenant_id, jobs)
    if night.killed:
        shown = typed(f"jobs show {short_id(night.killed)}")
        console.print(f"The job whose worker was killed ({shown}):", soft_wrap=True)
        print_story(console, ledger.find(night.killed), SLUG, [])
    return agree


def _visit_neighbour(wiring: Wiring, supervisor: Supervisor, url: str) -> bool:
    """Another tenant with four channels and its books, whose vendors fail now and then."""
    from demo import neighbour  # noqa: PLC0415 - loads Starlette
    from demo.night import Night  # noqa: PLC0415

    tenant_id = _ensure_tenant(wiring, NEIGHBOUR, "Demo Neighbour")
    neighbour.connect(wiring, tenant_id)
    console.print(
        f"\n{NEIGHBOUR} has connected two Shopify shops, two sites of an Amazon account and Xero."
    )
    neighbour.arm_faults(url)
    night = Night(JobLedger(wiring.admin), tenant_id, supervisor, console, kill=False)
    night.run("services.pull", {})
    return neighbour.print_sold(console, wiring, tenant_id, NEIGHBOUR, url)


def _attack(wiring: Wiring, supervisor: Supervisor) -> bool:
    from demo.attack import attack  # noqa: PLC0415

    victim, neighbour = (wiring.registry().find(slug).id for slug in (SLUG, NEIGHBOUR))
    return attack(console, wiring, supervisor, victim, neighbour)


def _look_on(wiring: Wiring, supervisor: Supervisor) -> bool:
    from demo.look import look_on  # noqa: PLC0415

    return look_on(console, wiring, supervisor)


def _ensure_tenant(wiring: Wiring, slug: str, name: str) -> UUID:
    try:
        return wiring.registry().find(slug).id
    except TenantMissing:
        new = NewTenant(slug, name, Tier.STARTER, "Europe/London", "GBP")
        return register_tenant(wiring.registry("demo"), new)


def _check_isolation(wiring: Wiring, tenant_id: UUID) -> bool:
    """A neighbour moves in; PostgreSQL itself must refuse to show it."""
    neighbour = _ensure_tenant(wiring, NEIGHBOUR, "Demo Neighbour")
    refusal = reach_neighbour(wiring.database, tenant_id, neighbour)
    if refusal is None:
        console.print(f"{SLUG} could read {NEIGHBOUR}'s tables", style="red")
        return False
    console.print(f"Isolation: {SLUG} tried to read {NEIGHBOUR}'s tables; PostgreSQL: {refusal!r}.")
    return True


def _prepare_tenant(wiring: Wiring) -> UUID:
    from demo.attack import WEBHOOK_KEY  # noqa: PLC0415
    from sandbox.app import SHOPIFY_TOKEN  # noqa: PLC0415 - loads Starlette

    tenant_id = _ensure_tenant(wiring, SLUG, "Demo Gifts")
    opener = wiring.unit_of_work(tenant_id, actor="demo", react=nothing_follows)
    secret = {
        "shop_domain": "demo-gifts.myshopify.com",
        "access_token": SHOPIFY_TOKEN,
        "webhook_secret": WEBHOOK_KEY,
    }
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
    for day, amounts in BALANCES.items():
        cash, receivable, payable, debt = (Decimal(amount) for amount in amounts)
        enter_balances(
            opener,
            day,
            {
                AccountClass.CASH: cash,
                AccountClass.ACCOUNTS_RECEIVABLE: receivable,
                AccountClass.ACCOUNTS_PAYABLE: payable,
                AccountClass.SHORT_TERM_DEBT: debt,
            },
        )
    console.print(f"Tenant {SLUG} is ready, its Shopify credential sealed.")
    return tenant_id


def _summarise(wiring: Wiring, tenant_id: UUID, jobs: dict[str, Job]) -> bool:
    from demo import ahead, summary, truth  # noqa: PLC0415
    from demo.night import LAST_DAY  # noqa: PLC0415

    last_day = date.fromisoformat(LAST_DAY)
    with tenant_transaction(wiring.database, tenant_id) as connection:
        totals = figures.read_sales_totals(connection)
        outlook = figures.read_outlook(connection, last_day, HORIZON_DAYS, "ensemble")
        sums = ahead.read_ahead(connection, last_day)
        capital = figures.read_latest_capital(connection, last_day)
        usage = figures.read_usage(connection)
    console.print()
    summary.print_outlook(console, outlook, HORIZON_DAYS)
    forecast = jobs.get("forecasts.generate")
    ahead.print_ahead(console, sums, (forecast.result or {}).get("learnt") if forecast else None)
    summary.print_capital(console, capital)
    agree = summary.print_totals(console, totals, truth.count_orders())
    summary.print_changes(console, jobs)
    summary.print_usage(console, usage[0])
    with wiring.admin.transaction() as connection:
        entries = search_audit_log(connection, AuditFilter(tenant=SLUG, limit=1000))
    console.print(
        f"Audit log: {len(entries)} entries of {SLUG}; {typed(f'audit --tenant {SLUG}')} shows them.",
        soft_wrap=True,
    )
    return _check_isolation(wiring, tenant_id) and agree


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two demos on one data folder would stop each other's servers."""
    prepare_home(home)
    with (home / "demo.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(f"demo: another demo runs on {home}; wait for it") from None
        yield
