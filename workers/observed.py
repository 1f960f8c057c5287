"""The platform as it is: nothing is started to look at it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import psycopg.errors

from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from shared.errors import CapLiquifyError
from shared.persistence.operations.doctor import Finding, Verdict
from workers.limited import Limited
from workers.platform import check_database, export
from workers.settings import Settings
from workers.wiring import Wiring, build_wiring

# The answers take a second or two with ten thousand tenants.
LOOK_S = 120.0
START = "start `capliquify up`, or `capliquify services start`"


@dataclass(slots=True)
class Observed:
    """What a look at the platform begins with; without a database there is no wiring."""

    wiring: Wiring | None
    findings: list[Finding] = field(default_factory=list)

    def examine(self, look: Callable[[Wiring], list[Finding]]) -> list[Finding]:
        """What `look` finds beside what was found before; a database that goes away meanwhile is a finding."""
        wiring = self.wiring
        if wiring is None:
            return self.findings
        known = {"Valkey": "broker"}
        said = {known.get(each.check, each.check) for each in self.findings}
        try:
            found = Limited[list[Finding]](LOOK_S).ask(lambda: look(wiring))
            return [*self.findings, *(each for each in found if each.check not in said)]
        except (CapLiquifyError, psycopg.Error) as error:
            return [*self.findings, _database_fault(error)]


@contextmanager
def observed_platform() -> Iterator[Observed]:
    """Wiring over servers that run already; a server that does not is a finding. Raises `InvalidInput`."""
    with _environment_kept():
        yield from _observe()


def _observe() -> Iterator[Observed]:
    settings, findings = Settings.read(), list[Finding]()
    if len(settings.missing_urls()) == 2:
        findings = _find_servers(settings)
        settings = Settings.read()
    if settings.database_url is None:
        yield Observed(
            None,
            findings or [Finding("PostgreSQL", Verdict.BAD, "DATABASE_URL is not set", "set it")],
        )
        return
    try:
        check_database(settings)
    except CapLiquifyError as error:
        yield Observed(None, [*findings, _database_fault(error)])
        return
    with build_wiring(settings) as wiring:
        yield Observed(wiring, findings)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Where the home's servers are is looked up each time: they may be elsewhere by the next look."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _find_servers(settings: Settings) -> list[Finding]:
    """Puts the addresses of the home's servers into the environment, as far as they run."""
    services = EmbeddedServices(settings.home)
    missing = [each.name for each in services.status() if not each.running]
    database_url, redis_url = services.addresses()
    if database_url is not None:
        # Logins were made when it was started; one that hangs is not asked for them here.
        export(ServiceUrls(database_url, redis_url or ""), settings, make_logins=False)
    return [
        Finding(name, Verdict.BAD, f"does not run on {settings.home}", START) for name in missing
    ]


def _database_fault(error: CapLiquifyError | psycopg.Error) -> Finding:
    not_there = (
        psycopg.errors.UndefinedTable
        | psycopg.errors.UndefinedFunction
        | psycopg.errors.UndefinedColumn
    )
    if isinstance(error, not_there):
        return Finding(
            "PostgreSQL", Verdict.BAD, "not migrated to this release", "run `capliquify migrate`"
        )
    found = error.message if isinstance(error, CapLiquifyError) else type(error).__name__
    is_refused = "authentication failed" in found
    fix = (
        "correct the password in this URL, or set it with `capliquify migrate --set-passwords`"
        if is_refused
        else "start the server, or end it if it hangs; nothing is lost meanwhile"
    )
    return Finding("PostgreSQL", Verdict.BAD, found, fix)
