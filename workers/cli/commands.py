"""The command line put together, and errors turned into one clear line."""

import logging
import sys
from importlib import import_module

import psycopg
import psycopg.errors
import typer

from shared.errors import CapLiquifyError, InvalidInput, TenantMissing
from shared.observability.logging import configure_logging
from shared.security.redaction import redact
from workers.cli import (
    audit,
    credentials,
    database,
    doctor,
    events,
    figures,
    forecast,
    jobs,
    processes,
    rejected,
    rules,
    run,
    secrets,
    services,
    status,
    stock,
    tenants,
    up,
)
from workers.cli.console import make_console
from workers.cli.usage import describe_usage_error
from workers.platform import making_servers

app = typer.Typer(
    name="capliquify",
    help="CapLiquify's background workers: vendor syncs, forecasts and working capital, one tenant at a time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(services.app, name="services")
app.add_typer(stock.app, name="stock")
app.add_typer(tenants.app, name="tenants")
app.add_typer(credentials.app, name="credentials")
app.add_typer(figures.app, name="figures")
app.add_typer(forecast.app, name="forecast")
app.add_typer(jobs.app, name="jobs")
app.add_typer(rules.app, name="rules")
app.add_typer(events.app, name="events")
app.add_typer(secrets.app, name="secrets")
app.command("rejected")(rejected.rejected)
app.command("migrate")(database.migrate)
app.command("doctor")(doctor.doctor)
app.command("status")(status.status)
app.command("audit")(audit.audit)
app.command("run", context_settings={"ignore_unknown_options": False})(run.run)
app.command("up")(making_servers(up.up))
app.command("worker")(processes.worker)
app.command("dispatcher")(processes.dispatcher)
app.command("beat")(processes.beat)
app.command("flower")(processes.flower)


def _add_where_installed(*rooms: str) -> None:
    """Adds the command of each room that is there: the production image has neither."""
    for room in rooms:
        try:
            command = getattr(import_module(f"{room}.command"), room, None)
        except ModuleNotFoundError as error:
            if error.name not in {room, f"{room}.command"}:
                raise
            continue
        # A package of somebody else's may bear the name.
        if command is not None:
            app.command(room)(command)


_add_where_installed("sandbox", "demo")


def run_command() -> None:
    """Runs the command that was typed; an error that somebody can fix is one line and exit status 1 or 2."""
    configure_logging(redact, logging.ERROR)
    # What it has to say comes as one line of ours.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    try:
        # The status of a command that ends with one; else what it returned, which is nothing.
        sys.exit(app(standalone_mode=False))
    except psycopg.Error as error:
        _print(describe_database_error(error))
        sys.exit(1)
    except CapLiquifyError as error:
        _print(error.message)
        sys.exit(2 if isinstance(error, InvalidInput | TenantMissing) else 1)
    except typer.TyperException as error:
        if line := describe_usage_error(error):
            _print(line)
        sys.exit(error.exit_code)
    except typer.Abort:
        _print("the question was not answered")
        sys.exit(1)


def describe_database_error(error: psycopg.Error) -> str:
    """One line without values: the server's own sentence may quote a row, so only its kind is shown."""
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedFunction):
        return "database: it is not migrated; run `capliquify migrate`"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return "database: this login may not do that; check DATABASE_URL and DATABASE_ADMIN_URL"
    return f"database: {type(error).__name__} (SQLSTATE {error.sqlstate})"


def _print(message: str) -> None:
    console = make_console(stderr=True, soft_wrap=True)
    console.print(f"error: {redact(message)}", style="bold red", highlight=False)
