"""What is expected to sell, and how near it came."""

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.enums import FORECAST_TYPE, PERIOD_TYPE
from shared.persistence.tables.kinds import FRACTION, MONEY, TENANT

forecasts = Table(
    "forecasts",
    TENANT,
    row_id("the row"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    optional(
        "product_id", Uuid, "the product; NULL for the company's total", ForeignKey("products.id")
    ),
    required(
        "forecast_date", Date, "day predicted, or the first day of the week or month predicted"
    ),
    required("forecast_origin", Date, "last day whose sales the model had seen"),
    required(
        "forecast_type",
        FORECAST_TYPE,
        "DEMAND in units; REVENUE and CASH_FLOW in the company's currency",
    ),
    required("period_type", PERIOD_TYPE, "length of what is predicted: DAILY, WEEKLY or MONTHLY"),
    required(
        "model_type",
        String(50),
        "ensemble, what is expected; arima, prophet, lstm, daily demand of its members alone",
    ),
    required("model_version", String(50), "version of the model's code"),
    required(
        "predicted_value",
        MONEY,
        "what is expected: units, or money in the company's currency; two places",
    ),
    optional("lower_bound", MONEY, "lower end of the interval, same unit"),
    optional("upper_bound", MONEY, "upper end of the interval, same unit"),
    optional(
        "confidence_level",
        FRACTION,
        "share of days that should fall in the interval: 0.9500 is 95 %",
    ),
    optional("actual_value", MONEY, "what was sold in the end, same unit; NULL until it is scored"),
    optional(
        "accuracy_percentage",
        Numeric(5, 2),
        (
            "0 to 100: 100 × (1 − |error| / actual), never below 0; on a day without a sale 100 "
            "for no unit, else 0"
        ),
    ),
    optional(
        "fallback",
        String(255),
        "members missing from the ensemble, or simpler method used, and why; NULL where none is",
    ),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "company_id",
        "product_id",
        "forecast_type",
        "period_type",
        "model_type",
        "forecast_origin",
        "forecast_date",
        name="idx_forecasts_identity",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint(
        "accuracy_percentage >= 0 AND accuracy_percentage <= 100",
        name="forecasts_accuracy_percentage_check",
    ),
    CheckConstraint("forecast_date > forecast_origin", name="forecasts_after_origin"),
    CheckConstraint(
        "lower_bound <= predicted_value AND predicted_value <= upper_bound",
        name="forecasts_bounds_ordered",
    ),
    CheckConstraint(
        "confidence_level > 0 AND confidence_level < 1", name="forecasts_confidence_level_check"
    ),
    Index("idx_forecasts_date", "forecast_date"),
    Index("idx_forecasts_product_date", "product_id", "forecast_date"),
    comment=(
        "what a model expects, a row a SKU, model, origin and day; a newer model version "
        "replaces the row"
    ),
)
