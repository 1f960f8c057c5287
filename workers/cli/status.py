"""`capliquify status`: one screen that says whether all is well, and what is not."""

import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from shared.persistence.operations.doctor import Finding, Verdict
from workers.cli.console import echo_json, make_console
from workers.cli.terminal_tables import Column, print_table, words
from workers.health import examine_answers, examine_running, exit_code
from workers.observed import Observed, observed_platform
from workers.status_answers import Rows, read_answers
from workers.wiring import Wiring

console = make_console()
# What gives way where room is short; the rest may have to be typed.
WORDS = frozenset({"why", "message", "error"})
TITLES = {
    "pulls": "services without a good pull",
    "reconnect": "services whose owner must connect again",
    "backfills": "backfills that go on",
    "waiting": "who waits longest",
    "failures": "failures of a day, by hour",
    "set_aside": "records set aside",
    "near_quota": "near a quota",
    "budgets": "vendors' limits in use",
    "scans": "scans (UTC)",
    "nights": "nights (UTC)",
}
AGAIN_S = 2.0


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows of each answer")] = 20,
) -> None:
    """Show whether the system runs and what is not well; exit status 0 good, 1 degraded, 2 down."""
    while True:
        with observed_platform() as seen:
            findings = _show(seen, limit, as_json=as_json)
        if not watch:
            raise typer.Exit(exit_code(findings))
        time.sleep(AGAIN_S)


def _show(seen: Observed, limit: int, *, as_json: bool) -> list[Finding]:
    answers: dict[str, Rows] = {}

    def look(wiring: Wiring) -> list[Finding]:
        answers.update(read_answers(wiring))
        return [*examine_running(wiring), *examine_answers(answers, wiring.settings.tenant_caps)]

    findings = seen.examine(look)
    if as_json:
        health = [asdict(each) for each in findings]
        shown = {name: rows[:limit] for name, rows in answers.items()}
        echo_json({"exit_code": exit_code(findings), "health": health, **shown}, default=str)
        return findings
    print_findings(console, [each for each in findings if each.verdict is not Verdict.GOOD])
    for name, title in TITLES.items():
        if name in answers:
            _print_answer(title, answers[name], limit)
    return findings


def print_findings(where: Console, findings: list[Finding]) -> None:
    """The table of findings; one line where there is none."""
    if not findings:
        where.print("All is well: dispatcher, beat, broker and a worker for every queue.")
        return
    columns = (Column("check"), Column("is"), words("found"), words("fix"))
    rows = [(each.check, each.verdict, each.found, each.fix) for each in findings]
    print_table(where, columns, rows)


def _print_answer(title: str, rows: Rows, limit: int) -> None:
    if not rows:
        console.print(f"{title}: none")
        return
    more = f", {limit} of {len(rows):,}" if len(rows) > limit else ""
    console.print(f"{title}{more}:")
    columns = [words(name) if name in WORDS else Column(name) for name in rows[0]]
    print_table(
        console, columns, [[_cell(value) for value in row.values()] for row in rows[:limit]]
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}"
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value)
