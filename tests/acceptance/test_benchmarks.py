"""Every benchmark runs, at its smallest size, and its last line is what programs read. No figure is judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance
ROOT = Path(__file__).resolve().parents[2]
SMALLEST = {
    "throughput": ("--jobs", "20", "--tenants", "2"),
    "fairness": ("--crowd", "50"),
    "storm": ("--seconds", "6", "--tenants", "3"),
    "pull": ("--orders", "300", "--throttled-s", "6"),
    "amazon_day": ("--orders", "200", "--report-s", "1"),
    "tenants": ("--tenants", "2"),
    "vault": ("--secrets", "10", "--rounds", "1"),
    "forecasting": ("--skus", "4", "--days", "140", "--peers", "1"),
    "ablation": ("--skus", "4", "--days", "120"),
    "forecast_night": ("--tenants", "2", "--skus", "3", "--days", "140", "--peers", "1"),
}
# Of one measurement, beside its peer and its goal.
FIGURE = {"what", "unit", "ours", "peer", "ratio", "goal", "met"}
# What else a benchmark must say, where it has no list of figures.
KEYS = {
    "storm": {
        "lost",
        "doubled",
        "not_succeeded",
        "faults",
        "jobs",
        "drained_in_s",
        "nights_due",
        "nights_missed",
        "nights_to_come",
        "crashes",
    },
    "amazon_day": {"orders", "report_s", "goal", "ratio", "met"},
    "vault": {"vault_us", "postgresql", "rounds", "secrets"},
}


@pytest.mark.parametrize("name", SMALLEST)
def test_a_benchmark_runs_and_says_its_figures(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *SMALLEST[name], "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    reported = json.loads(ended.stdout.splitlines()[-1])
    assert reported["benchmark"] == name
    if name in KEYS:
        assert set(reported) >= KEYS[name]
    else:
        assert reported["figures"]
        assert all(set(each) == FIGURE for each in reported["figures"])
    if name == "storm":
        assert (reported["lost"], reported["doubled"], reported["not_succeeded"]) == (0, 0, {})
        assert (reported["nights_missed"], reported["nights_to_come"], reported["crashes"]) == (
            0,
            0,
            {},
        )
        assert reported["nights_due"] > 0


def test_no_benchmark_is_left_out() -> None:
    runnable = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if "add_argument" in path.read_text(encoding="utf-8")
    }
    assert runnable == set(SMALLEST)
