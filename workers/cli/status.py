"""`capliquify status`: one screen that says whether all is well, and what is not."""

import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.persistence.doctor import Finding, Verdict
from shared.persistence.operations import read_operations
from workers.cli.console import echo_json, make_console
from workers.health import examine_health, exit_code
from workers.platform import open_platform
from workers.wiring import Wiring

console = make_console()
COLOURS = {Verdict.GOOD: "green", Verdict.WARN: "yellow", Verdict.BAD: "red"}
TITLES = {
    "pulls": "services without a good pull",
    "backfills": "backfills that go on",
    "waiting": "who waits longest",
    "failures": "failures of a day, by hour",
    "schedules": "schedules, and their last tick (UTC)",
}
AGAIN_S = 2.0


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows of each answer")] = 20,
) -> None:
    """Show whether the system runs and what is not well; exit status 0 good, 1 degraded, 2 down."""
    with open_platform() as wiring:
        while True:
            findings = _show(wiring, limit, as_json=as_json)
            if not watch:
                break
            time.sleep(AGAIN_S)
    raise typer.Exit(exit_code(findings))


def _show(wiring: Wiring, limit: int, *, as_json: bool) -> list[Finding]:
    findings, answers = examine_health(wiring), read_operations(wiring.admin, limit)
    if as_json:
        health = [asdict(each) for each in findings]
        echo_json({"exit_code": exit_code(findings), "health": health, **answers}, default=str)
        return findings
    print_findings(console, [each for each in findings if each.verdict is not Verdict.GOOD])
    for name, title in TITLES.items():
        _print_answer(title, answers[name])
    return findings


def print_findings(where: Console, findings: list[Finding]) -> None:
    """The table of findings; one line where there is none."""
    if not findings:
        where.print("All is well: dispatcher, beat, broker and a worker for every queue.")
        return
    table = Table("check", "", "found", "fix")
    for each in findings:
        verdict = Text(each.verdict, style=COLOURS[each.verdict])
        table.add_row(each.check, verdict, each.found, each.fix)
    where.print(table)


def _print_answer(title: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print(f"{title}: none")
        return
    table = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}"
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
