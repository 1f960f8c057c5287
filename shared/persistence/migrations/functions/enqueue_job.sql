-- Puts a job on the ledger inside the caller's transaction: rolled back with it, seen only once it commits.
-- The same idempotency key returns the job that is still alive under it.
CREATE OR REPLACE FUNCTION public.enqueue_job(
    p_tenant_id uuid, p_name text, p_arguments jsonb DEFAULT '{}', p_idempotency_key text DEFAULT NULL,
    p_run_at timestamptz DEFAULT now(), p_priority int DEFAULT 0, p_requested_by text DEFAULT 'unknown'
) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    contract public.task_contracts;
    tenant public.tenants;
    unknown text;
    job_id uuid;
BEGIN
    SELECT * INTO contract FROM public.task_contracts WHERE name = p_name;
    IF contract.name IS NULL THEN
        RAISE EXCEPTION 'name %: no such task', p_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT key INTO unknown FROM jsonb_object_keys(p_arguments) AS key
        WHERE NOT contract.arguments_schema -> 'properties' ? key LIMIT 1;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'arguments.%: task % takes no such argument', unknown, p_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO tenant FROM public.tenants WHERE id = p_tenant_id AND deleted_at IS NULL;
    IF tenant.id IS NULL THEN
        RAISE EXCEPTION 'tenant %: not found', p_tenant_id USING ERRCODE = 'no_data_found';
    END IF;
    IF tenant.subscription_status IN ('SUSPENDED', 'CANCELLED') THEN
        RAISE EXCEPTION 'tenant %: is %, it runs nothing', tenant.slug, lower(tenant.subscription_status::text)
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO public.jobs (tenant_id, name, arguments, queue, priority, idempotency_key, run_at, max_attempts, requested_by)
        VALUES (p_tenant_id, p_name, p_arguments, contract.queue, p_priority, p_idempotency_key, p_run_at,
                contract.max_attempts, p_requested_by)
        ON CONFLICT (tenant_id, name, idempotency_key)
            WHERE idempotency_key IS NOT NULL AND state IN ('queued', 'dispatched', 'running')
        DO UPDATE SET updated_at = public.jobs.updated_at
        RETURNING id INTO job_id;
    RETURN job_id;
END
$function$;
