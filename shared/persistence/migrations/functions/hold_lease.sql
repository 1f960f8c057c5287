-- Opens a unit of work of a job: refuses one whose lease is gone, and keeps the reaper off until the commit.
-- The reaper takes FOR UPDATE, which waits for this lock; heartbeats do not.
CREATE OR REPLACE FUNCTION public.hold_lease(p_job_id uuid, p_lease int) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    cancelled boolean;
BEGIN
    SELECT cancel_requested_at IS NOT NULL INTO cancelled FROM public.jobs
        WHERE id = p_job_id AND lease = p_lease AND state = 'running' FOR KEY SHARE;
    IF cancelled IS NULL THEN
        RAISE EXCEPTION 'job %: its lease is lost', p_job_id USING ERRCODE = 'CL001';
    END IF;
    IF cancelled THEN
        RAISE EXCEPTION 'job %: is cancelled', p_job_id USING ERRCODE = 'CL002';
    END IF;
END
$function$;
