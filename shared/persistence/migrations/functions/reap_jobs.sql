-- Puts back what a lost worker or a lost message left behind. A job with an open unit of work is locked and passed
-- over: its worker lives, or the server is about to close its connection. A running job goes to end_attempt.sql, which
-- makes it queued again while it has attempts left; claim_jobs.sql then gives it to another worker.
CREATE OR REPLACE FUNCTION public.reap_jobs(p_recheck_s float8, p_seen_within_s float8, p_limit int DEFAULT 500)
RETURNS TABLE (job_id uuid, tenant_id uuid, was public.job_state, state public.job_state)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    most_deliveries CONSTANT int := 1000;
    job public.jobs;
    serving text[];
    places int;
    busy int;
    overtaken boolean;
BEGIN
    FOR job IN SELECT j.* FROM public.jobs j WHERE j.state = 'running' AND j.lease_expires_at < now()
        ORDER BY j.lease_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
        job_id := job.id; tenant_id := job.tenant_id; was := job.state;
        state := public.end_attempt(job, 'lost', NULL, 'WorkerLost', 'its worker gave no sign of life in time', 0);
        RETURN NEXT;
    END LOOP;
    FOR job IN SELECT j.* FROM public.jobs j WHERE j.state = 'dispatched' AND j.lease_expires_at < now()
        ORDER BY j.lease_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
        -- A message waits while every place is taken by a job with a lease; not one that later ones have overtaken.
        SELECT array_agg(w.name), coalesce(sum(w.concurrency), 0) INTO serving, places FROM public.job_workers w
            WHERE job.queue = ANY (w.queues) AND w.seen_at > now() - make_interval(secs => p_seen_within_s);
        SELECT count(*), bool_or(j.queue = job.queue AND j.dispatched_at > job.dispatched_at
                                 AND j.started_at < now() - make_interval(secs => p_recheck_s)) INTO busy, overtaken
            FROM public.jobs j WHERE j.state = 'running' AND j.worker = ANY (serving);
        IF places > 0 AND busy >= places AND NOT coalesce(overtaken, false) THEN
            UPDATE public.jobs j SET lease_expires_at = now() + make_interval(secs => p_recheck_s) WHERE j.id = job.id;
            CONTINUE;
        END IF;
        UPDATE public.jobs j SET outcome = 'undelivered', error_class = 'Undelivered', lease_expires_at = NULL,
            error_message = 'no worker took its message up', updated_at = now(),
            state = CASE WHEN j.lease >= most_deliveries THEN 'dead'::public.job_state ELSE 'queued' END,
            finished_at = CASE WHEN j.lease >= most_deliveries THEN now() END
            WHERE j.id = job.id RETURNING j.state INTO state;
        job_id := job.id; tenant_id := job.tenant_id; was := job.state;
        RETURN NEXT;
    END LOOP;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.reap_jobs(float8, float8, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.reap_jobs(float8, float8, int) TO capliquify_dispatcher;
