"""Models by name, and the version each forecast carries.

Bump rule: a model's version goes up by one whenever its parameters, its method, the interval
rule, the preparation or the major version of its library changes: forecasts with the same
version are comparable, and the same series gives the same numbers. The ensemble's version
names its members' versions and so follows them; its own number goes up when the rule changes.
"""

from dataclasses import dataclass

from shared.errors import InvalidInput
from shared.forecasting.model import Model
from shared.forecasting.models.arima import Arima
from shared.forecasting.models.prophet import ProphetModel
from shared.forecasting.models.seasonal_naive import SeasonalNaive


@dataclass(frozen=True, slots=True)
class Registered:
    """A model and its version."""

    model: Model
    version: str


MODELS = {
    "arima": Registered(Arima(), "arima-1"),
    "prophet": Registered(ProphetModel(), "prophet-1"),
    "seasonal_naive": Registered(SeasonalNaive(), "seasonal-naive-1"),
}
ENSEMBLE_MEMBERS = ("arima", "prophet")


def registered(name: str) -> Registered:
    """Return the model of that name; raises InvalidInput naming the known ones."""
    if name not in MODELS:
        raise InvalidInput(f"model {name!r} is unknown, choose one of {', '.join(MODELS)}")
    return MODELS[name]


def ensemble_version(members: tuple[str, ...] = ENSEMBLE_MEMBERS) -> str:
    """Return the ensemble's version, its members' included."""
    return "+".join(["ensemble-1", *(MODELS[name].version for name in members)])
