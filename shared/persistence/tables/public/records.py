"""What was done, how much was used, and the rates of currencies."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB

from shared.persistence.tables.columns import changed_at, key, made_at, optional, required, row_id
from shared.persistence.tables.enums import AUDIT_SEVERITY
from shared.persistence.tables.kinds import CURRENCY, INSTANT, PUBLIC, RATE, TRUE, ZERO

audit_logs = Table(
    "audit_logs",
    PUBLIC,
    row_id("the entry"),
    optional(
        "tenant_id",
        Uuid,
        "the tenant that it is about (tenants.id, may be gone); NULL where it is about none",
    ),
    optional(
        "user_id",
        Uuid,
        "the user who acted (users.id, may be gone); NULL where a process or an operator did",
    ),
    required(
        "action", String(100), "what was done, as subject.verb: tenant.suspended, schema.migrated"
    ),
    required(
        "resource_type", String(100), "kind of thing that it was done to: tenant, user, credential"
    ),
    optional("resource_id", Uuid, "which one; NULL where it has no id"),
    required(
        "severity",
        AUDIT_SEVERITY,
        "INFO, WARNING, ERROR or CRITICAL",
        default=text("'INFO'::public.audit_severity"),
    ),
    optional(
        "changes",
        JSONB,
        "before and after of each column that changed; personal values and account ids masked",
    ),
    optional("metadata", JSONB, "what else is known, such as the actor"),
    optional("ip_address", INET, "address from which it was asked, where a person asked"),
    optional("user_agent", Text, "browser from which it was asked, where a person asked"),
    required("success", Boolean, "false: it was tried and failed", default=TRUE),
    optional("error_message", Text, "why it failed; NULL after a success"),
    made_at("when, UTC, by the server's clock"),
    optional("login", String(63), "login role that wrote the entry, as the server knows it"),
    Index("idx_audit_logs_action", "action", text("created_at DESC")),
    Index("idx_audit_logs_created", "created_at"),
    Index("idx_audit_logs_tenant", "tenant_id", text("created_at DESC")),
    Index("idx_audit_logs_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
    comment=(
        "who did what; rows are only ever added. No foreign keys: the log outlives tenant and user"
    ),
)

usage_metrics = Table(
    "usage_metrics",
    PUBLIC,
    row_id("the row"),
    required(
        "tenant_id",
        Uuid,
        "the tenant that used it",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    required(
        "period_start",
        INSTANT,
        (
            "first instant of the period, UTC: of the subscription's billing, else of the "
            "calendar month"
        ),
    ),
    required("period_end", INSTANT, "instant at which the period ends, UTC, not part of it"),
    required(
        "active_users_count", Integer, "users who may sign in, at the newest sample", default=ZERO
    ),
    required(
        "total_entities_count",
        Integer,
        "SKUs that a channel sells, at the newest sample",
        default=ZERO,
    ),
    required(
        "storage_used_mb",
        Integer,
        "size of the tenant's tables with their indexes in MB, at the newest sample",
        default=ZERO,
    ),
    required("api_requests_count", BigInteger, "requests to the API in the period", default=ZERO),
    required("api_errors_count", BigInteger, "requests of those that failed", default=ZERO),
    required(
        "forecasts_generated",
        Integer,
        "forecasts that were new or changed in the period: one SKU by one model counts one",
        default=ZERO,
    ),
    required("reports_exported", Integer, "reports exported in the period", default=ZERO),
    required(
        "integrations_synced", Integer, "syncs completed in the period, once a job", default=ZERO
    ),
    made_at(),
    changed_at(),
    UniqueConstraint("tenant_id", "period_start", name="idx_usage_metrics_tenant_period"),
    CheckConstraint("active_users_count >= 0", name="usage_metrics_active_users_count_check"),
    CheckConstraint("api_errors_count >= 0", name="usage_metrics_api_errors_count_check"),
    CheckConstraint("api_requests_count >= 0", name="usage_metrics_api_requests_count_check"),
    CheckConstraint("forecasts_generated >= 0", name="usage_metrics_forecasts_generated_check"),
    CheckConstraint(
        "public.is_of_our_time(period_start) AND public.is_of_our_time(period_end)",
        name="usage_metrics_instants_of_our_time",
        postgresql_not_valid=True,
    ),
    CheckConstraint("integrations_synced >= 0", name="usage_metrics_integrations_synced_check"),
    CheckConstraint("period_end > period_start", name="usage_metrics_period_forward"),
    CheckConstraint("reports_exported >= 0", name="usage_metrics_reports_exported_check"),
    CheckConstraint("storage_used_mb >= 0", name="usage_metrics_storage_used_mb_check"),
    CheckConstraint("total_entities_count >= 0", name="usage_metrics_total_entities_count_check"),
    comment=(
        "what a tenant used in a billing period, one row a tenant and period; periods do not "
        "overlap"
    ),
)

exchange_rates = Table(
    "exchange_rates",
    PUBLIC,
    key("rate_date", Date, "day of the rate"),
    key("currency", CURRENCY, "ISO 4217"),
    required("rate", RATE, "units of the currency for one euro"),
    required(
        "source",
        String(50),
        "who published it: ecb is the European Central Bank",
        default=text("'ecb'::character varying"),
    ),
    PrimaryKeyConstraint("currency", "rate_date"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="exchange_rates_currency_check"),
    CheckConstraint("rate > 0", name="exchange_rates_rate_check"),
    comment="reference rates of currencies by day; the scan rates.refresh fills it",
)
