"""`capliquify services`: the embedded PostgreSQL and Valkey."""

import shlex
import signal

import typer

from shared.embedded.services import EmbeddedServices
from shared.errors import ServiceError
from workers.cli.console import make_console
from workers.cli.terminal_tables import Column, print_table, words
from workers.platform import export
from workers.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="The PostgreSQL and Valkey that come with the project."
)
console = make_console()


def _services() -> EmbeddedServices:
    return EmbeddedServices(Settings.read().home)


@app.command()
def start() -> None:
    """Start both and leave them running."""
    _services().start_detached()
    # They run: Ctrl-C would only say that they do not.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status()


@app.command()
def stop() -> None:
    """Stop both cleanly; their data stay."""
    console.print("stopped" if _services().stop() else "nothing was running")


@app.command()
def status() -> None:
    """Show what runs, where, and with which data."""
    columns = [Column(title) for title in ("service", "state", "pid", "port", "version")]
    rows = [
        (
            each.name,
            "running" if each.running else "stopped",
            str(each.pid or ""),
            str(each.port or ""),
            each.version or "",
            str(each.data_folder),
        )
        for each in _services().status()
    ]
    print_table(console, [*columns, words("data folder")], rows)


@app.command()
def env() -> None:
    """Print `export` lines; use it as: eval "$(capliquify services env)"."""
    urls = _services().running_urls()
    if urls is None:
        raise ServiceError("services: not running; start them with `capliquify services start`")
    for name, value in export(urls, Settings.read()).items():
        typer.echo(f"export {name}={shlex.quote(value)}")
