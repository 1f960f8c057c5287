-- The argument of a task that names the vendor it calls, as in shopify_uk; null where it calls none.
ALTER TABLE public.task_contracts ADD COLUMN vendor_argument varchar(50);
ALTER TABLE public.task_contracts ADD COLUMN description text NOT NULL DEFAULT '';

-- It takes one more parameter from now on; a second function of that name would make calls ambiguous.
DROP FUNCTION IF EXISTS public.enqueue_job(uuid, text, jsonb, text, timestamptz, integer, text);

-- The number of the delivery is the lease: it only grows, and with the state it says who may write.
ALTER TABLE public.jobs DROP COLUMN lease_token;
ALTER TABLE public.jobs
    ADD COLUMN lease integer NOT NULL DEFAULT 0,
    ADD COLUMN vendor varchar(50),
    ADD COLUMN rank timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN worker varchar(255),
    ADD COLUMN outcome varchar(20),
    ADD COLUMN snoozes integer NOT NULL DEFAULT 0,
    ADD COLUMN vendor_calls integer NOT NULL DEFAULT 0,
    ADD COLUMN history jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN dispatched_at timestamptz,
    ADD COLUMN cancel_requested_at timestamptz,
    ADD CONSTRAINT jobs_priority_range CHECK (priority BETWEEN -100 AND 100);
COMMENT ON COLUMN public.jobs.lease IS 'fencing token: the number of the delivery that may write';
COMMENT ON COLUMN public.jobs.rank IS
    'run_at less a minute for each point of priority: waiting jobs age into importance; infinity until run_at';
COMMENT ON COLUMN public.jobs.history IS 'the attempts that did not end the job, oldest first';

DROP INDEX public.idx_jobs_queued;
-- Only what is due stands in it: whoever waits for his time costs a claim nothing.
CREATE INDEX idx_jobs_queued ON public.jobs (queue, tenant_id, rank) WHERE state = 'queued' AND rank < 'infinity';
CREATE INDEX idx_jobs_later ON public.jobs (run_at) WHERE state = 'queued' AND rank = 'infinity';
CREATE INDEX idx_jobs_finished ON public.jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Rows here live briefly and change often: vacuum early, and leave room on the page for the next version.
ALTER TABLE public.jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.05);

CREATE TABLE public.job_workers (
    name varchar(255) PRIMARY KEY,
    queues text[] NOT NULL,
    concurrency integer NOT NULL CHECK (concurrency >= 1),
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.job_workers IS 'worker processes that run now: their number decides how much the broker is given';

CREATE TABLE public.schedule_runs (
    tenant_id uuid NOT NULL REFERENCES public.tenants (id) ON DELETE CASCADE,
    schedule varchar(100) NOT NULL,
    tick_at timestamptz NOT NULL,
    job_id uuid REFERENCES public.jobs (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, schedule, tick_at)
);
CREATE INDEX idx_schedule_runs_job ON public.schedule_runs (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX idx_schedule_runs_tick ON public.schedule_runs (tick_at)
