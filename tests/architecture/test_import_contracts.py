"""The import contracts can fail: each is broken once, in a copy of the tree."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("demo", "sandbox", "tasks", "workers", "schedules", "shared")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
# One import that must not be, for each contract by the first words of its name.
OFFENCES = {
    "Nothing stands on the demo": ("workers/queues.py", "demo.night"),
    "Rooms of shared": ("shared/domain/money.py", "shared.use_cases.slices"),
    "Rooms of persistence": ("shared/persistence/jobs/waits.py", "shared.persistence.unit_of_work"),
    "No circle": ("workers/definition.py", "workers.execution"),
    "Domain and use cases": ("shared/domain/vat.py", "httpx"),
    "Shared knows neither": ("shared/http/limits.py", "celery"),
    "SQL only": ("shared/connectors/xero/client.py", "psycopg"),
    "Members of a panel": (
        "shared/forecasting/panels/members/boosting.py",
        "shared.forecasting.panels.members.naive",
    ),
    "Forecasts know neither": ("shared/forecasting/panels/panel.py", "shared.use_cases.slices"),
}


def verdicts(folder: Path) -> dict[str, str]:
    """KEPT or BROKEN, by the first words of each contract's name."""
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    said = " ".join(run.stdout.split())
    found = {}
    for start in OFFENCES:
        ended = re.search(re.escape(start) + r"[^:]*?(?:: [^:]*?)?\b(KEPT|BROKEN)\b", said)
        found[start] = ended.group(1) if ended else said[-500:]
    return found


def test_every_contract_has_an_import_here_that_breaks_it() -> None:
    names = [contract["name"] for contract in CONTRACTS]
    assert [sum(name.startswith(start) for start in OFFENCES) for name in names] == [1] * len(names)
    assert len(names) == len(OFFENCES)


def test_each_contract_holds_until_it_is_broken(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("*.gz", "__pycache__")
        )
    assert verdicts(tmp_path) == dict.fromkeys(OFFENCES, "KEPT")
    for name, module in OFFENCES.values():
        path = tmp_path / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport {module}\n", encoding="utf-8")
    assert verdicts(tmp_path) == dict.fromkeys(OFFENCES, "BROKEN")
