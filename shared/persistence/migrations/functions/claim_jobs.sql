-- Takes up to p_limit due jobs of a queue for delivery, one of each tenant in turn, beginning after tenant p_after.
-- A tenant or vendor at its cap is passed over and stops nobody else. One claim a queue at a time: caps are exact.
CREATE OR REPLACE FUNCTION public.claim_jobs(
    p_queue text, p_limit int, p_after uuid, p_tenant_cap int, p_vendor_caps jsonb, p_expiry_s float8
) RETURNS TABLE (job_id uuid, tenant_id uuid, tenant_slug text, name text, lease int)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    first_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    turn uuid := coalesce(p_after, first_id);
    waiting uuid;
    picked record;
    at_work jsonb;
    vendors_at_work jsonb;
    full_vendors text[];
    taken int := 0;
    taken_this_round int := 0;
    wrapped boolean := false;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('capliquify claim ' || p_queue)) THEN
        RETURN;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT coalesce(jsonb_object_agg(t, n), '{}') INTO at_work FROM (
        SELECT j.tenant_id AS t, count(*) AS n FROM public.jobs j
        WHERE j.state IN ('dispatched', 'running') AND j.queue = p_queue GROUP BY 1) AS live;
    SELECT coalesce(jsonb_object_agg(v, n), '{}') INTO vendors_at_work FROM (
        SELECT j.vendor AS v, count(*) AS n FROM public.jobs j
        WHERE j.state IN ('dispatched', 'running') AND j.vendor IS NOT NULL GROUP BY 1) AS live;
    SELECT coalesce(array_agg(key), '{}') INTO full_vendors FROM jsonb_each_text(p_vendor_caps)
        WHERE coalesce((vendors_at_work ->> key)::int, 0) >= value::int;
    WHILE taken < p_limit LOOP
        SELECT j.tenant_id INTO waiting FROM public.jobs j
            WHERE j.state = 'queued' AND j.queue = p_queue AND j.tenant_id > turn ORDER BY j.tenant_id LIMIT 1;
        IF waiting IS NULL THEN
            -- A whole round without a job means that there is none to be had.
            EXIT WHEN wrapped AND taken_this_round = 0;
            wrapped := true;
            taken_this_round := 0;
            turn := first_id;
            CONTINUE;
        END IF;
        turn := waiting;
        CONTINUE WHEN coalesce((at_work ->> waiting::text)::int, 0) >= p_tenant_cap;
        -- No job ranks more than the highest priority, in minutes, after it is due.
        SELECT j.id, j.vendor INTO picked FROM public.jobs j
            WHERE j.state = 'queued' AND j.queue = p_queue AND j.tenant_id = waiting
              AND j.rank <= now() + interval '100 minutes' AND j.run_at <= now()
              AND (j.vendor IS NULL OR j.vendor <> ALL (full_vendors))
            ORDER BY j.rank LIMIT 1 FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN picked.id IS NULL;
        taken := taken + 1;
        taken_this_round := taken_this_round + 1;
        at_work := jsonb_set(at_work, ARRAY[waiting::text], to_jsonb(coalesce((at_work ->> waiting::text)::int, 0) + 1));
        IF picked.vendor IS NOT NULL AND p_vendor_caps ? picked.vendor THEN
            vendors_at_work := jsonb_set(vendors_at_work, ARRAY[picked.vendor::text],
                to_jsonb(coalesce((vendors_at_work ->> picked.vendor)::int, 0) + 1));
            IF (vendors_at_work ->> picked.vendor)::int >= (p_vendor_caps ->> picked.vendor)::int THEN
                full_vendors := full_vendors || picked.vendor::text;
            END IF;
        END IF;
        RETURN QUERY WITH sent AS (
            UPDATE public.jobs j SET state = 'dispatched', lease = j.lease + 1, dispatched_at = now(),
                lease_expires_at = now() + make_interval(secs => p_expiry_s), updated_at = now()
            WHERE j.id = picked.id RETURNING j.id, j.tenant_id, j.name, j.lease)
            SELECT s.id, s.tenant_id, t.slug::text, s.name::text, s.lease
            FROM sent s JOIN public.tenants t ON t.id = s.tenant_id;
    END LOOP;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8) TO capliquify_dispatcher;
