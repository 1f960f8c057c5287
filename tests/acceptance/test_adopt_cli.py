"""`capliquify migrate --adopt` on a database that Prisma made."""

import pytest

from shared.embedded.urls import ServiceUrls
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from tests.integration.database.test_adoption import prisma_url  # noqa: F401 - a fixture

pytestmark = pytest.mark.acceptance


def test_the_differences_are_listed_before_anything_is_changed(
    prisma_url: str,  # noqa: F811 - the fixture
    services: ServiceUrls,
) -> None:
    environment = environment_of(prisma_url, services.redis_url)
    listed = run(environment, "migrate", "--adopt", "--plan")
    assert listed.returncode == 0, listed.stderr
    assert "public.tenants.region: unknown column, kept as it is" in listed.stdout
    refused = run(environment, "migrate", "--adopt", given="n\n")
    assert_one_line(refused, 2, "adopt: not confirmed; nothing was changed")
    adopted = run(environment, "migrate", "--adopt", "--yes")
    assert adopted.returncode == 0, adopted.stderr
    lines = adopted.stdout.splitlines()
    assert "public: adopted, 4 rows" in lines
    assert "acme-corp: adopted, 6 rows" in lines
    assert "globex: adopted, 6 rows" in lines
    again = run(environment, "migrate", "--adopt", "--yes")
    assert again.returncode == 0, again.stderr
    # 1 is degraded: the embedded server that an old Python has.
    assert run(environment, "doctor").returncode in {0, 1}
