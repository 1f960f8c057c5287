-- A worker takes what the dispatcher sent it: the job, now running; no row for a message that is stale.
CREATE OR REPLACE FUNCTION public.start_job(
    p_tenant_id uuid, p_job_id uuid, p_lease int, p_worker text, p_lease_s float8
) RETURNS SETOF public.jobs
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    PERFORM set_config('app.current_tenant_id', p_tenant_id::text, true);
    -- Lost in a crash, it is sent again; and whatever the job commits later makes this durable before it.
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY UPDATE public.jobs SET state = 'running', attempt = attempt + 1, worker = p_worker, started_at = now(),
            lease_expires_at = now() + make_interval(secs => p_lease_s), outcome = NULL,
            progress_done = NULL, progress_total = NULL, progress_message = NULL, updated_at = now()
        WHERE id = p_job_id AND tenant_id = p_tenant_id AND state = 'dispatched' AND lease = p_lease RETURNING *;
END
$function$;
