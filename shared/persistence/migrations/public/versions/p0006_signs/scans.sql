-- Work over all tenants leaves no job behind: without this nobody sees that the clock stands still.
CREATE TABLE public.scan_runs (
    name varchar(100) PRIMARY KEY,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    done integer
);
COMMENT ON TABLE public.scan_runs IS 'the newest run of each scan; ended_at is null while it runs, or where it did not end';
GRANT SELECT, INSERT, UPDATE ON public.scan_runs TO capliquify_dispatcher;
GRANT SELECT ON public.scan_runs TO capliquify_admin;

-- Whose records were set aside, without a walk over all that went well.
CREATE INDEX idx_jobs_set_aside ON public.jobs (tenant_id)
    WHERE state = 'succeeded' AND (result @? '$.rejected ? (@ > 0)' OR result @? '$.set_aside ? (@ > 0)');

ALTER TABLE public.job_workers ADD COLUMN restarts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN public.job_workers.restarts IS 'how often another process took the name without the last one having signed out'
