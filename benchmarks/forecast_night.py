"""Forecasts of a whole night, from the tenants' tables and back into them, beside SCUM.

    python -m benchmarks.forecast_night [--tenants 100] [--skus 100] [--days 400] [--peers 3] [--json]

Two processes take the tenants one after another, as two workers would: sales are read, models of the
week are read and followed to yesterday, rows are written. One tenant learns; the others get a copy
of its models, as their SKUs have the same names. As on every night, one tenant in seven has its day
of the week and learns again.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import repeat
from uuid import UUID

from shared.forecasting.threads import limit_to_one_thread

limit_to_one_thread()

import psycopg  # noqa: E402
from psycopg import sql  # noqa: E402

from benchmarks.figures import Figure, print_table  # noqa: E402
from benchmarks.forecasting import cost_of_scum, made_up  # noqa: E402
from benchmarks.scratch import fill, owner_url, scratch_database  # noqa: E402
from shared.domain.events import nothing_follows  # noqa: E402
from shared.forecasting.tenant_forecaster import TenantForecaster  # noqa: E402
from shared.persistence.database import Database  # noqa: E402
from shared.persistence.unit_of_work import unit_of_work_opener  # noqa: E402
from shared.use_cases.generate_forecasts import generate_forecasts  # noqa: E402

PROCESSES = 2
LAST = date(2026, 3, 1)
HORIZON_DAYS = 28
# From one to five at night, when tenants sleep.
WINDOW_MINUTES = 240
# 100 times for an update, 5 for one in seven that learns: 1 / (1/100 + 1/35) is 26.
GOAL_TIMES = 25

SELL = """
UPDATE companies SET primary_currency = 'GBP';
INSERT INTO products (company_id, sku, name)
    SELECT id, 'SKU-' || n, 'SKU' FROM companies, generate_series(1, {skus}) AS n;
INSERT INTO sales (company_id, product_id, sale_date, quantity, unit_price, total_amount, channel, channel_order_id,
                   channel_line_id, currency)
SELECT p.company_id, p.id, {last}::date - n, 1 + floor(5 * random()), 5, 5, 'shopify_uk', p.sku || '-' || n, '1', 'GBP'
FROM products p, generate_series(0, {days}) AS n WHERE random() < 0.7
"""
COPY = """
INSERT INTO {to}.forecast_models SELECT (SELECT id FROM {to}.companies), horizon_days, model_version, learnt_from,
    learnt_until, skus, state, checksum, refit_reason FROM {of}.forecast_models
"""


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--skus", type=int, default=100)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--peers", type=int, default=3, help="how many SKUs SCUM forecasts")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with owner_url() as server, scratch_database(server) as url:
        tenants = prepare(url, asked.tenants, asked.skus, asked.days)
        forecast_all((url, tenants[:1], LAST))
        share_models(url, tenants)
        night_s = run_night(url, tenants)
    peer_ms = cost_of_scum(made_up(max(asked.skus, asked.peers), asked.days), asked.peers)
    peer_minutes = peer_ms * asked.tenants * asked.skus / PROCESSES / 60_000
    figures = [
        beside("a night, one in seven learns, minutes", night_s / 60, peer_minutes, GOAL_TIMES),
        Figure(
            "the same, beside its window", "min", night_s / 60, WINDOW_MINUTES, "",
            f"≤ {WINDOW_MINUTES}", night_s / 60 <= WINDOW_MINUTES,
        ),
    ]  # fmt: skip
    print(
        f"{asked.tenants} tenants of {asked.skus} SKUs and {asked.days} days, {PROCESSES} processes"
    )
    print_table(figures)
    if asked.json:
        each = [asdict(figure) for figure in figures]
        print(json.dumps({"benchmark": "forecast_night", "figures": each}))


def prepare(url: str, tenants: int, skus: int, days: int) -> list[UUID]:
    """Tenants with SKUs that sold on seven days in ten."""
    fill(url, tenants)
    values = {"skus": sql.Literal(skus), "days": sql.Literal(days), "last": sql.Literal(LAST)}
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id FROM public.tenants ORDER BY slug").fetchall()
        for (tenant,) in rows:
            connection.execute(sql.SQL("SET search_path TO {}").format(schema_of(tenant)))
            connection.execute(sql.SQL(SELL).format(**values))
            connection.commit()
        return [tenant for (tenant,) in rows]


def share_models(url: str, tenants: Sequence[UUID]) -> None:
    """What the first has learnt, in all others."""
    with psycopg.connect(url) as connection:
        for tenant in tenants[1:]:
            schemas = {"to": schema_of(tenant), "of": schema_of(tenants[0])}
            connection.execute(sql.SQL(COPY).format(**schemas))


def run_night(url: str, tenants: Sequence[UUID]) -> float:
    """Seconds of the clock until two processes have updated all tenants by one day."""
    parts = [tenants[first::PROCESSES] for first in range(PROCESSES)]
    day = LAST + timedelta(days=1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        began = time.perf_counter()
        pool.map(forecast_all, zip(repeat(url), parts, repeat(day)), chunksize=1)
        return time.perf_counter() - began


def forecast_all(work: tuple[str, Sequence[UUID], date]) -> float:
    """Forecast tenants from a day; return the seconds of the clock."""
    url, tenants, day = work
    forecaster, began = TenantForecaster(), time.perf_counter()
    with Database(url, pool_max=1) as database:
        for tenant in tenants:
            opener = unit_of_work_opener(database, tenant, react=nothing_follows, actor="benchmark")
            generate_forecasts(opener, forecaster, lambda *_: None, day, HORIZON_DAYS)
    return time.perf_counter() - began


def schema_of(tenant: UUID) -> sql.Identifier:
    """The schema of a tenant."""
    return sql.Identifier(f"tenant_{tenant}")


def beside(what: str, ours: float, peer: float, least_times: float) -> Figure:
    """Minutes, and how many times faster than the peer they are to be."""
    times = peer / ours
    goal = f"≥ {least_times:g} ×"
    return Figure(what, "", ours, peer, f"{times:.1f} ×", goal, times >= least_times)


if __name__ == "__main__":
    main()
