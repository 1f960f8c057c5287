"""The peers of `pull`: the same lines written again by our own way, and by a bare COPY."""

import time
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from shared.domain.credential import StoredCredential
from shared.domain.sales import SaleLine
from shared.persistence.database import Database
from shared.persistence.repositories.fees import FeeRepository
from shared.persistence.repositories.sale_lines import COLUMNS
from shared.persistence.repositories.sales import SaleRepository
from shared.persistence.unit_of_work import tenant_transaction

CHANNEL = "shopify_uk"
PAGE = 1_000


def read_back(database: Database) -> list[SaleLine]:
    """The lines as they were written."""
    with tenant_transaction(database, _tenant(database)) as connection:
        orders = connection.execute("SELECT DISTINCT channel_order_id AS id FROM sales").fetchall()
        return FeeRepository(connection).lines_of(CHANNEL, [row["id"] for row in orders])


def write_again(
    url: str, database: Database, credential: StoredCredential, lines: list[SaleLine]
) -> float:
    """Rows a second of the writing alone, into the emptied table, a page a transaction."""
    with psycopg.connect(url) as connection:
        _empty(connection)
    tenant = _tenant(database)
    pages = list(whole_orders(lines))
    began = time.perf_counter()
    for page in pages:
        with tenant_transaction(database, tenant) as connection:
            SaleRepository(connection).upsert(credential.company_id, page)
    return len(lines) / (time.perf_counter() - began)


def whole_orders(lines: list[SaleLine]) -> Iterator[list[SaleLine]]:
    """Pages as connectors make them: no order stands on two."""
    page: list[SaleLine] = []
    by_order = attrgetter("channel_order_id")
    for _, order in groupby(sorted(lines, key=by_order), key=by_order):
        page += order
        if len(page) >= PAGE:
            yield page
            page = []
    if page:
        yield page


def copy(url: str, credential: StoredCredential, lines: list[SaleLine]) -> float:
    """Rows a second of a bare COPY of the same values into the same table, emptied, in one transaction."""
    kept = [name for name in COLUMNS if name not in {"product_id", "line_kind", "commission_rate"}]
    names = sql.SQL(", ").join(map(sql.Identifier, ["company_id", "product_id", *kept]))
    with psycopg.connect(url) as connection:
        schema = _empty(connection)
        products: dict[str | None, UUID] = dict(
            connection.execute(sql.SQL("SELECT sku, id FROM {}.products").format(schema)).fetchall()
        )
        began = time.perf_counter()
        statement = sql.SQL("COPY {}.sales ({}) FROM STDIN").format(schema, names)
        with connection.cursor().copy(statement) as stream:
            for line in lines:
                values = (getattr(line, name) for name in kept)
                stream.write_row([credential.company_id, products.get(line.sku), *values])
        connection.commit()
        return len(lines) / (time.perf_counter() - began)


def _empty(connection: psycopg.Connection) -> sql.Identifier:
    """Empties the tenant's sales for good; the schema they stand in."""
    row = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'"
    ).fetchone()
    assert row is not None
    schema = sql.Identifier(row[0])
    connection.execute(sql.SQL("TRUNCATE {}.sales").format(schema))
    connection.commit()
    return schema


def _tenant(database: Database) -> Any:
    with database.transaction() as connection:
        row = connection.execute("SELECT id FROM public.tenants").fetchone()
    assert row is not None
    return row["id"]
