-- Ends an attempt under its lease. Returns the new state; null when the lease is lost, and then nothing is changed.
-- p_followers is for workers of the release before, which run while this one is brought: ours publish events.
CREATE OR REPLACE FUNCTION public.finish_job(
    p_tenant_id uuid, p_job_id uuid, p_lease int, p_outcome text, p_result jsonb DEFAULT NULL,
    p_error_class text DEFAULT NULL, p_error_message text DEFAULT NULL, p_wait_s float8 DEFAULT 0,
    p_followers jsonb DEFAULT '[]', p_vendor_calls int DEFAULT 0,
    p_waits_for text DEFAULT NULL
) RETURNS public.job_state
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    job public.jobs;
BEGIN
    PERFORM set_config('app.current_tenant_id', p_tenant_id::text, true);
    -- A transaction of before may hold the row: the reaper has more patience than a worker.
    PERFORM set_config('lock_timeout', '5s', true);
    SELECT * INTO job FROM public.jobs WHERE id = p_job_id AND tenant_id = p_tenant_id AND lease = p_lease AND state = 'running' FOR UPDATE;
    IF job.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF p_outcome = 'succeeded' AND jsonb_array_length(p_followers) > 0 THEN
        PERFORM public.enqueue_followers(p_tenant_id, job.id, 'reaction:' || job.name, p_followers);
    END IF;
    IF p_waits_for IS NOT NULL OR (job.away_since IS NOT NULL AND p_outcome NOT IN ('lost', 'handed_back')) THEN
        UPDATE public.jobs SET waits_for = p_waits_for,
            away_since = CASE WHEN p_waits_for IS NOT NULL THEN coalesce(away_since, now()) END WHERE id = p_job_id;
    END IF;
    IF p_vendor_calls > 0 THEN
        UPDATE public.jobs SET vendor_calls = vendor_calls + p_vendor_calls WHERE id = p_job_id;
    END IF;
    RETURN public.end_attempt(job, p_outcome, p_result, p_error_class, p_error_message, p_wait_s);
END
$function$;
