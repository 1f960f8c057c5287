CREATE TABLE public.tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug varchar(100) NOT NULL
        CONSTRAINT idx_tenants_slug UNIQUE
        CONSTRAINT tenants_slug_url_safe CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(slug) >= 3),
    name varchar(255) NOT NULL CONSTRAINT tenants_name_given CHECK (btrim(name) <> ''),
    -- Filled by a trigger, so that a client may insert a tenant without knowing the rule.
    schema_name varchar(100) NOT NULL UNIQUE
        CONSTRAINT tenants_schema_name_from_id CHECK (schema_name = 'tenant_' || id::text),
    clerk_organization_id varchar(255) CONSTRAINT idx_tenants_clerk_org UNIQUE,
    subscription_tier public.subscription_tier NOT NULL DEFAULT 'STARTER',
    subscription_status public.subscription_status NOT NULL DEFAULT 'TRIAL',
    -- Limits: NULL takes the tier's, -1 is unlimited.
    max_users integer CONSTRAINT tenants_max_users_valid CHECK (max_users >= -1),
    max_entities integer CONSTRAINT tenants_max_entities_valid CHECK (max_entities >= -1),
    max_storage integer CONSTRAINT tenants_max_storage_valid CHECK (max_storage >= -1),
    features jsonb NOT NULL DEFAULT '{}' CONSTRAINT tenants_features_object CHECK (jsonb_typeof(features) = 'object'),
    settings jsonb NOT NULL DEFAULT '{}' CONSTRAINT tenants_settings_object CHECK (jsonb_typeof(settings) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX idx_tenants_status ON public.tenants (subscription_status);
CREATE INDEX idx_tenants_active ON public.tenants (id) WHERE deleted_at IS NULL;
COMMENT ON COLUMN public.tenants.max_storage IS 'MB; NULL takes the tier''s limit, -1 is unlimited';
COMMENT ON COLUMN public.tenants.settings IS 'timezone (IANA name), currency (ISO 4217), locale';

CREATE FUNCTION public.name_tenant_schema() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.schema_name := coalesce(NEW.schema_name, 'tenant_' || NEW.id::text);
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_schema_name BEFORE INSERT ON public.tenants
    FOR EACH ROW EXECUTE FUNCTION public.name_tenant_schema();

CREATE TABLE public.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    clerk_user_id varchar(255) NOT NULL CONSTRAINT idx_users_clerk UNIQUE,
    email varchar(255) NOT NULL,
    tenant_id uuid NOT NULL REFERENCES public.tenants (id) ON DELETE CASCADE,
    role public.user_role NOT NULL DEFAULT 'MEMBER',
    is_active boolean NOT NULL DEFAULT true,
    is_verified boolean NOT NULL DEFAULT false,
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_once_per_tenant UNIQUE (tenant_id, email)
);
CREATE INDEX idx_users_tenant ON public.users (tenant_id);
CREATE INDEX idx_users_email ON public.users (email);
CREATE INDEX idx_users_role ON public.users (role);
CREATE INDEX idx_users_active ON public.users (tenant_id) WHERE is_active;

CREATE TABLE public.subscriptions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL CONSTRAINT idx_subscriptions_tenant UNIQUE
        REFERENCES public.tenants (id) ON DELETE CASCADE,
    subscription_tier public.subscription_tier NOT NULL DEFAULT 'STARTER',
    status public.subscription_status NOT NULL DEFAULT 'TRIAL',
    billing_cycle public.billing_cycle NOT NULL DEFAULT 'MONTHLY',
    stripe_subscription_id varchar(255) CONSTRAINT idx_subscriptions_stripe UNIQUE,
    stripe_price_id varchar(255),
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    trial_end timestamptz,
    cancel_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT subscriptions_period_forward CHECK (current_period_end > current_period_start)
);
CREATE INDEX idx_subscriptions_status ON public.subscriptions (status);

-- No foreign keys: the log outlives the tenant and the user that it speaks of.
CREATE TABLE public.audit_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid,
    user_id uuid,
    action varchar(100) NOT NULL,
    resource_type varchar(100) NOT NULL,
    resource_id uuid,
    severity public.audit_severity NOT NULL DEFAULT 'INFO',
    changes jsonb,
    metadata jsonb,
    ip_address inet,
    user_agent text,
    success boolean NOT NULL DEFAULT true,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_audit_logs_tenant ON public.audit_logs (tenant_id, created_at DESC);
CREATE INDEX idx_audit_logs_user ON public.audit_logs (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_audit_logs_action ON public.audit_logs (action, created_at DESC);
CREATE INDEX idx_audit_logs_created ON public.audit_logs (created_at);

CREATE TABLE public.usage_metrics (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    active_users_count integer NOT NULL DEFAULT 0 CHECK (active_users_count >= 0),
    total_entities_count integer NOT NULL DEFAULT 0 CHECK (total_entities_count >= 0),
    storage_used_mb integer NOT NULL DEFAULT 0 CHECK (storage_used_mb >= 0),
    api_requests_count bigint NOT NULL DEFAULT 0 CHECK (api_requests_count >= 0),
    api_errors_count bigint NOT NULL DEFAULT 0 CHECK (api_errors_count >= 0),
    forecasts_generated integer NOT NULL DEFAULT 0 CHECK (forecasts_generated >= 0),
    reports_exported integer NOT NULL DEFAULT 0 CHECK (reports_exported >= 0),
    integrations_synced integer NOT NULL DEFAULT 0 CHECK (integrations_synced >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT usage_metrics_period_forward CHECK (period_end > period_start),
    CONSTRAINT idx_usage_metrics_tenant_period UNIQUE (tenant_id, period_start)
);

-- European Central Bank reference rates: units of `currency` for one euro on a day.
CREATE TABLE public.exchange_rates (
    rate_date date NOT NULL,
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    rate numeric(18, 8) NOT NULL CHECK (rate > 0),
    source varchar(50) NOT NULL DEFAULT 'ecb',
    PRIMARY KEY (currency, rate_date)
);
