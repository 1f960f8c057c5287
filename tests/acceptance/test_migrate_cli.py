"""`capliquify migrate` of a release that brings one revision more."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from shared.embedded.urls import ServiceUrls
from shared.persistence.migrations.schema_versions import read_registered, read_versions
from shared.persistence.migrations.steps import newest_revision
from tests.conftest import environment_of
from tests.fixtures.next_release import REVISION, start, write_next_line

pytestmark = pytest.mark.acceptance

OLD = newest_revision()


@dataclass
class Ended:
    status: int
    shown: str
    error: str


Migrate = Callable[..., Ended]


@pytest.fixture
def migrate(
    database_url: str, services: ServiceUrls, acme: UUID, globex: UUID, tmp_path: Path
) -> Migrate:
    compiled = write_next_line(tmp_path)
    environment = environment_of(database_url, services.redis_url)

    def run(*arguments: str) -> Ended:
        process = start(compiled, environment, "migrate", *arguments)
        shown, error = process.communicate(timeout=60)
        assert "Traceback" not in shown + error
        return Ended(process.returncode, shown, error)

    return run


def standing(database_url: str) -> dict[str, str | None]:
    """What each schema says, which must be what the registry says."""
    found = {each.slug: each.revision for each in read_versions(database_url)}
    assert found == {each.slug: each.revision for each in read_registered(database_url)}
    return found


def spoil(database_url: str, tenant_id: UUID) -> None:
    """Puts something in the way of the step."""
    name = sql.Identifier(f"tenant_{tenant_id}")
    with psycopg.connect(database_url) as connection:
        connection.execute(sql.SQL("ALTER TABLE {}.sales ADD gift_wrapped text").format(name))


def test_a_plan_shows_what_would_be_done_and_does_nothing(
    migrate: Migrate, database_url: str
) -> None:
    shown = migrate("--plan")
    assert (shown.status, shown.shown) == (0, f"2 tenants: {OLD} → {REVISION}\n")
    assert standing(database_url) == {"acme": OLD, "globex": OLD}
    migrate("--tenant", "acme")
    assert migrate("--plan").shown == (
        f"1 tenant: {OLD} → {REVISION}\n1 tenant at {REVISION}: nothing to do\n"
    )
    assert migrate("--plan", "--to", OLD, "--tenant", "acme").shown == (
        f"1 tenant: {REVISION} → {OLD}\n"
    )


def test_a_tenant_goes_down_and_up_and_the_public_line_stays(
    migrate: Migrate, database_url: str
) -> None:
    everything = migrate()
    assert everything.status == 0, everything.error
    assert "public schema at p" in everything.shown
    assert "2 tenants: 2 migrated, 0 were there already, 0 failed" in everything.shown
    down = migrate("--to", OLD, "--tenant", "acme")
    assert "public schema" not in down.shown
    assert standing(database_url) == {"acme": OLD, "globex": REVISION}
    up = migrate("--to", REVISION)
    assert "2 tenants: 1 migrated, 1 were there already, 0 failed" in up.shown
    assert standing(database_url) == {"acme": REVISION, "globex": REVISION}


def test_a_canary_that_fails_leaves_the_others_untouched(
    migrate: Migrate, database_url: str, acme: UUID
) -> None:
    spoil(database_url, acme)
    ended = migrate("--canary", "1")
    assert ended.status == 1
    assert f'acme stays at {OLD}: column "gift_wrapped"' in ended.shown
    assert f"globex stays at {OLD}: not tried: a canary failed" in ended.shown
    assert standing(database_url) == {"acme": OLD, "globex": OLD}


def test_a_tenant_that_fails_is_named_and_the_others_go_on(
    migrate: Migrate, database_url: str, acme: UUID
) -> None:
    spoil(database_url, acme)
    ended = migrate()
    assert ended.status == 1
    assert "error: migrate: 1 tenant stayed behind; run it again" in ended.error
    assert f'acme stays at {OLD}: column "gift_wrapped"' in ended.shown
    assert standing(database_url) == {"acme": OLD, "globex": REVISION}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--tenant", "nobody"), "tenant: no tenant 'nobody' has a schema"),
        (("--to", "t0000"), "to: there is no revision 't0000'"),
        (("--plan", "--to", "base"), "to: there is no revision 'base'"),
    ],
)
def test_what_is_not_there_is_named(
    migrate: Migrate, database_url: str, arguments: tuple[str, ...], reason: str
) -> None:
    ended = migrate(*arguments)
    assert (ended.status, reason in ended.error) == (2, True), ended.error
    assert standing(database_url) == {"acme": OLD, "globex": OLD}
