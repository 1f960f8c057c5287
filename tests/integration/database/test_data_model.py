"""The tables as the data model has them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors, sql

PUBLIC = {
    "tenants": "id slug name schema_name clerk_organization_id subscription_tier subscription_status "
    "max_users max_entities max_storage features settings created_at updated_at deleted_at",
    "users": "id clerk_user_id email tenant_id role is_active is_verified last_login_at",
    "subscriptions": "id tenant_id subscription_tier status billing_cycle stripe_subscription_id "
    "stripe_price_id current_period_start current_period_end trial_end cancel_at",
    "audit_logs": "id tenant_id user_id action resource_type resource_id severity changes metadata "
    "ip_address user_agent success error_message created_at",
    "usage_metrics": "id tenant_id period_start period_end active_users_count total_entities_count "
    "storage_used_mb api_requests_count api_errors_count forecasts_generated reports_exported "
    "integrations_synced",
    "jobs": "id tenant_id parent_id name arguments queue priority idempotency_key state run_at attempt "
    "max_attempts lease lease_expires_at progress_done progress_total progress_message result "
    "error_class error_message requested_by created_at started_at finished_at",
    "exchange_rates": "rate_date currency rate source",
    "task_contracts": "name queue arguments_schema result_schema max_attempts deadline_s",
}
TENANT = {
    "companies": "id name legal_name registration_number tax_id industry primary_currency "
    "fiscal_year_start timezone",
    "products": "id company_id sku name category unit_cost unit_price reorder_point reorder_quantity "
    "lead_time_days safety_stock is_active",
    "sales": "id company_id product_id sale_date quantity unit_price total_amount channel "
    "channel_order_id channel_line_id line_kind currency tax_amount commission_rate commission_amount "
    "net_revenue fee_estimated market",
    "inventory": "id company_id product_id quantity_on_hand quantity_reserved quantity_available "
    "location last_counted_at last_received_at",
    "forecasts": "id company_id product_id forecast_date forecast_origin forecast_type period_type "
    "model_type model_version predicted_value lower_bound upper_bound confidence_level actual_value "
    "accuracy_percentage",
    "working_capital_metrics": "id company_id period_date period_type cash accounts_receivable inventory "
    "accounts_payable short_term_debt working_capital current_ratio quick_ratio days_sales_outstanding "
    "days_inventory_outstanding days_payables_outstanding cash_conversion_cycle",
    "scenarios": "id company_id name description scenario_type parameters results baseline_scenario_id "
    "impact_summary created_by",
    "api_credentials": "id company_id service_name service_type credentials_encrypted "
    "access_token_encrypted refresh_token_encrypted token_expires_at is_active last_sync_at "
    "last_sync_status refresh_lease_until",
    "user_preferences": "id user_id company_id dashboard_layout widget_preferences theme locale timezone "
    "email_notifications push_notifications",
    "product_channel_skus": "product_id channel channel_sku",
    "inventory_history": "product_id location snapshot_date quantity_on_hand",
    "product_costs": "product_id valid_from unit_cost currency",
    "account_balances": "company_id balance_date account_class source amount currency",
    "open_invoices": "company_id source source_invoice_id kind due_on amount_due currency",
    "rejected_records": "credential_id stream record_key field reason",
    "vendor_accounts": "credential_id account timezone currency updated_at",
    "sync_cursors": "credential_id stream position complete_until",
    "webhook_deliveries": "id channel webhook_id topic headers body received_at",
}
INDEXES = (
    "idx_tenants_slug idx_tenants_clerk_org idx_tenants_status idx_tenants_active "
    "idx_users_tenant idx_users_clerk idx_users_email idx_users_role "
    "idx_products_company idx_products_sku"
)
ENUMS = {
    "subscription_tier": ["STARTER", "PROFESSIONAL", "ENTERPRISE"],
    "subscription_status": ["TRIAL", "ACTIVE", "PAST_DUE", "CANCELLED", "SUSPENDED"],
    "user_role": ["OWNER", "ADMIN", "MEMBER", "VIEWER"],
    "billing_cycle": ["MONTHLY", "QUARTERLY", "ANNUAL"],
    "audit_severity": ["INFO", "WARNING", "ERROR", "CRITICAL"],
    "forecast_type": ["DEMAND", "REVENUE", "CASH_FLOW"],
    "period_type": ["DAILY", "WEEKLY", "MONTHLY"],
    "scenario_type": ["WHAT_IF", "OPTIMIZATION", "SENSITIVITY"],
}
GENERATED = {
    ("inventory", "quantity_available"),
    ("sales", "net_revenue"),
    ("working_capital_metrics", "working_capital"),
    ("working_capital_metrics", "current_ratio"),
    ("working_capital_metrics", "quick_ratio"),
    ("working_capital_metrics", "cash_conversion_cycle"),
}


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def inside(
    connection: psycopg.Connection[Any], acme: UUID, globex: UUID
) -> psycopg.Connection[Any]:
    """A connection whose unqualified names are acme's tables."""
    path = sql.Identifier(f"tenant_{acme}")
    connection.execute(sql.SQL("SET search_path = {}").format(path))
    return connection


