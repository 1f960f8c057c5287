-- Enqueues the jobs that follow from an event, in the transaction that makes it true. Nothing for a tenant that is gone or
-- cancelled; for a suspended one the answer is null: who asks waits until it is resumed.
-- p_followers: [{"name": …, "arguments": {…}, "unless": ["waiting" | "live" | "followed", …], "wait_s": …}, …]: each says
-- itself when it is not wanted, so that no task has a rule here. Returns how many were enqueued.
CREATE OR REPLACE FUNCTION public.enqueue_followers(
    p_tenant_id uuid, p_parent_id uuid, p_requested_by text, p_followers jsonb
) RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    follower jsonb;
    task text;
    given jsonb;
    unless jsonb;
    begins timestamptz;
    enqueued int := 0;
    status public.subscription_status;
BEGIN
    SELECT subscription_status INTO status FROM public.tenants WHERE id = p_tenant_id AND deleted_at IS NULL;
    IF status IS NULL OR status IN ('SUSPENDED', 'CANCELLED') THEN
        RETURN CASE WHEN status = 'SUSPENDED' THEN NULL ELSE 0 END;
    END IF;
    FOR follower IN SELECT * FROM jsonb_array_elements(p_followers) LOOP
        task := follower ->> 'name';
        given := follower -> 'arguments';
        begins := now() + make_interval(secs => coalesce((follower ->> 'wait_s')::float8, 0));
        unless := coalesce(follower -> 'unless', '["waiting"]');
        -- What has not begun will see what this transaction has written.
        CONTINUE WHEN unless ? 'waiting' AND EXISTS (SELECT FROM public.jobs
            WHERE tenant_id = p_tenant_id AND state = 'queued' AND name = task AND arguments = given AND run_at <= begins);
        CONTINUE WHEN unless ? 'live' AND EXISTS (SELECT FROM public.jobs
            WHERE tenant_id = p_tenant_id AND state IN ('queued', 'dispatched', 'running')
            AND name = task AND arguments ->> 'service' = given ->> 'service');
        CONTINUE WHEN unless ? 'followed' AND EXISTS (SELECT FROM public.jobs
            WHERE tenant_id = p_tenant_id AND parent_id = p_parent_id AND name = task AND arguments = given);
        PERFORM public.enqueue_job(p_tenant_id, task, given, p_run_at => begins,
            p_requested_by => p_requested_by, p_parent_id => p_parent_id);
        enqueued := enqueued + 1;
    END LOOP;
    RETURN enqueued;
END
$function$;
