-- Puts back what a lost worker or a lost message left behind. A job with an open unit of work is locked and passed
-- over: its worker lives, or the server is about to close its connection.
CREATE OR REPLACE FUNCTION public.reap_jobs(p_recheck_s float8, p_limit int DEFAULT 500)
RETURNS TABLE (job_id uuid, tenant_id uuid, was public.job_state, state public.job_state)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    job public.jobs;
    places int;
    busy int;
BEGIN
    FOR job IN SELECT j.* FROM public.jobs j WHERE j.state = 'running' AND j.lease_expires_at < now()
        ORDER BY j.lease_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
        job_id := job.id; tenant_id := job.tenant_id; was := job.state;
        state := public.end_attempt(job, 'lost', NULL, 'WorkerLost', 'its worker gave no sign of life in time', 0);
        RETURN NEXT;
    END LOOP;
    FOR job IN SELECT j.* FROM public.jobs j WHERE j.state = 'dispatched' AND j.lease_expires_at < now()
        ORDER BY j.lease_expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
        SELECT coalesce(sum(w.concurrency), 0) INTO places FROM public.job_workers w WHERE job.queue = ANY (w.queues)
            AND w.seen_at > now() - interval '60 seconds';
        SELECT count(*) INTO busy FROM public.jobs j WHERE j.state = 'running' AND j.queue = job.queue;
        IF places > 0 AND busy >= places THEN
            -- Every place is taken by a job with a lease: its message waits, it is not lost.
            UPDATE public.jobs j SET lease_expires_at = now() + make_interval(secs => p_recheck_s) WHERE j.id = job.id;
        ELSE
            UPDATE public.jobs j SET state = 'queued', lease_expires_at = NULL, updated_at = now() WHERE j.id = job.id;
            job_id := job.id; tenant_id := job.tenant_id; was := job.state; state := 'queued';
            RETURN NEXT;
        END IF;
    END LOOP;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.reap_jobs(float8, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.reap_jobs(float8, int) TO capliquify_dispatcher;
