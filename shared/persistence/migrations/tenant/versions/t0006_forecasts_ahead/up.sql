-- What a tenant knows of the days to come: forecasts count with it.
CREATE TABLE planned_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    product_id uuid REFERENCES products (id),
    kind varchar(20) NOT NULL,
    first_day date NOT NULL,
    last_day date,
    discount numeric(5, 4),
    price numeric(15, 2),
    note varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_planned_events_identity UNIQUE NULLS NOT DISTINCT (company_id, product_id, kind, first_day),
    CONSTRAINT planned_events_kind_check CHECK (kind IN ('PROMOTION', 'PRICE_CHANGE', 'CLOSED', 'LAUNCH', 'END_OF_SALE')),
    CONSTRAINT planned_events_days_check CHECK (last_day >= first_day),
    CONSTRAINT planned_events_discount_check CHECK (discount > 0 AND discount < 1),
    CONSTRAINT planned_events_price_check CHECK (price >= 0),
    CONSTRAINT planned_events_promotion_check CHECK (kind <> 'PROMOTION' OR (discount IS NOT NULL AND last_day IS NOT NULL)),
    CONSTRAINT planned_events_price_change_check CHECK (kind <> 'PRICE_CHANGE' OR price IS NOT NULL),
    CONSTRAINT planned_events_closed_check CHECK (kind <> 'CLOSED' OR last_day IS NOT NULL)
);

-- What was learnt of all SKUs together: the nightly update starts from it.
CREATE TABLE forecast_models (
    company_id uuid NOT NULL REFERENCES companies (id),
    horizon_days integer NOT NULL CHECK (horizon_days > 0),
    model_version varchar(50) NOT NULL,
    learnt_from date NOT NULL,
    learnt_until date NOT NULL,
    skus integer NOT NULL,
    state bytea NOT NULL,
    checksum bytea NOT NULL,
    refit_reason varchar(255),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, horizon_days)
);

-- Demand from the day after the origin on, summed: what an order has to last for.
CREATE TABLE cumulative_forecasts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    product_id uuid REFERENCES products (id),
    forecast_origin date NOT NULL,
    days integer NOT NULL CHECK (days > 0),
    model_version varchar(50) NOT NULL,
    predicted_value numeric(15, 2) NOT NULL,
    p025 numeric(15, 2) NOT NULL,
    p10 numeric(15, 2) NOT NULL,
    p25 numeric(15, 2) NOT NULL,
    p50 numeric(15, 2) NOT NULL,
    p75 numeric(15, 2) NOT NULL,
    p90 numeric(15, 2) NOT NULL,
    p95 numeric(15, 2) NOT NULL,
    p975 numeric(15, 2) NOT NULL,
    p99 numeric(15, 2) NOT NULL,
    actual_value numeric(15, 2),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_cumulative_forecasts_identity
        UNIQUE NULLS NOT DISTINCT (company_id, product_id, forecast_origin, days),
    CONSTRAINT cumulative_forecasts_ordered CHECK (
        p025 <= p10 AND p10 <= p25 AND p25 <= p50 AND p50 <= p75 AND p75 <= p90 AND p90 <= p95 AND p95 <= p975
        AND p975 <= p99)
);

-- Sums over the SKUs of a category, as `forecasts` has them of the company.
CREATE TABLE category_forecasts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    category varchar(255) NOT NULL,
    forecast_date date NOT NULL,
    forecast_origin date NOT NULL,
    forecast_type public.forecast_type NOT NULL,
    period_type public.period_type NOT NULL,
    model_version varchar(50) NOT NULL,
    predicted_value numeric(15, 2) NOT NULL,
    lower_bound numeric(15, 2),
    upper_bound numeric(15, 2),
    confidence_level numeric(5, 4),
    actual_value numeric(15, 2),
    accuracy_percentage numeric(5, 2),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_category_forecasts_identity
        UNIQUE (company_id, category, forecast_type, period_type, forecast_origin, forecast_date),
    CONSTRAINT category_forecasts_after_origin CHECK (forecast_date > forecast_origin),
    CONSTRAINT category_forecasts_bounds_ordered CHECK (lower_bound <= predicted_value AND predicted_value <= upper_bound)
);

-- A row a week of days forecast, SKU (NULL: all of them), model and distance.
CREATE TABLE forecast_accuracy (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    product_id uuid REFERENCES products (id),
    week_start date NOT NULL,
    model_type varchar(50) NOT NULL,
    days_ahead varchar(5) NOT NULL,
    forecasts integer NOT NULL,
    wape numeric(10, 4),
    rmsse numeric(10, 4),
    pinball numeric(15, 4),
    msis numeric(15, 4),
    bias numeric(10, 4),
    coverage numeric(5, 4),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_forecast_accuracy_identity
        UNIQUE NULLS NOT DISTINCT (company_id, product_id, week_start, model_type, days_ahead),
    CONSTRAINT forecast_accuracy_days_ahead_check CHECK (days_ahead IN ('1-7', '8-14', '15-28', '29+', 'all'))
);
CREATE INDEX idx_forecast_accuracy_week ON forecast_accuracy (week_start);
CREATE INDEX idx_forecast_accuracy_product ON forecast_accuracy (product_id, week_start);
CREATE INDEX idx_planned_events_product ON planned_events (product_id);
CREATE INDEX idx_cumulative_forecasts_product ON cumulative_forecasts (product_id, forecast_origin)
