"""What an operator sees: the beat freezes, and `status` names it with the fix."""

import os
import signal
import time

from rich.console import Console

from shared.persistence.operations.doctor import Finding, Verdict
from workers.cli.status import print_findings
from workers.health import examine_answers, examine_running, exit_code
from workers.status_answers import read_answers
from workers.supervisor import Supervisor
from workers.wiring import Wiring

PATIENCE_S = 120.0


def look_on(console: Console, wiring: Wiring, supervisor: Supervisor) -> bool:
    """Freezes the beat until it is named, and prints what is found; whether it was named."""
    beat = supervisor.pid_of("beat")
    assert beat is not None  # noqa: S101 - it was started
    os.killpg(beat, signal.SIGSTOP)
    try:
        began = time.monotonic()
        faults = _find(wiring)
        while not _names_beat(faults) and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.2)
            faults = _find(wiring)
        named = _names_beat(faults)
        outcome = f"after {time.monotonic() - began:.0f} s" if named else "not at all"
        console.print(
            f"\nAn operator looks on: the beat is frozen; capliquify status names it {outcome}, and ends with "
            f"{exit_code(faults)}:",
            soft_wrap=True,
        )
        print_findings(console, faults)
    finally:
        os.killpg(beat, signal.SIGCONT)
    return named


def _names_beat(findings: list[Finding]) -> bool:
    return any(each.check == "beat" for each in findings)


def _find(wiring: Wiring) -> list[Finding]:
    caps = wiring.settings.tenant_caps
    answers = read_answers(wiring)
    found = [*examine_running(wiring), *examine_answers(answers, caps)]
    return [each for each in found if each.verdict is not Verdict.GOOD]
