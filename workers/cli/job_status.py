"""The state of the whole system on the terminal."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console

from shared.persistence.jobs.overview import Process, QueueState, read_processes, read_queues
from shared.persistence.operations.doctor import Finding, Verdict
from workers.cli.console import echo_json
from workers.cli.status import print_findings
from workers.cli.terminal_tables import Column, print_table, words
from workers.health import examine_running, exit_code
from workers.observed import Observed
from workers.queues import Queue
from workers.wiring import Wiring


@dataclass(slots=True)
class _State:
    """Queues and processes, as far as the ledger could be read."""

    queues: list[QueueState] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    lease_s: float = 0.0

    def places(self, queue: str) -> int:
        """How many jobs of a queue may run at once."""
        serving = (
            each for each in self.processes if queue in each.queues and each.is_living(self.lease_s)
        )
        return sum(each.concurrency for each in serving)


def show_status(console: Console, seen: Observed, *, as_json: bool) -> int:
    """Shows queues and processes, and names what is missing; 0 good, 1 degraded, 2 down."""
    state = _State()

    def look(wiring: Wiring) -> list[Finding]:
        known = {each.queue: each for each in read_queues(wiring.admin)}
        none = (QueueState(queue, 0, None, 0, 0, 0, 0) for queue in Queue if queue not in known)
        state.queues = sorted([*known.values(), *none], key=lambda each: each.queue)
        state.processes = read_processes(wiring.admin)
        state.lease_s = wiring.settings.lease_s
        return examine_running(wiring)

    findings = seen.examine(look)
    if as_json:
        echo_json(_as_json(state, findings), default=str)
    else:
        if state.queues:
            _print_queues(console, state)
            _print_processes(console, state)
        print_findings(console, [each for each in findings if each.verdict is not Verdict.GOOD])
    return exit_code(findings)


def _as_json(state: _State, findings: list[Finding]) -> dict[str, Any]:
    return {
        "exit_code": exit_code(findings),
        "health": [asdict(each) for each in findings],
        "queues": [asdict(each) | {"places": state.places(each.queue)} for each in state.queues],
        "processes": [
            asdict(each) | {"is_living": each.is_living(state.lease_s)} for each in state.processes
        ],
    }


def _print_queues(console: Console, state: _State) -> None:
    titles = ("queue", "due", "oldest", "later", "out", "running", "places", "ended badly, 24 h")
    rows = []
    for each in state.queues:
        oldest = "" if each.oldest_s is None else f"{each.oldest_s:,.0f} s"
        figures = (each.due, oldest, each.later, each.dispatched, each.running)
        rows.append(
            [each.queue, *map(str, figures), str(state.places(each.queue)), str(each.ended_badly)]
        )
    print_table(console, [Column(title) for title in titles], rows)


def _print_processes(console: Console, state: _State) -> None:
    titles = ("process", "pid", "queues", "places", "since (UTC)", "restarts", "heard")
    columns = [words(title) if title == "queues" else Column(title) for title in titles]
    rows = []
    for each in state.processes:
        heard = f"{each.silent_s:.0f} s ago" + ("" if each.is_living(state.lease_s) else " GONE")
        size = str(each.concurrency) if each.queues else ""
        since, queues = f"{each.started_at:%m-%d %H:%M:%S}", ", ".join(each.queues)
        pid = "" if each.pid is None else str(each.pid)
        rows.append([each.name, pid, queues, size, since, str(each.restarts), heard])
    print_table(console, columns, rows)
