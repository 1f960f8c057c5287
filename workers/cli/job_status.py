"""The state of the whole system on the terminal."""

from rich.console import Console
from rich.table import Table

from shared.persistence.doctor import Verdict
from shared.persistence.job_overview import QueueState, read_processes, read_queues
from workers.cli.status import print_findings
from workers.health import examine_health, exit_code
from workers.queues import Queue
from workers.wiring import Wiring


def print_status(console: Console, wiring: Wiring) -> int:
    """Prints queues and processes, and names what is missing; 0 good, 1 degraded, 2 down."""
    states = {state.queue: state for state in read_queues(wiring.admin)}
    processes = read_processes(wiring.admin)
    lease_s = wiring.settings.lease_s
    living = [each for each in processes if each.silent_s < lease_s]
    queues = Table(
        "queue", "due", "oldest", "later", "out", "running", "places", "failed or dead, 24 h"
    )
    for queue in sorted({*states, *Queue}):
        state = states.get(queue, QueueState(queue, 0, None, 0, 0, 0, 0))
        places = sum(each.concurrency for each in living if queue in each.queues)
        oldest = "" if state.oldest_s is None else f"{state.oldest_s:,.0f} s"
        figures = (state.due, oldest, state.later, state.dispatched, state.running, places)
        queues.add_row(queue, *map(str, figures), str(state.ended_badly))
    console.print(queues)
    running = Table("process", "queues", "places", "since (UTC)", "last sign of life")
    for each in processes:
        silent = f"{each.silent_s:.0f} s ago" + (" GONE" if each not in living else "")
        size = str(each.concurrency) if each.queues else ""
        since = f"{each.started_at:%Y-%m-%d %H:%M}"
        running.add_row(each.name, ", ".join(each.queues), size, since, silent)
    console.print(running)
    findings = examine_health(wiring)
    print_findings(console, [each for each in findings if each.verdict is not Verdict.GOOD])
    return exit_code(findings)
