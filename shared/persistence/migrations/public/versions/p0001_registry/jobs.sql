-- What each task accepts and returns, written from the published schemas.
CREATE TABLE public.task_contracts (
    name varchar(100) PRIMARY KEY,
    queue varchar(50) NOT NULL,
    arguments_schema jsonb NOT NULL,
    result_schema jsonb NOT NULL,
    max_attempts integer NOT NULL CHECK (max_attempts >= 1),
    deadline_s integer NOT NULL CHECK (deadline_s >= 1)
);

CREATE TABLE public.jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES public.tenants (id) ON DELETE CASCADE,
    parent_id uuid REFERENCES public.jobs (id) ON DELETE SET NULL,
    name varchar(100) NOT NULL REFERENCES public.task_contracts (name),
    arguments jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(arguments) = 'object'),
    queue varchar(50) NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    idempotency_key varchar(255),
    state public.job_state NOT NULL DEFAULT 'queued',
    run_at timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts integer NOT NULL DEFAULT 1 CHECK (max_attempts >= 1),
    lease_token uuid,
    lease_expires_at timestamptz,
    progress_done bigint,
    progress_total bigint,
    progress_message text,
    counted_meters text[] NOT NULL DEFAULT '{}',
    result jsonb,
    error_class varchar(100),
    error_message text,
    requested_by varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_jobs_idempotency ON public.jobs (tenant_id, name, idempotency_key)
    WHERE idempotency_key IS NOT NULL AND state IN ('queued', 'dispatched', 'running');
CREATE INDEX idx_jobs_queued ON public.jobs (queue, tenant_id, priority DESC, run_at) WHERE state = 'queued';
CREATE INDEX idx_jobs_leased ON public.jobs (lease_expires_at) WHERE state IN ('dispatched', 'running');
CREATE INDEX idx_jobs_tenant ON public.jobs (tenant_id, created_at DESC);
CREATE INDEX idx_jobs_parent ON public.jobs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX idx_jobs_name ON public.jobs (name);
COMMENT ON COLUMN public.jobs.counted_meters IS 'usage meters that this job has counted, so that a second run counts nothing';
