-- How far a running job has come; renews its lease, and returns whether it is still held, cancelled or lost.
CREATE OR REPLACE FUNCTION public.report_progress(
    p_tenant_id uuid, p_job_id uuid, p_lease int, p_done bigint, p_total bigint, p_message text,
    p_lease_s float8
) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    cancelled boolean;
BEGIN
    PERFORM set_config('app.current_tenant_id', p_tenant_id::text, true);
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE public.jobs SET progress_done = p_done, progress_total = p_total, progress_message = left(p_message, 500),
            lease_expires_at = now() + make_interval(secs => p_lease_s), updated_at = now()
        WHERE id = p_job_id AND tenant_id = p_tenant_id AND lease = p_lease AND state = 'running'
        RETURNING cancel_requested_at IS NOT NULL INTO cancelled;
    RETURN CASE cancelled WHEN true THEN 'cancelled' WHEN false THEN 'held' ELSE 'lost' END;
END
$function$;