def columns(connection: psycopg.Connection[Any], schema: str, table: str) -> set[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
        (schema, table),
    )
    return {row[0] for row in rows}


@pytest.mark.parametrize("table", PUBLIC)
def test_a_public_table_has_its_columns(connection: psycopg.Connection[Any], table: str) -> None:
    assert set(PUBLIC[table].split()) <= columns(connection, "public", table)


@pytest.mark.parametrize("table", TENANT)
def test_a_tenants_table_has_its_columns(
    inside: psycopg.Connection[Any], acme: UUID, table: str
) -> None:
    assert set(TENANT[table].split()) <= columns(inside, f"tenant_{acme}", table)


def test_the_indexes_that_the_data_model_names_exist(inside: psycopg.Connection[Any]) -> None:
    found = {row[0] for row in inside.execute("SELECT indexname FROM pg_indexes")}
    assert set(INDEXES.split()) <= found


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_has_its_values_in_order(connection: psycopg.Connection[Any], name: str) -> None:
    rows = connection.execute(
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = %s::regtype ORDER BY enumsortorder",
        (f"public.{name}",),
    )
    assert [row[0] for row in rows] == ENUMS[name]


def test_generated_columns_are_stored(inside: psycopg.Connection[Any], acme: UUID) -> None:
    rows = inside.execute(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE a.attgenerated = 's' AND c.relnamespace = %s::regnamespace",
        (f'"tenant_{acme}"',),
    )
    assert set(rows.fetchall()) == GENERATED


def test_every_foreign_key_is_indexed(inside: psycopg.Connection[Any]) -> None:
    rows = inside.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint k WHERE contype = 'f' AND NOT EXISTS "
        "(SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])"
    ).fetchall()
    assert rows == []


def test_no_foreign_key_leads_from_a_tenant_to_public(
    inside: psycopg.Connection[Any], acme: UUID
) -> None:
    rows = inside.execute(
        "SELECT conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid WHERE k.contype = 'f' "
        "AND k.connamespace = %s::regnamespace AND c.relnamespace = 'public'::regnamespace",
        (f'"tenant_{acme}"',),
    ).fetchall()
    assert rows == []


def test_money_is_decimal_15_2(inside: psycopg.Connection[Any], acme: UUID) -> None:
    rows = inside.execute(
        "SELECT DISTINCT numeric_precision, numeric_scale FROM information_schema.columns "
        "WHERE table_schema = %s AND column_name IN ('unit_price', 'total_amount', 'net_revenue', "
        "'predicted_value', 'cash', 'working_capital')",
        (f"tenant_{acme}",),
    ).fetchall()
    assert rows == [(15, 2)]


def test_a_tenant_inserted_without_a_schema_name_gets_it(
    connection: psycopg.Connection[Any],
) -> None:
    row = connection.execute(
        "INSERT INTO public.tenants (slug, name) VALUES ('acme-corp', 'ACME') RETURNING id, schema_name"
    ).fetchone()
    assert row is not None
    assert row[1] == f"tenant_{row[0]}"


@pytest.mark.parametrize("slug", ["ab", "Acme", "-acme", "acme-", "a b c", "acme_corp", ""])
def test_a_slug_that_is_not_url_safe_is_refused(
    connection: psycopg.Connection[Any], slug: str
) -> None:
    with pytest.raises(errors.CheckViolation):
        connection.execute("INSERT INTO public.tenants (slug, name) VALUES (%s, 'x')", (slug,))


def test_a_foreign_schema_name_is_refused(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.CheckViolation):
        connection.execute(
            "INSERT INTO public.tenants (slug, name, schema_name) VALUES ('abc', 'x', 'public')"
        )


def test_one_record_a_sku_and_location(inside: psycopg.Connection[Any]) -> None:
    inside.execute(
        "INSERT INTO products (company_id, sku, name) SELECT id, 'A', 'A' FROM companies"
    )
    stock = (
        "INSERT INTO inventory (company_id, product_id, location, quantity_on_hand, quantity_reserved) "
        "SELECT company_id, id, 'warehouse_uk', 10, 3 FROM products RETURNING quantity_available"
    )
    row = inside.execute(stock).fetchone()
    assert row == (7,)
    with pytest.raises(errors.UniqueViolation):
        inside.execute(stock)


