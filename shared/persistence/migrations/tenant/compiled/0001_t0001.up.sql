CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> t0001

CREATE TABLE companies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    legal_name varchar(255),
    registration_number varchar(100),
    tax_id varchar(100),
    industry varchar(100),
    primary_currency varchar(3) NOT NULL DEFAULT 'GBP' CHECK (primary_currency ~ '^[A-Z]{3}$'),
    fiscal_year_start varchar(5) NOT NULL DEFAULT '01-01'
        CHECK (fiscal_year_start ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'),
    timezone varchar(50) NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE products (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    sku varchar(100) NOT NULL CONSTRAINT idx_products_sku UNIQUE,
    name varchar(255) NOT NULL,
    category varchar(100),
    unit_cost numeric(15, 2) CHECK (unit_cost >= 0),
    unit_price numeric(15, 2) CHECK (unit_price >= 0),
    reorder_point integer CHECK (reorder_point >= 0),
    reorder_quantity integer CHECK (reorder_quantity >= 0),
    lead_time_days integer CHECK (lead_time_days >= 0),
    safety_stock integer CHECK (safety_stock >= 0),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_products_company ON products (company_id);

-- One product, many vendor SKUs: what each channel calls it.
CREATE TABLE product_channel_skus (
    channel varchar(50) NOT NULL,
    channel_sku varchar(255) NOT NULL,
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    channel_product_id varchar(255),
    last_seen_on date NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, channel_sku)
);
CREATE INDEX idx_product_channel_skus_product ON product_channel_skus (product_id);

CREATE TABLE product_costs (
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    valid_from date NOT NULL,
    unit_cost numeric(15, 4) NOT NULL CHECK (unit_cost >= 0),
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Shops of several currencies sell the same SKU.
    PRIMARY KEY (product_id, currency, valid_from)
);

CREATE TABLE sales (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    -- Empty where a line names no SKU: its revenue counts, it is no product's demand.
    product_id uuid REFERENCES products (id),
    sale_date date NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(15, 2) NOT NULL CHECK (unit_price >= 0),
    total_amount numeric(15, 2) NOT NULL,
    channel varchar(50) NOT NULL,
    channel_order_id varchar(255),
    channel_line_id varchar(255),
    line_kind public.sale_line_kind NOT NULL DEFAULT 'SALE',
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tax_amount numeric(15, 2) NOT NULL DEFAULT 0,
    commission_rate numeric(5, 4),
    commission_amount numeric(15, 2),
    net_revenue numeric(15, 2) GENERATED ALWAYS AS (total_amount - coalesce(commission_amount, 0)) STORED,
    fee_estimated boolean NOT NULL DEFAULT false,
    market varchar(10),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_sales_line UNIQUE (channel, channel_order_id, channel_line_id),
    CONSTRAINT sales_identity_whole CHECK (num_nulls(channel_order_id, channel_line_id) IN (0, 2)),
    CONSTRAINT sales_refund_negative CHECK (line_kind = 'SALE' OR (quantity <= 0 AND total_amount <= 0))
);
CREATE INDEX idx_sales_company ON sales (company_id);
CREATE INDEX idx_sales_product_date ON sales (product_id, sale_date);
CREATE INDEX idx_sales_date ON sales (sale_date);
CREATE INDEX idx_sales_channel ON sales (channel);

CREATE TABLE inventory (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    product_id uuid NOT NULL REFERENCES products (id),
    quantity_on_hand integer NOT NULL DEFAULT 0,
    quantity_reserved integer NOT NULL DEFAULT 0,
    quantity_available integer GENERATED ALWAYS AS (quantity_on_hand - quantity_reserved) STORED,
    location varchar(100) NOT NULL,
    -- Which channel counts it; empty where a person does.
    channel varchar(50),
    last_counted_at timestamptz,
    last_received_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_inventory_product_location UNIQUE (product_id, location)
);
CREATE INDEX idx_inventory_company ON inventory (company_id);

-- Stock at the end of each day on which it was seen.
CREATE TABLE inventory_history (
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    location varchar(100) NOT NULL,
    snapshot_date date NOT NULL,
    quantity_on_hand integer NOT NULL,
    quantity_reserved integer NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, location, snapshot_date)
);
CREATE INDEX idx_inventory_history_date ON inventory_history (snapshot_date);

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

CREATE TABLE api_credentials (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    service_name varchar(100) NOT NULL,
    service_type varchar(50) NOT NULL,
    credentials_encrypted text,
    access_token_encrypted text,
    refresh_token_encrypted text,
    token_expires_at timestamptz,
    refresh_lease_token uuid,
    refresh_lease_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    needs_reconnect boolean NOT NULL DEFAULT false,
    last_sync_at timestamptz,
    last_sync_status varchar(50) CHECK (last_sync_status IN ('SUCCESS', 'FAILURE', 'PENDING')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_api_credentials_service UNIQUE (company_id, service_name)
);

CREATE TABLE sync_cursors (
    credential_id uuid NOT NULL REFERENCES api_credentials (id) ON DELETE CASCADE,
    stream varchar(50) NOT NULL,
    position jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (credential_id, stream)
);

-- Records that could not be taken in: counted and shown, never silently dropped.
CREATE TABLE rejected_records (
    credential_id uuid NOT NULL REFERENCES api_credentials (id) ON DELETE CASCADE,
    stream varchar(50) NOT NULL,
    record_key varchar(255) NOT NULL,
    field varchar(100) NOT NULL,
    reason text NOT NULL,
    times_seen integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (credential_id, stream, record_key)
);

CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel varchar(50) NOT NULL,
    webhook_id varchar(255) NOT NULL,
    topic varchar(100) NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    body bytea,
    received_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    outcome varchar(50),
    CONSTRAINT idx_webhook_deliveries_once UNIQUE (channel, webhook_id)
);
CREATE INDEX idx_webhook_deliveries_waiting ON webhook_deliveries (received_at) WHERE processed_at IS NULL;

CREATE TABLE user_preferences (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- public.users.id; no foreign key, cleaned up by a job.
    user_id uuid NOT NULL,
    company_id uuid REFERENCES companies (id) ON DELETE CASCADE,
    dashboard_layout jsonb NOT NULL DEFAULT '{}',
    widget_preferences jsonb NOT NULL DEFAULT '{}',
    theme varchar(20) NOT NULL DEFAULT 'auto' CHECK (theme IN ('light', 'dark', 'auto')),
    locale varchar(10) NOT NULL DEFAULT 'en-GB',
    timezone varchar(50) NOT NULL DEFAULT 'UTC',
    email_notifications jsonb NOT NULL DEFAULT '{}',
    push_notifications jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_user_preferences_user UNIQUE NULLS NOT DISTINCT (user_id, company_id)
);
CREATE INDEX idx_user_preferences_company ON user_preferences (company_id);

INSERT INTO alembic_version (version_num) VALUES ('t0001') RETURNING alembic_version.version_num;
