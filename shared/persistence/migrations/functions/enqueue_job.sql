-- Puts a job on the ledger inside the caller's transaction: rolled back with it, seen only once it commits.
-- The same idempotency key returns the job that is still alive under it.
CREATE OR REPLACE FUNCTION public.enqueue_job(
    p_tenant_id uuid, p_name text, p_arguments jsonb DEFAULT '{}', p_idempotency_key text DEFAULT NULL,
    p_run_at timestamptz DEFAULT now(), p_priority int DEFAULT 0, p_requested_by text DEFAULT 'unknown',
    p_parent_id uuid DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    named_tenant CONSTANT uuid := public.current_tenant_id();
    most_waiting CONSTANT int := 10000;
    bound int;
    contract public.task_contracts;
    tenant public.tenants;
    vendor_name text;
    job_id uuid;
BEGIN
    -- Who works under a tenant's setting works for that tenant; only the system's own logins may leave it out.
    IF p_tenant_id IS NULL THEN
        RAISE EXCEPTION 'tenant_id: is missing' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF named_tenant IS NULL AND session_user IN ('capliquify_api', 'capliquify_worker') THEN
        RAISE EXCEPTION 'tenant_id: no tenant is set; SET LOCAL app.current_tenant_id first'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Inside a tenant's role the setting alone is not believed: injected SQL could forge it.
    IF named_tenant <> p_tenant_id
        OR (current_setting('role') LIKE 'tenant\_%' AND current_setting('role') <> 'tenant_' || p_tenant_id) THEN
        RAISE EXCEPTION 'tenant_id: is not the tenant of this transaction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO contract FROM public.task_contracts WHERE name = p_name;
    IF contract.name IS NULL THEN
        RAISE EXCEPTION 'name %: no such task; public.task_contracts lists them', left(p_name, 100) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM public.check_job_arguments(p_name, contract.arguments_schema, p_arguments);
    IF p_priority NOT BETWEEN -100 AND 100 OR p_priority IS NULL THEN
        RAISE EXCEPTION 'priority %: must lie between -100 and 100', p_priority USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_run_at NOT BETWEEN now() - interval '366 days' AND now() + interval '366 days' THEN
        RAISE EXCEPTION 'run_at: must lie within a year of now' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF length(p_idempotency_key) > 255 OR length(p_requested_by) > 255 THEN
        RAISE EXCEPTION 'idempotency_key, requested_by: 255 characters at most' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO tenant FROM public.tenants WHERE id = p_tenant_id AND deleted_at IS NULL;
    IF tenant.id IS NULL THEN
        RAISE EXCEPTION 'tenant %: not found', p_tenant_id USING ERRCODE = 'no_data_found';
    END IF;
    IF tenant.subscription_status IN ('SUSPENDED', 'CANCELLED') THEN
        RAISE EXCEPTION 'tenant %: is %, it runs nothing', tenant.slug, lower(tenant.subscription_status::text)
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    -- What people ask for has a bound; what follows from a job and what a schedule makes has one of its own.
    IF p_parent_id IS NULL AND session_user <> 'capliquify_dispatcher'
        AND NOT (session_user = 'capliquify_admin' AND p_requested_by LIKE 'reaction:%') AND (p_idempotency_key IS NULL OR NOT EXISTS (
        SELECT FROM public.jobs WHERE tenant_id = p_tenant_id AND name = p_name AND idempotency_key = p_idempotency_key
            AND state IN ('queued', 'dispatched', 'running'))) THEN
        bound := CASE WHEN jsonb_typeof(tenant.settings -> 'max_waiting_jobs') = 'number'
            THEN least(greatest((tenant.settings ->> 'max_waiting_jobs')::numeric, 1), 1000000)::int ELSE most_waiting END;
        IF (SELECT count(*) FROM (SELECT FROM public.jobs WHERE tenant_id = p_tenant_id AND state = 'queued'
                                  LIMIT bound) AS waiting) >= bound THEN
            RAISE EXCEPTION 'tenant %: % jobs wait already, which is its limit; let them run or cancel some', tenant.slug, bound
                USING ERRCODE = 'program_limit_exceeded';
        END IF;
    END IF;
    IF p_parent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.jobs WHERE id = p_parent_id AND tenant_id = p_tenant_id) THEN
        RAISE EXCEPTION 'parent_id: % is not on the ledger', p_parent_id USING ERRCODE = 'no_data_found';
    END IF;
    IF contract.vendor_argument IS NOT NULL THEN
        vendor_name := left(split_part(coalesce(p_arguments ->> contract.vendor_argument,
            contract.arguments_schema #>> ARRAY['properties', contract.vendor_argument, 'default']), '_', 1), 50);
    END IF;
    INSERT INTO public.jobs (tenant_id, parent_id, name, arguments, queue, vendor, priority, idempotency_key, run_at,
                             max_attempts, requested_by)
        VALUES (p_tenant_id, p_parent_id, p_name, p_arguments, contract.queue, vendor_name, p_priority,
                p_idempotency_key, coalesce(p_run_at, now()), contract.max_attempts, coalesce(p_requested_by, 'unknown'))
        ON CONFLICT (tenant_id, name, idempotency_key)
            WHERE idempotency_key IS NOT NULL AND state IN ('queued', 'dispatched', 'running')
        DO UPDATE SET updated_at = public.jobs.updated_at
        RETURNING id INTO job_id;
    RETURN job_id;
END
$function$;
ALTER FUNCTION public.enqueue_job(uuid, text, jsonb, text, timestamptz, int, text, uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.enqueue_job(uuid, text, jsonb, text, timestamptz, int, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.enqueue_job(uuid, text, jsonb, text, timestamptz, int, text, uuid)
    TO capliquify_api, capliquify_admin, capliquify_dispatcher, capliquify_worker, capliquify_tenant;