def test_net_revenue_is_the_total_less_the_commission(inside: psycopg.Connection[Any]) -> None:
    inside.execute(
        "INSERT INTO products (company_id, sku, name) SELECT id, 'A', 'A' FROM companies"
    )
    row = inside.execute(
        "INSERT INTO sales (company_id, product_id, sale_date, quantity, unit_price, total_amount, channel, "
        "currency, commission_amount) SELECT company_id, id, '2026-01-01', 1, 10, 10, 'direct', 'GBP', 1.5 "
        "FROM products RETURNING net_revenue::text"
    ).fetchone()
    assert row == ("8.50",)


def test_unknown_balances_make_unknown_figures(inside: psycopg.Connection[Any]) -> None:
    row = inside.execute(
        "INSERT INTO working_capital_metrics (company_id, period_date, period_type, period_days, cash, "
        "accounts_receivable, inventory, accounts_payable) SELECT id, '2026-01-01', 'DAILY', 30, 10, 10, 10, 5 "
        "FROM companies RETURNING working_capital, current_ratio"
    ).fetchone()
    assert row == (None, None)


def test_no_liabilities_give_no_ratio(inside: psycopg.Connection[Any]) -> None:
    row = inside.execute(
        "INSERT INTO working_capital_metrics (company_id, period_date, period_type, period_days, cash, "
        "accounts_receivable, inventory, accounts_payable, short_term_debt) "
        "SELECT id, '2026-01-01', 'DAILY', 30, 10, 10, 10, 0, 0 FROM companies "
        "RETURNING working_capital::text, current_ratio, quick_ratio"
    ).fetchone()
    assert row == ("30.00", None, None)


def test_a_ratio_is_of_current_assets_to_current_liabilities(
    inside: psycopg.Connection[Any],
) -> None:
    row = inside.execute(
        "INSERT INTO working_capital_metrics (company_id, period_date, period_type, period_days, cash, "
        "accounts_receivable, inventory, accounts_payable, short_term_debt) "
        "SELECT id, '2026-01-01', 'DAILY', 30, 10, 20, 30, 15, 5 FROM companies "
        "RETURNING working_capital::text, current_ratio::text, quick_ratio::text"
    ).fetchone()
    assert row == ("40.00", "3.0000", "1.5000")


def test_a_company_total_is_forecast_once(inside: psycopg.Connection[Any]) -> None:
    total = (
        "INSERT INTO forecasts (company_id, forecast_date, forecast_origin, forecast_type, period_type, "
        "model_type, model_version, predicted_value) SELECT id, '2026-01-02', '2026-01-01', 'REVENUE', 'DAILY', "
        "'arima', '1', 5 FROM companies"
    )
    inside.execute(total)
    with pytest.raises(errors.UniqueViolation):
        inside.execute(total)


def test_bounds_that_do_not_hold_the_prediction_are_refused(
    inside: psycopg.Connection[Any],
) -> None:
    with pytest.raises(errors.CheckViolation):
        inside.execute(
            "INSERT INTO forecasts (company_id, forecast_date, forecast_origin, forecast_type, period_type, "
            "model_type, model_version, predicted_value, lower_bound, upper_bound) "
            "SELECT id, '2026-01-02', '2026-01-01', 'DEMAND', 'DAILY', 'arima', '1', 5, 6, 7 FROM companies"
        )


def test_a_schema_is_listed_and_created_once(
    connection: psycopg.Connection[Any], acme: UUID, globex: UUID
) -> None:
    again = connection.execute("SELECT public.create_tenant_schema(%s)", (acme,)).fetchone()
    assert again == (f"tenant_{acme}",)
    rows = connection.execute(
        "SELECT slug, schema_name, schema_exists FROM public.list_tenant_schemas()"
    )
    assert rows.fetchall() == [
        ("acme", f"tenant_{acme}", True),
        ("globex", f"tenant_{globex}", True),
    ]


def test_a_schema_for_nobody_is_refused(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.NoDataFound, match="not found"):
        connection.execute("SELECT public.create_tenant_schema(%s)", (uuid4(),))


def test_a_living_tenants_schema_is_not_deleted(
    connection: psycopg.Connection[Any], acme: UUID
) -> None:
    with pytest.raises(errors.ObjectNotInPrerequisiteState):
        connection.execute("SELECT public.delete_tenant_schema(%s)", (acme,))


def test_creating_a_schema_leaves_the_search_path_as_it_was(
    connection: psycopg.Connection[Any], acme: UUID
) -> None:
    before = connection.execute("SHOW search_path").fetchone()
    row = connection.execute(
        "INSERT INTO public.tenants (slug, name) VALUES ('third', 'Third') RETURNING id"
    ).fetchone()
    assert row is not None
    connection.execute("SELECT public.create_tenant_schema(%s)", (row[0],))
    assert connection.execute("SHOW search_path").fetchone() == before
