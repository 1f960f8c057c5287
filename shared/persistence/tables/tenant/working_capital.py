"""Money tied up, and what-if scenarios."""

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.enums import PERIOD_TYPE, SCENARIO_TYPE
from shared.persistence.tables.kinds import DAYS, EMPTY_OBJECT, MONEY, RATIO, TENANT

working_capital_metrics = Table(
    "working_capital_metrics",
    TENANT,
    row_id("the row"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("period_date", Date, "first day of the period"),
    required("period_type", PERIOD_TYPE, "DAILY, WEEKLY or MONTHLY"),
    optional(
        "cash",
        MONEY,
        "cash on the period's last day, company's currency, two places; NULL: not known",
    ),
    optional(
        "accounts_receivable",
        MONEY,
        "owed by customers on that day, company's currency; NULL: not known",
    ),
    optional("inventory", MONEY, "stock at cost on that day, company's currency; NULL: not known"),
    optional(
        "accounts_payable",
        MONEY,
        "owed to suppliers on that day, company's currency; NULL: not known",
    ),
    optional(
        "short_term_debt",
        MONEY,
        (
            "loans, overdrafts and other current liabilities on that day, company's currency; "
            "NULL: not known"
        ),
    ),
    optional(
        "revenue",
        MONEY,
        "net of tax and refunds over period_days, company's currency; NULL: not known",
    ),
    optional(
        "cost_of_goods_sold",
        MONEY,
        "cost of the units sold over period_days, company's currency; NULL: not known",
    ),
    required(
        "period_days",
        Integer,
        (
            "days that revenue and cost are taken over: 30 for a day, the days so far for a week "
            "or month"
        ),
    ),
    optional(
        "current_ratio",
        RATIO,
        "computed: (cash + receivables + inventory) / (payables + short-term debt), four places",
        Computed(
            "CASE WHEN abs(cash + accounts_receivable + inventory) < 999999 * abs(accounts_payable + short_term_debt) "
            "THEN (cash + accounts_receivable + inventory) / (accounts_payable + short_term_debt) END",
            persisted=True,
        ),
    ),
    optional(
        "quick_ratio",
        RATIO,
        "computed: (cash + receivables) / (payables + short-term debt), four places",
        Computed(
            "CASE WHEN abs(cash + accounts_receivable) < 999999 * abs(accounts_payable + short_term_debt) "
            "THEN (cash + accounts_receivable) / (accounts_payable + short_term_debt) END",
            persisted=True,
        ),
    ),
    optional(
        "days_sales_outstanding",
        DAYS,
        "DSO in days: receivables / revenue × period_days, two places",
    ),
    optional(
        "days_inventory_outstanding",
        DAYS,
        "DIO in days: inventory / cost of goods sold × period_days, two places",
    ),
    optional(
        "days_payables_outstanding",
        DAYS,
        "DPO in days: payables / cost of goods sold × period_days, two places",
    ),
    optional(
        "cash_conversion_cycle",
        DAYS,
        "computed, in days: DSO + DIO − DPO",
        Computed(
            "days_sales_outstanding + days_inventory_outstanding - days_payables_outstanding",
            persisted=True,
        ),
    ),
    made_at(),
    changed_at(),
    required("reasons", JSONB, "why a figure is NULL, by the column's name", default=EMPTY_OBJECT),
    optional(
        "working_capital",
        MONEY,
        (
            "computed: cash + receivables + inventory − payables − short-term debt, company's "
            "currency"
        ),
        Computed(
            "CASE WHEN abs(cash + accounts_receivable + inventory - accounts_payable - short_term_debt) "
            "< 10000000000000 THEN cash + accounts_receivable + inventory - accounts_payable - short_term_debt END",
            persisted=True,
        ),
    ),
    UniqueConstraint("company_id", "period_type", "period_date", name="idx_working_capital_period"),
    CheckConstraint("period_days > 0", name="working_capital_metrics_period_days_check"),
    Index("idx_working_capital_date", "period_date"),
    comment="working capital of a company, a row a day, week and month",
)

scenarios = Table(
    "scenarios",
    TENANT,
    row_id("the scenario"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("name", String(255), "name for people"),
    optional("description", Text, "what it asks, for people"),
    required("scenario_type", SCENARIO_TYPE, "WHAT_IF, OPTIMIZATION or SENSITIVITY"),
    required("parameters", JSONB, "what is assumed", default=EMPTY_OBJECT),
    optional("results", JSONB, "what came out; NULL until it is computed"),
    optional(
        "baseline_scenario_id",
        Uuid,
        "scenario that it is compared with; NULL: with things as they are",
        ForeignKey("scenarios.id", ondelete="SET NULL"),
    ),
    optional("impact_summary", JSONB, "differences from the baseline"),
    optional(
        "created_by", Uuid, "who made it (public.users.id, no foreign key: checked by the API)"
    ),
    made_at(),
    changed_at(),
    Index("idx_scenarios_baseline", "baseline_scenario_id"),
    Index("idx_scenarios_company", "company_id"),
    Index("idx_scenarios_created_by", "created_by"),
    comment="what-if scenarios; written by the API",
)
