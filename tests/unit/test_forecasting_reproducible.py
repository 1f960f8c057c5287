"""The same series gives the same numbers anywhere, quietly, offline, without leftovers."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from shared.domain.series import Forecast, Series
from shared.forecasting.forecaster import Forecaster

SALES = tuple(float((day * 37 % 11) * (day % 7 != 6)) for day in range(120))


def forecast(*values: float) -> tuple[Forecast, ...]:
    return Forecaster().forecast(Series("SKU-1", date(2024, 1, 1), values), 28, 0.95)


SCRIPT = """
import json, sys
from dataclasses import astuple
from datetime import date
from shared.domain.series import Series
from shared.forecasting.forecaster import Forecaster

series = Series("SKU-1", date(2024, 1, 1), tuple(json.loads(sys.argv[1])))
print(repr(Forecaster().forecast(series, 28, 0.95)))
"""


def in_another_process() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(SALES)],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )


def test_another_process_gives_identical_numbers_and_no_noise() -> None:
    run = in_another_process()
    assert run.stdout == repr(forecast(*SALES)) + "\n"
    assert run.stderr == ""


@pytest.mark.usefixtures("socket_disabled")
def test_a_forecast_needs_no_network() -> None:
    # a blocked socket would raise RuntimeError and so turn into a fallback
    assert [answer.fallback for answer in forecast(*SALES)] == [None, None, None]


def test_forecasts_leave_no_files_behind() -> None:
    import cmdstanpy

    folder = Path(cmdstanpy._TMPDIR)
    forecast(*SALES)
    before = {path for path in folder.rglob("*") if path.is_file()}
    forecast(*SALES[:100])
    assert {path for path in folder.rglob("*") if path.is_file()} == before
