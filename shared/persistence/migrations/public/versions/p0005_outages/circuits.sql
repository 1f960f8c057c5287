-- A vendor's region that failed for several tenants is open: one job at a time asks, the others wait.
CREATE TABLE public.vendor_circuits (
    name varchar(100) PRIMARY KEY,
    failing_tenants uuid[] NOT NULL DEFAULT '{}',
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at timestamptz NOT NULL DEFAULT now(),
    opened_at timestamptz,
    probe_at timestamptz,
    probe_job_id uuid,
    probes integer NOT NULL DEFAULT 0,
    last_error varchar(500) NOT NULL DEFAULT ''
);
COMMENT ON TABLE public.vendor_circuits IS 'vendors, by region, that fail now; no row where all is well';
COMMENT ON COLUMN public.vendor_circuits.opened_at IS 'since when nobody but the probe may ask; null while few tenants have failed';
COMMENT ON COLUMN public.vendor_circuits.probe_at IS 'when a job may ask again';
-- Vendors and regions: nothing of any tenant but its number, which no tenant reads.
GRANT SELECT, INSERT, UPDATE, DELETE ON public.vendor_circuits TO capliquify_lifecycle;
GRANT SELECT ON public.vendor_circuits TO capliquify_dispatcher, capliquify_admin;

ALTER TABLE public.jobs ADD COLUMN waits_for varchar(100), ADD COLUMN away_since timestamptz;
COMMENT ON COLUMN public.jobs.waits_for IS 'the vendor, by region, whose answer a waiting job waits for';
COMMENT ON COLUMN public.jobs.away_since IS 'since when the job has found its vendor away';
CREATE INDEX idx_jobs_waits_for ON public.jobs (waits_for) WHERE state = 'queued' AND waits_for IS NOT NULL;
GRANT UPDATE (waits_for, away_since) ON public.jobs TO capliquify_worker, capliquify_dispatcher;
-- It takes one more parameter from now on; a second function of that name would make calls ambiguous.
DROP FUNCTION IF EXISTS public.finish_job(uuid, uuid, int, text, jsonb, text, text, float8, jsonb, int);
-- The operators' view names the service as well: it returns one more column.
DROP FUNCTION IF EXISTS public.claim_jobs(text, int, uuid, int, jsonb, float8, int)
;
-- Of each key that has sealed anything a proof: whether a process has the right key is seen before it works.
CREATE TABLE public.vault_keys (
    key_id varchar(32) PRIMARY KEY,
    proof text NOT NULL CHECK (length(proof) <= 500),
    first_used_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.vault_keys IS 'keys that have sealed secrets, each with a known text that it has sealed';
GRANT SELECT, INSERT ON public.vault_keys TO capliquify_worker;
GRANT SELECT ON public.vault_keys TO capliquify_admin
