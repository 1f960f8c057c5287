-- The heartbeat of a running job: held, cancelled (asked to stop), or lost to another delivery.
CREATE OR REPLACE FUNCTION public.renew_lease(p_tenant_id uuid, p_job_id uuid, p_lease int, p_lease_s float8) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    cancelled boolean;
BEGIN
    PERFORM set_config('app.current_tenant_id', p_tenant_id::text, true);
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE public.jobs SET lease_expires_at = now() + make_interval(secs => p_lease_s)
        WHERE id = p_job_id AND tenant_id = p_tenant_id AND lease = p_lease AND state = 'running'
        RETURNING cancel_requested_at IS NOT NULL INTO cancelled;
    RETURN CASE cancelled WHEN true THEN 'cancelled' WHEN false THEN 'held' ELSE 'lost' END;
END
$function$;
