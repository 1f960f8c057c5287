"""No attack gets through, straight or through PgBouncer; what PostgreSQL cannot refuse is listed."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.persistence.binding import bind_tenant, schema_of
from tests.isolation.attacks import CANARY, Attack, all_attacks, got_through
from tests.isolation.conftest import Battlefield

# The names do not depend on the tenants: the ids of a real run take the place of these.
NAMES = [attack.name for attack in all_attacks(UUID(int=1), UUID(int=2))]


def test_there_are_enough_attacks_and_each_has_its_own_name() -> None:
    assert len(NAMES) >= 200
    assert len(set(NAMES)) == len(NAMES)


@pytest.fixture(scope="session")
def attacks(battlefield: Battlefield) -> dict[str, Attack]:
    return {attack.name: attack for attack in all_attacks(battlefield.a, battlefield.b)}


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_refused(
    road: psycopg.Connection[Any], battlefield: Battlefield, attacks: dict[str, Attack], name: str
) -> None:
    assert not got_through(road, battlefield.a, battlefield.b, attacks[name])


def test_the_same_tables_are_open_to_their_own_tenant(
    road: psycopg.Connection[Any], battlefield: Battlefield, attacks: dict[str, Attack]
) -> None:
    """The attacks would notice: as B itself, reading B's tables shows the canary."""
    seen = [
        name
        for name in NAMES
        if name.endswith(": qualified name")
        and got_through(road, battlefield.b, battlefield.b, attacks[name])
    ]
    # product_costs and working_capital_metrics hold no text that could carry it.
    assert len(seen) == 16


def test_what_postgresql_cannot_refuse_is_just_this(
    road: psycopg.Connection[Any], battlefield: Battlefield
) -> None:
    """Roles stop mistakes, not a stranger's SQL: all our SQL is parameterised for that reason."""
    with road.transaction(force_rollback=True):
        for setting in bind_tenant(battlefield.a).as_string(road).split("; "):
            road.execute(setting.encode())
        # Names of schemas stand in the catalog for everyone.
        names = road.execute("SELECT nspname FROM pg_namespace").fetchall()
        assert (schema_of(battlefield.b),) in names
        # Anyone may listen on any channel: payloads carry ids only.
        road.execute("LISTEN anything")
        # The login may become any tenant, and so may SQL that runs as it.
        road.execute(f'SET LOCAL ROLE "{schema_of(battlefield.b)}"'.encode())
        found = road.execute(f'SELECT name FROM "{schema_of(battlefield.b)}".products'.encode())
        assert found.fetchall() == [(CANARY,)]
