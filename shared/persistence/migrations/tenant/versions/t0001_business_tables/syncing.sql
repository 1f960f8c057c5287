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
