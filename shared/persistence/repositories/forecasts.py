"""What models said of each SKU."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.domain.money import round_money
from shared.domain.series import Forecast
from shared.persistence.database import Connection

UPSERT_DEMAND = """
INSERT INTO forecasts AS f (company_id, product_id, forecast_origin, forecast_type, period_type, model_type,
                            model_version, confidence_level, fallback,
                            forecast_date, predicted_value, lower_bound, upper_bound)
SELECT %s, %s, %s, 'DEMAND', 'DAILY', %s, %s, %s, %s, *
FROM unnest(%s::date[], %s::numeric[], %s::numeric[], %s::numeric[])
ON CONFLICT (company_id, product_id, forecast_type, period_type, model_type, forecast_origin, forecast_date)
DO UPDATE SET model_version = excluded.model_version, confidence_level = excluded.confidence_level,
    fallback = excluded.fallback, predicted_value = excluded.predicted_value,
    lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound, updated_at = now()
WHERE (f.model_version, f.confidence_level, f.fallback, f.predicted_value, f.lower_bound, f.upper_bound)
   IS DISTINCT FROM (excluded.model_version, excluded.confidence_level, excluded.fallback,
                     excluded.predicted_value, excluded.lower_bound, excluded.upper_bound)
"""


class ForecastRepository:
    """Writes forecasts by SKU, model, origin and day; the same forecast again changes no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def upsert_demand(
        self, company_id: UUID, product_id: UUID, origin: date, forecasts: Sequence[Forecast]
    ) -> int:
        """Writes daily demand; returns how many forecasts (one a model) were new or changed."""
        return sum(self._upsert(company_id, product_id, origin, each) for each in forecasts)

    def _upsert(self, company_id: UUID, product_id: UUID, origin: date, forecast: Forecast) -> bool:
        changed = self._connection.execute(
            UPSERT_DEMAND,
            (
                company_id,
                product_id,
                origin,
                forecast.model_type,
                forecast.model_version,
                Decimal(str(forecast.level)),
                forecast.fallback[:255] if forecast.fallback else None,
                [point.day for point in forecast.points],
                [_units(point.predicted) for point in forecast.points],
                [_units(point.lower) for point in forecast.points],
                [_units(point.upper) for point in forecast.points],
            ),
        ).rowcount
        return changed > 0


def _units(value: float) -> Decimal:
    return round_money(Decimal(repr(value)))
