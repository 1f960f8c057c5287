"""The life of a tenant at scale: create, purge, migrate, and what scoping costs; beside Alembic.

    python -m benchmarks.tenants [--tenants 10 1000 5000] [--full] [--json]

Works in a scratch database, on a server of its own or on that of DATABASE_DIRECT_URL (its owner's
login), and drops it at the end. Alembic runs the same statements over schemas of the same
database, by its own commands in one process; its role, grants, registry row and audit are none.
"""

import argparse
import json
import statistics
from uuid import uuid4

import psycopg
from psycopg import sql

from benchmarks.alembic_loop import AlembicLoop, alembic_loop
from benchmarks.figures import Figure, print_table, timed
from benchmarks.one_tenant import CREATE, PURGE, retire, timed_as_admin
from benchmarks.scratch import fill, owner_url, scratch_database
from shared.persistence.binding import bind_tenant, schema_of
from shared.persistence.database import Database
from shared.persistence.migrations.runner import WORKERS, Migrated, migrate_tenants
from shared.persistence.migrations.steps import Step, load_steps, newest_revision

SAMPLE = 50
LOOP_SAMPLE = 200
SMALLEST_MIGRATION = 1000
ROUNDS, ROUND = 40, 50

NOTES = f"""
create, purge: medians of {SAMPLE} on fresh connections. Ours with registry row, role, grants, company and audit;
    Alembic only makes the schema and upgrades it, or downgrades and drops it.
migrate: one column and one index; Alembic was measured on {LOOP_SAMPLE} of the same schemas and scaled.
growth and scoping: beside the figure the smallest size's, and that of a transaction without a tenant."""

REVISION = "b0001"
UP = (
    "ALTER TABLE sales ADD COLUMN bench_note text",
    "CREATE INDEX idx_bench ON sales (market, sale_date)",
)
DOWN = ("DROP INDEX idx_bench", "ALTER TABLE sales DROP COLUMN bench_note")


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    asked = arguments()
    sizes = asked.tenants or [10, 1000, 5000] + ([10000] if asked.full else [])
    with owner_url() as server, scratch_database(server) as url:
        figures = measure(url, sorted(sizes))
    print_table(figures)
    print(NOTES)
    if asked.json:
        rows = [{name: getattr(each, name) for name in Figure.__slots__} for each in figures]
        print(json.dumps({"benchmark": "tenants", "sizes": sorted(sizes), "figures": rows}))


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--tenants", type=int, nargs="+", help="how many tenants there are")
    parser.add_argument("--full", action="store_true", help="10,000 tenants too")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure(url: str, sizes: list[int]) -> list[Figure]:
    """All figures, on a database that grows from size to size."""
    creates: dict[int, float] = {}
    lives: list[Figure] = []
    migrations: list[Figure] = []
    with alembic_loop(url, REVISION, newest_revision(), UP, DOWN) as loop:
        for size in sizes:
            print(f"… {size:,} tenants", flush=True)
            fill(url, size)
            create, purge = lifecycle(url, loop, size)
            creates[size] = create.ours
            lives += [create, purge]
            if size >= SMALLEST_MIGRATION:
                migrations.append(migration(url, loop, size))
    growth = creates[sizes[-1]] / creates[sizes[0]]
    flat = Figure(
        f"create, {sizes[-1]:,} against {sizes[0]:,} tenants", "ms", creates[sizes[-1]],
        creates[sizes[0]], f"{growth:.2f} ×", "≤ 1.3 ×", growth <= 1.3,
    )  # fmt: skip
    return [*lives, flat, *migrations, scoping(url)]


