"""`capliquify forecast evaluate`: files in, scores out, and one line for what is wrong with them."""

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_command_line import assert_one_line, run

pytestmark = pytest.mark.acceptance
SERIES, LEARNT_DAYS, HORIZON = 6, 120, 14
FIRST = date(2025, 1, 1)


def write_days(path: Path, first_day: int, days: int, header: str = "unique_id,ds,y") -> Path:
    """A file of six series; amounts are from 0 to 14, with a busy weekday."""
    rows = [
        f"SKU-{sku},{FIRST + timedelta(days=day)},{day * (3 + sku) % 11 + 4 * (day % 7 == 5)}"
        for sku in range(SERIES)
        for day in range(first_day, first_day + days)
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        write_days(tmp_path / "train.csv", 0, LEARNT_DAYS),
        write_days(tmp_path / "test.csv", LEARNT_DAYS, HORIZON),
    )


def evaluate(
    files: tuple[Path, Path], *more: str, models: str = "croston,seasonal_naive"
) -> subprocess.CompletedProcess[str]:
    train, test = (str(path) for path in files)
    asked = ("--train", train, "--test", test, "--season-length", "7", "--horizon", str(HORIZON))
    return run({}, "forecast", "evaluate", *asked, "--models", models, *more)


def last_line(ended: subprocess.CompletedProcess[str]) -> Any:
    """The JSON object; NaN is refused, as it is by other languages."""
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1], parse_constant=pytest.fail)


def test_the_last_line_is_one_object_with_scores_of_both_sides(files: tuple[Path, Path]) -> None:
    found = last_line(evaluate(files, "--json"))
    assert (found["series"], found["horizon"], found["season_length"]) == (6, 14, 7)
    assert set(found["models"]) == {"ensemble", "croston", "seasonal_naive", "scum"}
    measures = {"rmsse", "mase", "wape", "wape_median", "pinball", "msis"}
    assert set(found["ratios_to_scum"]) == measures
    assert set(found["ratios_to_scum"]["wape"]) == {"ratio", "low", "high"}
    assert set(found["models"]["scum"]) == measures | {"coverage_80", "coverage_95"}
    assert set(found["calibration"]) >= {"pit_ks", "inside_80", "inside_95", "inside_80_sum_14"}
    assert set(found["cpu_ms_a_series"]) == {"ensemble", "scum"}
    assert found["models"]["croston"]["pinball"] is None
    assert sum(found["weights"][0].values()) == pytest.approx(1)


def test_without_the_peer_nothing_is_compared(files: tuple[Path, Path]) -> None:
    found = last_line(evaluate(files, "--no-peer", "--json"))
    assert set(found["models"]) == {"ensemble", "croston", "seasonal_naive"}
    assert set(found["cpu_ms_a_series"]) == {"ensemble"}
    assert {"ratios_to_scum", "win_rate"} & set(found) == set()


def test_a_person_reads_a_table_and_the_ratios(files: tuple[Path, Path]) -> None:
    ended = evaluate(files)
    assert ended.returncode == 0, ended.stderr
    shown = ended.stdout.splitlines()
    assert shown[0] == "6 series, 14 periods ahead"
    words = set(ended.stdout.split())
    assert {"ensemble", "croston", "seasonal_naive", "scum", "weights:"} <= words
    assert sum(" of SCUM's (" in line for line in shown) == 6


def test_a_model_that_is_not_there_is_named_with_those_that_are(files: tuple[Path, Path]) -> None:
    ended = evaluate(files, models="croston,oracle")
    assert_one_line(ended, 2, "models: 'oracle' is unknown here; choose of arima, prophet, lstm")
    assert ended.stdout == ""


def test_a_file_without_amounts_is_named_with_its_columns(files: tuple[Path, Path]) -> None:
    write_days(files[0], 0, 3, "unique_id,ds,sold")
    ended = evaluate(files)
    assert_one_line(ended, 2, f"{files[0]}: column y is missing; the columns are unique_id,ds,y")
    assert ended.stdout == ""


def test_models_that_learn_nothing_leave_the_mean_of_the_season(files: tuple[Path, Path]) -> None:
    write_days(files[0], 100, 20)
    found = last_line(evaluate(files, "--no-peer", "--json", models="lightgbm"))
    assert set(found["models"]) == {"ensemble"}
    assert found["weights"] == [{}]
