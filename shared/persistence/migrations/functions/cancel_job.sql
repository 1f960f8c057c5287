-- Ends a job that has not begun; asks one that runs to stop at its next step. Returns the job's state.
CREATE OR REPLACE FUNCTION public.cancel_job(p_job_id uuid) RETURNS public.job_state
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    every_tenant CONSTANT boolean := session_user IN ('capliquify_admin', 'capliquify_dispatcher')
        OR (SELECT rolsuper FROM pg_roles WHERE rolname = session_user);
    job public.jobs;
BEGIN
    SELECT * INTO job FROM public.jobs WHERE id = p_job_id FOR NO KEY UPDATE;
    -- Another tenant's job is as unknown as none. Inside a tenant's role the setting alone is not believed.
    IF job.id IS NULL
        OR NOT (every_tenant OR coalesce(job.tenant_id = public.current_tenant_id(), false))
        OR (current_setting('role') LIKE 'tenant\_%' AND current_setting('role') <> 'tenant_' || job.tenant_id) THEN
        RAISE EXCEPTION 'job: % is not on the ledger', p_job_id USING ERRCODE = 'no_data_found';
    END IF;
    IF job.state IN ('queued', 'dispatched') THEN
        UPDATE public.jobs SET state = 'cancelled', outcome = 'cancelled', lease_expires_at = NULL,
            cancel_requested_at = now(), finished_at = now(), updated_at = now() WHERE id = p_job_id
            RETURNING * INTO job;
    ELSIF job.state = 'running' THEN
        UPDATE public.jobs SET cancel_requested_at = coalesce(cancel_requested_at, now()), updated_at = now()
            WHERE id = p_job_id;
    END IF;
    RETURN job.state;
END
$function$;
ALTER FUNCTION public.cancel_job(uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.cancel_job(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.cancel_job(uuid) TO capliquify_api, capliquify_admin, capliquify_dispatcher,
    capliquify_worker, capliquify_tenant;
