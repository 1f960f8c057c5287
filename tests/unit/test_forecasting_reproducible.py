"""The same series give the same numbers anywhere, offline, without leftovers."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from shared.domain.series import Horizon, NodeForecasts, Series, SkuFacts
from shared.forecasting.tenant_forecaster import TenantForecaster
from tests.fixtures.forecasting import learn_and_forecast

FACTS = {"SKU-1": SkuFacts(2.5, "Mugs", 5)}
SALES = tuple(float((day * 37 % 11) * (day % 7 != 6)) for day in range(120))


def forecast(*values: float) -> list[NodeForecasts]:
    series = [Series("SKU-1", date(2024, 1, 1), values)]
    return learn_and_forecast(TenantForecaster(), series, FACTS, Horizon(7, 0.95))


SCRIPT = """
from shared.forecasting.threads import limit_to_one_thread
limit_to_one_thread()
import json, sys
from datetime import date
from shared.domain.series import Horizon, Series
from shared.forecasting.tenant_forecaster import TenantForecaster
from tests.fixtures.forecasting import learn_and_forecast
from tests.unit.test_forecasting_reproducible import FACTS

series = [Series("SKU-1", date(2024, 1, 1), tuple(json.loads(sys.argv[1])))]
print(learn_and_forecast(TenantForecaster(), series, FACTS, Horizon(7, 0.95)))
"""


def in_another_process(hash_seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(SALES)],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_two_processes_give_identical_numbers() -> None:
    assert in_another_process("7") == in_another_process("8")


@pytest.mark.usefixtures("socket_disabled")
def test_a_forecast_needs_no_network() -> None:
    # A blocked socket would raise RuntimeError and so drop a member.
    models = [each.model_type for each in forecast(*SALES)[0].forecasts]
    assert models == ["arima", "prophet", "ensemble", "ensemble"]


def test_forecasts_leave_no_files_behind() -> None:
    import cmdstanpy

    folder = Path(cmdstanpy._TMPDIR)
    forecast(*SALES)
    before = {path for path in folder.rglob("*") if path.is_file()}
    forecast(*SALES[:100])
    assert {path for path in folder.rglob("*") if path.is_file()} == before
