"""What one decryption costs: ours beside pgcrypto's default `pgp_sym_decrypt`, in the same run.

    python -m benchmarks.vault [--secrets 200] [--rounds 15] [--json]

Needs PostgreSQL with pgcrypto: that of DATABASE_URL, or the embedded one. Nothing is left in it. Each
round opens the same secrets, all different, by ours, by pgcrypto in one statement for all, where no
round trip is counted against it, and by pgcrypto in one statement each, as an application would.
Ours goes over them many times, so that each is timed for about as long. With --json the last line is the result.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from shared.security.vault import AesGcmVault, KeyRing
from workers.platform import making_servers, servers_in_environment
from workers.settings import Settings

GOAL = 50
PASSES = 50
PGP_KEY = "the key of a benchmark"
PLACE = "tenant_{0}/api_credentials/credentials_encrypted/{0}"
SCHEMA = (
    "CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public; "
    "CREATE TEMPORARY TABLE benchmark_secrets (sealed bytea)"
)
FILL = (
    "INSERT INTO benchmark_secrets SELECT public.pgp_sym_encrypt(secret, %s) "
    "FROM unnest(%s::text[]) AS secret RETURNING sealed"
)
OPEN_ALL = "SELECT count(public.pgp_sym_decrypt(sealed, %s)) FROM benchmark_secrets"
OPEN_ONE = "SELECT public.pgp_sym_decrypt(%s::bytea, %s)"
Connection = psycopg.Connection[Any]


@making_servers
def main() -> None:
    """Measures all three and prints a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--secrets", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(given.secrets, given.rounds)
    print_table(result)
    if given.json:
        print(json.dumps({"benchmark": "vault", **result}))


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Medians of the rounds: microseconds a decryption, and ratios within a round."""
    secrets = _make_secrets(count)
    with servers_in_environment():
        url = Settings.read().url_of("direct")
        assert url is not None
        with psycopg.connect(url) as connection:
            taken = _time(connection, secrets, rounds)
            version = connection.info.server_version // 10_000
            # The temporary table goes, and the extension too where it was not there.
            connection.rollback()
    vault, batch, single = zip(*taken, strict=True)
    facts = {"goal": GOAL, "secrets": count, "rounds": rounds, "postgresql": version}
    return {
        "vault_us": round(statistics.median(vault), 2),
        "pgcrypto_us": round(statistics.median(batch), 1),
        "pgcrypto_statement_us": round(statistics.median(single), 1),
        "ratio": _ratio(batch, vault),
        "statement_ratio": _ratio(single, vault),
        **facts,
    }


def _make_secrets(count: int) -> list[str]:
    return [
        json.dumps({"shop_domain": f"shop-{n}.myshopify.com", "access_token": os.urandom(16).hex()})
        for n in range(count)
    ]


def _ratio(theirs: tuple[float, ...], ours: tuple[float, ...]) -> float:
    return round(statistics.median(t / o for t, o in zip(theirs, ours, strict=True)), 1)


def _time(
    connection: Connection, secrets: list[str], rounds: int
) -> list[tuple[float, float, float]]:
    count = len(secrets)
    ours = _vault_opener(secrets)
    batch, single = _pgcrypto_openers(connection, secrets)
    for warm_up in (ours, batch, single):
        warm_up()
    return [
        (_us(ours) / PASSES / count, _us(batch) / count, _us(single) / count) for _ in range(rounds)
    ]


def _vault_opener(secrets: list[str]) -> Callable[[], None]:
    vault = AesGcmVault(KeyRing.parse(KeyRing.generate()))
    places = [PLACE.format(n) for n in range(len(secrets))]
    kept = [(vault.seal(s.encode(), p), p) for s, p in zip(secrets, places, strict=True)]
    assert [vault.open(*each).decode() for each in kept] == secrets

    def open_by_vault() -> None:
        for _ in range(PASSES):
            for sealed, place in kept:
                vault.open(sealed, place)

    return open_by_vault


def _pgcrypto_openers(
    connection: Connection, secrets: list[str]
) -> tuple[Callable[[], None], Callable[[], None]]:
    connection.execute(SCHEMA)
    kept = [row[0] for row in connection.execute(FILL, (PGP_KEY, secrets))]

    def open_all() -> None:
        assert connection.execute(OPEN_ALL, (PGP_KEY,)).fetchone() == (len(secrets),)

    def open_each() -> None:
        opened = [connection.execute(OPEN_ONE, (each, PGP_KEY)).fetchone() for each in kept]
        assert opened == [(secret,) for secret in secrets]

    return open_all, open_each


def _us(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e6


def print_table(result: dict[str, Any]) -> None:
    """What each costs, and how many times quicker ours is."""
    table = Table("one decryption", "µs", "times ours", title="Opening a sealed credential")
    table.add_row("vault: AES-256-GCM in the application", f"{result['vault_us']:.2f}", "1")
    for label, name, ratio in (
        ("pgp_sym_decrypt, all in one statement", "pgcrypto_us", "ratio"),
        ("pgp_sym_decrypt, a statement each", "pgcrypto_statement_us", "statement_ratio"),
    ):
        table.add_row(label, f"{result[name]:.1f}", f"{result[ratio]:.0f}")
    console = Console()
    console.print(table)
    console.print(
        f"PostgreSQL {result['postgresql']}; medians of {result['rounds']} rounds over "
        f"{result['secrets']} secrets; goal {GOAL} times",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
