CREATE TABLE forecasts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    -- Empty for the company's total.
    product_id uuid REFERENCES products (id),
    forecast_date date NOT NULL,
    forecast_origin date NOT NULL,
    forecast_type public.forecast_type NOT NULL,
    period_type public.period_type NOT NULL,
    model_type varchar(50) NOT NULL,
    model_version varchar(50) NOT NULL,
    predicted_value numeric(15, 2) NOT NULL,
    lower_bound numeric(15, 2),
    upper_bound numeric(15, 2),
    confidence_level numeric(5, 4) CHECK (confidence_level > 0 AND confidence_level < 1),
    actual_value numeric(15, 2),
    accuracy_percentage numeric(5, 2) CHECK (accuracy_percentage BETWEEN 0 AND 100),
    fallback varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_forecasts_identity UNIQUE NULLS NOT DISTINCT
        (company_id, product_id, forecast_type, period_type, model_type, forecast_origin, forecast_date),
    CONSTRAINT forecasts_bounds_ordered CHECK (lower_bound <= predicted_value AND predicted_value <= upper_bound),
    CONSTRAINT forecasts_after_origin CHECK (forecast_date > forecast_origin)
);
CREATE INDEX idx_forecasts_date ON forecasts (forecast_date);
CREATE INDEX idx_forecasts_product_date ON forecasts (product_id, forecast_date);
COMMENT ON COLUMN forecasts.forecast_date IS 'the day predicted, or the first day of the week or month predicted';
COMMENT ON COLUMN forecasts.forecast_origin IS 'the last day whose sales the model had seen';
COMMENT ON COLUMN forecasts.fallback IS 'the simpler method that was used, and why; empty when the model itself was used';

CREATE TABLE working_capital_metrics (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    period_date date NOT NULL,
    period_type public.period_type NOT NULL,
    cash numeric(15, 2),
    accounts_receivable numeric(15, 2),
    inventory numeric(15, 2),
    accounts_payable numeric(15, 2),
    short_term_debt numeric(15, 2),
    -- The flows that the days below are computed from, and over how many days.
    revenue numeric(15, 2),
    cost_of_goods_sold numeric(15, 2),
    period_days integer NOT NULL CHECK (period_days > 0),
    -- An unknown balance makes an unknown result; nothing is taken for zero.
    working_capital numeric(15, 2) GENERATED ALWAYS AS
        (cash + accounts_receivable + inventory - accounts_payable - short_term_debt) STORED,
    -- A ratio too large for its column says nothing and is left empty.
    current_ratio numeric(10, 4) GENERATED ALWAYS AS (
        CASE WHEN abs(cash + accounts_receivable + inventory) < 999999 * abs(accounts_payable + short_term_debt)
        THEN (cash + accounts_receivable + inventory) / (accounts_payable + short_term_debt) END) STORED,
    quick_ratio numeric(10, 4) GENERATED ALWAYS AS (
        CASE WHEN abs(cash + accounts_receivable) < 999999 * abs(accounts_payable + short_term_debt)
        THEN (cash + accounts_receivable) / (accounts_payable + short_term_debt) END) STORED,
    days_sales_outstanding numeric(10, 2),
    days_inventory_outstanding numeric(10, 2),
    days_payables_outstanding numeric(10, 2),
    cash_conversion_cycle numeric(10, 2) GENERATED ALWAYS AS
        (days_sales_outstanding + days_inventory_outstanding - days_payables_outstanding) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_working_capital_period UNIQUE (company_id, period_type, period_date)
);
CREATE INDEX idx_working_capital_date ON working_capital_metrics (period_date);
COMMENT ON COLUMN working_capital_metrics.period_date IS 'first day of the period';

CREATE TABLE scenarios (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    name varchar(255) NOT NULL,
    description text,
    scenario_type public.scenario_type NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    results jsonb,
    baseline_scenario_id uuid REFERENCES scenarios (id) ON DELETE SET NULL,
    impact_summary jsonb,
    -- public.users.id; no foreign key, checked by the application.
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_scenarios_company ON scenarios (company_id);
CREATE INDEX idx_scenarios_baseline ON scenarios (baseline_scenario_id);
CREATE INDEX idx_scenarios_created_by ON scenarios (created_by);

CREATE TABLE account_balances (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    balance_date date NOT NULL,
    account_class public.account_class NOT NULL,
    -- Which book says so: 'entered' by a person, or an accounting vendor.
    source varchar(50) NOT NULL,
    account_code varchar(100) NOT NULL DEFAULT '',
    amount numeric(15, 2) NOT NULL,
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_account_balances_identity UNIQUE (company_id, balance_date, account_class, source, account_code)
);
CREATE INDEX idx_account_balances_date ON account_balances (balance_date);

CREATE TABLE open_invoices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    source varchar(50) NOT NULL,
    source_invoice_id varchar(255) NOT NULL,
    kind public.invoice_kind NOT NULL,
    status varchar(50) NOT NULL,
    issued_on date NOT NULL,
    due_on date,
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    exchange_rate numeric(18, 8) CHECK (exchange_rate > 0),
    total_amount numeric(15, 2) NOT NULL,
    amount_due numeric(15, 2) NOT NULL,
    closed_on date,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_open_invoices_source UNIQUE (source, source_invoice_id)
);
CREATE INDEX idx_open_invoices_company ON open_invoices (company_id);
CREATE INDEX idx_open_invoices_due ON open_invoices (due_on);
