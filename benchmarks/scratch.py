"""A scratch database with as many tenants as a benchmark asks for."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.persistence.migrations.public_line import migrate_public

# Of the logins of a server that lives for one run.
PASSWORD = "a password of benchmarks"  # noqa: S105
THREADS = 3
BATCH = 10

# Granting the tenants' group holds it until the commit, so roles are made apart from the slow work.
REGISTER = """
INSERT INTO public.tenants (slug, name)
    SELECT 'bench-' || n, 'Bench ' || n FROM generate_series({first}, {last}) AS n;
SELECT public.create_tenant_role(schema_name::text) FROM public.tenants WHERE slug = ANY({slugs})
"""
BUILD = """
SET LOCAL synchronous_commit = off;
SELECT public.create_tenant_schema(id) FROM public.tenants WHERE slug = ANY({slugs})
"""

# Schemas and roles have one name; what was killed half way has no row.
TENANT_ROLES = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'"


@contextmanager
def owner_url() -> Iterator[str]:
    """The owner's login of DATABASE_DIRECT_URL, or of a server that lives as long as the block."""
    given = os.environ.get("DATABASE_DIRECT_URL")
    if given:
        yield given
        return
    with own_servers() as own:
        yield own.urls.database_url


@dataclass(frozen=True, slots=True)
class OwnServers:
    """Servers of one run alone, their addresses and their folder."""

    services: EmbeddedServices
    urls: ServiceUrls
    home: Path


@contextmanager
def own_servers(*, durable: bool = True) -> Iterator[OwnServers]:
    """Servers that live as long as the block, and a folder that goes with them."""
    home = Path(tempfile.mkdtemp(prefix="capliquify-bench-"))
    home.chmod(0o755)  # for the account that PostgreSQL runs as
    services = EmbeddedServices(home, durable=durable)
    try:
        yield OwnServers(services, services.start_owned(), home)
    finally:
        services.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """A migrated database of this run alone; its tenants' roles go with it."""
    name = f"capliquify_bench_{os.getpid()}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        migrate_public(url)
        yield url
    finally:
        with psycopg.connect(url) as connection:
            roles = [row[0] for row in connection.execute(TENANT_ROLES)]
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
            for start in range(0, len(roles), 100):
                names = sql.SQL(", ").join(map(sql.Identifier, roles[start : start + 100]))
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(names))


def fill(url: str, size: int) -> None:
    """Creates tenants until there are `size`."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM public.tenants").fetchone()
    have = row[0] if row else 0
    starts = range(have + 1, size + 1, BATCH)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda start: _make(url, start, min(start + BATCH - 1, size)), starts))


def _make(url: str, first: int, last: int) -> None:
    slugs = [f"bench-{number}" for number in range(first, last + 1)]
    values = {"first": first, "last": last, "slugs": slugs}
    literals = {name: sql.Literal(value) for name, value in values.items()}
    with psycopg.connect(url, autocommit=True) as connection:
        for statements in (REGISTER, BUILD):
            with connection.transaction():
                connection.execute(sql.SQL(statements).format(**literals))
