"""The enums; they live in the public schema for every tenant too."""

from sqlalchemy import Enum

from shared.persistence.tables.kinds import PUBLIC

SUBSCRIPTION_TIER = Enum(
    "STARTER", "PROFESSIONAL", "ENTERPRISE", name="subscription_tier", metadata=PUBLIC
)
SUBSCRIPTION_STATUS = Enum(
    "TRIAL",
    "ACTIVE",
    "PAST_DUE",
    "CANCELLED",
    "SUSPENDED",
    name="subscription_status",
    metadata=PUBLIC,
)
USER_ROLE = Enum("OWNER", "ADMIN", "MEMBER", "VIEWER", name="user_role", metadata=PUBLIC)
BILLING_CYCLE = Enum("MONTHLY", "QUARTERLY", "ANNUAL", name="billing_cycle", metadata=PUBLIC)
AUDIT_SEVERITY = Enum(
    "INFO", "WARNING", "ERROR", "CRITICAL", name="audit_severity", metadata=PUBLIC
)
JOB_STATE = Enum(
    "queued",
    "dispatched",
    "running",
    "succeeded",
    "failed",
    "cancelled",
    "dead",
    name="job_state",
    metadata=PUBLIC,
)
SALE_LINE_KIND = Enum("SALE", "REFUND", name="sale_line_kind", metadata=PUBLIC)
FORECAST_TYPE = Enum("DEMAND", "REVENUE", "CASH_FLOW", name="forecast_type", metadata=PUBLIC)
PERIOD_TYPE = Enum("DAILY", "WEEKLY", "MONTHLY", name="period_type", metadata=PUBLIC)
SCENARIO_TYPE = Enum(
    "WHAT_IF", "OPTIMIZATION", "SENSITIVITY", name="scenario_type", metadata=PUBLIC
)
ACCOUNT_CLASS = Enum(
    "CASH",
    "ACCOUNTS_RECEIVABLE",
    "INVENTORY",
    "ACCOUNTS_PAYABLE",
    "SHORT_TERM_DEBT",
    name="account_class",
    metadata=PUBLIC,
)
INVOICE_KIND = Enum("RECEIVABLE", "PAYABLE", name="invoice_kind", metadata=PUBLIC)
