"""What forecasts are made from and judged by: plans, models that were learnt, sums, accuracy."""

from itertools import pairwise
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.persistence.tables.columns import (
    changed_at,
    key,
    made_at,
    optional,
    required,
    row_id,
)
from shared.persistence.tables.enums import FORECAST_TYPE, PERIOD_TYPE
from shared.persistence.tables.kinds import FRACTION, MONEY, RATIO, TENANT

PERCENTILES = ("p025", "p10", "p25", "p50", "p75", "p90", "p95", "p975", "p99")
SCORE = Numeric(15, 4)


def _company() -> Column[Any]:
    return required(
        "company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")
    )


planned_events = Table(
    "planned_events",
    TENANT,
    row_id("the event"),
    _company(),
    optional(
        "product_id", Uuid, "the product; NULL for all that it sells", ForeignKey("products.id")
    ),
    required("kind", String(20), "PROMOTION, PRICE_CHANGE, CLOSED, LAUNCH or END_OF_SALE"),
    required(
        "first_day", Date, "first day of it; of END_OF_SALE the first day on which nothing sells"
    ),
    optional("last_day", Date, "last day of it; NULL has no end"),
    optional("discount", FRACTION, "share of the price that a promotion takes off: 0.2000 is 20 %"),
    optional("price", MONEY, "the price from then on, in the company's currency"),
    optional("note", String(255), "what people call it"),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "product_id",
        "kind",
        "first_day",
        name="idx_planned_events_identity",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint(
        "kind IN ('PROMOTION', 'PRICE_CHANGE', 'CLOSED', 'LAUNCH', 'END_OF_SALE')",
        name="planned_events_kind_check",
    ),
    CheckConstraint("last_day >= first_day", name="planned_events_days_check"),
    CheckConstraint("discount > 0 AND discount < 1", name="planned_events_discount_check"),
    CheckConstraint("price >= 0", name="planned_events_price_check"),
    CheckConstraint(
        "kind <> 'PROMOTION' OR (discount IS NOT NULL AND last_day IS NOT NULL)",
        name="planned_events_promotion_check",
    ),
    CheckConstraint(
        "kind <> 'PRICE_CHANGE' OR price IS NOT NULL", name="planned_events_price_change_check"
    ),
    CheckConstraint("kind <> 'CLOSED' OR last_day IS NOT NULL", name="planned_events_closed_check"),
    Index("idx_planned_events_product", "product_id"),
    comment="what the tenant knows of days to come and days past: forecasts count with it",
)

forecast_models = Table(
    "forecast_models",
    TENANT,
    key("company_id", Uuid(), "the company whose SKUs were learnt", ForeignKey("companies.id")),
    key("horizon_days", Integer(), "how many days ahead the models were taught to look"),
    required("model_version", String(50), "version of the code that learnt"),
    required("learnt_from", Date, "first day that was learnt from"),
    required("learnt_until", Date, "last day that was learnt from"),
    required("skus", Integer, "how many SKUs were learnt from"),
    required("state", LargeBinary, "parameters of all members, as their code packs them"),
    required("checksum", LargeBinary, "SHA-256 of the state; another one means: learn again"),
    optional(
        "refit_reason", String(255), "why the next run is to learn again; NULL while all is well"
    ),
    made_at(),
    changed_at(),
    CheckConstraint("horizon_days > 0", name="forecast_models_horizon_days_check"),
    comment="what was learnt of all SKUs together: the nightly update starts from it",
)