def lifecycle(url: str, loop: AlembicLoop, size: int) -> tuple[Figure, Figure]:
    """Create and purge, each the median of fresh connections, turn by turn with Alembic."""
    create, purge, peer_create, peer_drop = [], [], [], []
    for number in range(SAMPLE):
        tenant_id, schema = uuid4(), f"peer_{number}"
        create.append(timed_as_admin(url, CREATE, tenant_id))
        with loop.connect() as connection:
            revision = newest_revision()
            peer_create.append(timed(lambda: loop.create(connection, schema, revision)))  # noqa: B023
        retire(url, tenant_id)
        purge.append(timed_as_admin(url, PURGE, tenant_id))
        with loop.connect() as connection:
            peer_drop.append(timed(lambda: loop.drop(connection, schema)))  # noqa: B023
    made, peer_made = statistics.median(create), statistics.median(peer_create)
    gone, peer_gone = statistics.median(purge), statistics.median(peer_drop)
    ratio = made / peer_made
    return (
        Figure(f"create a tenant at {size:,}", "ms", made, peer_made, f"{ratio:.2f} ×", "≤ 0.6 ×", ratio <= 0.6),
        Figure(f"purge a tenant at {size:,}", "ms", gone, peer_gone, f"{gone / peer_gone:.2f} ×", "", None),
    )  # fmt: skip


def migration(url: str, loop: AlembicLoop, size: int) -> Figure:
    """One step over every schema by the runner; Alembic's over a sample, scaled."""
    line = [*load_steps(), bench_step()]
    with psycopg.connect(url) as connection:
        schemas = connection.execute("SELECT schema_name, slug FROM public.tenants").fetchall()
    sample = schemas[:LOOP_SAMPLE]
    with loop.connect() as connection:
        names = [name for name, _ in sample]
        peer = timed(lambda: loop.upgrade_all(connection, names, REVISION))
    down(url, line, [slug for _, slug in sample])
    ended: list[Migrated] = []
    ours = timed(lambda: ended.extend(migrate_tenants(url, steps=line, workers=WORKERS)))
    assert len(ended) == size
    assert [each for each in ended if each.error] == []
    down(url, line, None)
    seconds, peer_seconds = ours / 1000, peer / 1000 / len(sample) * size
    ratio = peer_seconds / seconds
    what = f"migrate {size:,} schemas, {WORKERS} workers"
    return Figure(what, "s", seconds, peer_seconds, f"{ratio:.1f} × faster", "≥ 15 ×", ratio >= 15)


def down(url: str, line: list[Step], slugs: list[str] | None) -> None:
    """Takes the step back, so that the next size begins where this one did."""
    ended = migrate_tenants(url, steps=line, slugs=slugs, to=newest_revision())
    assert [each for each in ended if each.error] == []


def bench_step() -> Step:
    """The step that is measured: a column and an index."""
    before = newest_revision()
    stamp = "UPDATE alembic_version SET version_num = '{}'"
    up = ";\n".join((*UP, stamp.format(REVISION)))
    return Step(len(load_steps()) + 1, REVISION, up, ";\n".join((*DOWN, stamp.format(before))))


def scoping(url: str) -> Figure:
    """A transaction of one SELECT with and without a tenant, in rounds turn by turn."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT id FROM public.tenants LIMIT 1").fetchone()
    assert row is not None
    schema = sql.Identifier(schema_of(row[0]))
    open_select = sql.SQL("SELECT name FROM {}.companies").format(schema)
    prologue = bind_tenant(row[0])
    with Database(url, pool_max=1) as database:
        bare, bound = [], []
        for _ in range(ROUNDS):
            bare.append(one_round(database, None, open_select))
            bound.append(one_round(database, prologue, sql.SQL("SELECT name FROM companies")))
    ours, peer = statistics.median(bound[1:]), statistics.median(bare[1:])
    share = (ours - peer) / peer * 100
    what = "one SELECT, scoped against not"
    return Figure(what, "ms", ours, peer, f"{share:+.1f} %", "≤ 10 %", share <= 10)


def one_round(
    database: Database, prologue: sql.Composable | None, select: sql.SQL | sql.Composed
) -> float:
    """Milliseconds a transaction, over one round of them."""
    options = [] if prologue is None else [prologue]

    def run() -> None:
        for _ in range(ROUND):
            with database.transaction(*options) as connection:
                connection.execute(select).fetchall()

    return timed(run) / ROUND


if __name__ == "__main__":
    main()
