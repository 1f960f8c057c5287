"""One numerical thread, and imports that cost nothing until they are needed."""

import os
import subprocess
import sys

CLEAN = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}


def output_of(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], env=CLEAN, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def test_before_numpy_loads_the_limit_holds_and_children_inherit_it() -> None:
    code = (
        "from shared.forecasting.threads import limit_to_one_thread as limit; import os;"
        "print(limit(), os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])"
    )
    assert output_of(code) == "True 1 1"


def test_after_numpy_loaded_the_caller_learns_that_it_is_too_late() -> None:
    code = (
        "import numpy;"
        "from shared.forecasting.threads import limit_to_one_thread as limit; print(limit())"
    )
    assert output_of(code) == "False"


def test_a_second_call_finds_the_limit_in_place() -> None:
    code = (
        "from shared.forecasting.threads import limit_to_one_thread as limit;"
        "limit(); import numpy; print(limit())"
    )
    assert output_of(code) == "True"


def test_importing_the_forecaster_loads_no_model_library() -> None:
    code = (
        "import sys, shared.forecasting.tenant_forecaster;"
        "heavy = {'prophet', 'statsmodels', 'pandas', 'scipy', 'jax', 'lightgbm', 'statsforecast'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert output_of(code) == "[]"


def test_a_forecast_loads_neither_database_nor_network_nor_queue() -> None:
    code = (
        "import sys; from datetime import date;"
        "from shared.domain.series import ForecastInputs, Horizon, Series;"
        "from shared.forecasting.tenant_forecaster import TenantForecaster;"
        "one = Series('S', date(2024, 1, 1), (1.0, 2.0, 4.0) * 20);"
        "ours = TenantForecaster(); ahead = Horizon(28, 0.95); silent = lambda *_: None;"
        "inputs = ForecastInputs([one]); state = ours.learn(inputs, ahead, silent);"
        "list(ours.forecast(inputs, ahead, state, silent));"
        "assert 'prophet' in sys.modules;"
        "print(sorted({'sqlalchemy', 'psycopg', 'httpx', 'celery'} & set(sys.modules)))"
    )
    assert output_of(code) == "[]"