cumulative_forecasts = Table(
    "cumulative_forecasts",
    TENANT,
    row_id("the row"),
    _company(),
    optional(
        "product_id", Uuid, "the product; NULL for the company's total", ForeignKey("products.id")
    ),
    required("forecast_origin", Date, "last day whose sales were known"),
    required("days", Integer, "how many days after the origin are summed: 7, 14, 28, lead time"),
    required("model_version", String(50), "version of the model's code"),
    required("predicted_value", MONEY, "units expected in all, the sum of the days' forecasts"),
    *(
        required(name, MONEY, f"units that suffice with {name[1:3]}{'.5' * (len(name) > 3)} %")
        for name in PERCENTILES
    ),
    optional("actual_value", MONEY, "units wanted in the end; NULL until the last day is known"),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "product_id",
        "forecast_origin",
        "days",
        name="idx_cumulative_forecasts_identity",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("days > 0", name="cumulative_forecasts_days_check"),
    CheckConstraint(
        " AND ".join(f"{low} <= {high}" for low, high in pairwise(PERCENTILES)),
        name="cumulative_forecasts_ordered",
    ),
    Index("idx_cumulative_forecasts_product", "product_id", "forecast_origin"),
    comment="units wanted from the day after the origin on, summed: what an order has to last for",
)

category_forecasts = Table(
    "category_forecasts",
    TENANT,
    row_id("the row"),
    _company(),
    required("category", String(255), "the category, as `products.category` has it"),
    required(
        "forecast_date", Date, "day predicted, or the first day of the week or month predicted"
    ),
    required("forecast_origin", Date, "last day whose sales the model had seen"),
    required("forecast_type", FORECAST_TYPE, "DEMAND in units; REVENUE in the company's currency"),
    required("period_type", PERIOD_TYPE, "length of what is predicted: DAILY, WEEKLY or MONTHLY"),
    required("model_version", String(50), "version of the model's code"),
    required("predicted_value", MONEY, "sum of what its SKUs are expected to sell"),
    optional("lower_bound", MONEY, "lower end of the interval, same unit"),
    optional("upper_bound", MONEY, "upper end of the interval, same unit"),
    optional("confidence_level", FRACTION, "share of periods that should fall in the interval"),
    optional("actual_value", MONEY, "what was sold in the end, same unit; NULL until it is scored"),
    optional("accuracy_percentage", Numeric(5, 2), "as in `forecasts`"),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "category",
        "forecast_type",
        "period_type",
        "forecast_origin",
        "forecast_date",
        name="idx_category_forecasts_identity",
    ),
    CheckConstraint("forecast_date > forecast_origin", name="category_forecasts_after_origin"),
    CheckConstraint(
        "lower_bound <= predicted_value AND predicted_value <= upper_bound",
        name="category_forecasts_bounds_ordered",
    ),
    comment="what the SKUs of a category are expected to sell together, by the ensemble",
)

forecast_accuracy = Table(
    "forecast_accuracy",
    TENANT,
    row_id("the row"),
    _company(),
    optional(
        "product_id",
        Uuid,
        "the product; NULL for all SKUs together",
        ForeignKey("products.id"),
    ),
    required("week_start", Date, "Monday of the week whose days were forecast"),
    required("model_type", String(50), "ensemble, arima, prophet or lstm"),
    required(
        "days_ahead", String(5), "how far ahead they were forecast: 1-7, 8-14, 15-28, 29+, all"
    ),
    required("forecasts", Integer, "how many daily forecasts were scored"),
    optional("wape", RATIO, "sum of absolute errors over the sum sold; NULL where nothing sold"),
    optional("rmsse", RATIO, "root mean squared error in units of the SKU's own daily changes"),
    optional("pinball", SCORE, "mean pinball loss of both bounds, in units; NULL without bounds"),
    optional("msis", SCORE, "mean scaled interval score; NULL without bounds"),
    optional("bias", RATIO, "sum forecast less sum sold, over the sum sold; above 0 is too much"),
    optional("coverage", FRACTION, "share of days within their bounds"),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "product_id",
        "week_start",
        "model_type",
        "days_ahead",
        name="idx_forecast_accuracy_identity",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint(
        "days_ahead IN ('1-7', '8-14', '15-28', '29+', 'all')",
        name="forecast_accuracy_days_ahead_check",
    ),
    Index("idx_forecast_accuracy_week", "week_start"),
    Index("idx_forecast_accuracy_product", "product_id", "week_start"),
    comment="how good forecasts were, a row a week, SKU, model and distance",
)
