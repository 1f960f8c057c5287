-- Takes up to p_limit due jobs of a queue for delivery, the tenants in turn, beginning after tenant p_after.
-- A tenant or vendor at its cap is passed over and stops nobody else. One claim a queue at a time: caps are exact.
CREATE OR REPLACE FUNCTION public.claim_jobs(
    p_queue text, p_limit int, p_after uuid, p_tenant_cap int, p_vendor_caps jsonb, p_expiry_s float8
) RETURNS TABLE (job_id uuid, tenant_id uuid, tenant_slug text, name text, lease int)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    first_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    start CONSTANT uuid := coalesce(p_after, first_id);
    at_work jsonb;
    vendors_at_work jsonb;
    full_vendors text[];
    dry uuid[] := '{}';
    tenants uuid[];
    waiting uuid;
    turn uuid;
    wrapped boolean;
    asked int;
    got int;
    already int;
    picked record;
    ids uuid[] := '{}';
    places int[] := '{}';
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
    WHILE cardinality(ids) < p_limit LOOP
        -- Whose turn it is: at most as many tenants as there are jobs to take, one probe of the index each.
        tenants := '{}'; turn := start; wrapped := false;
        WHILE cardinality(tenants) < p_limit - cardinality(ids) LOOP
            SELECT j.tenant_id INTO waiting FROM public.jobs j
                WHERE j.state = 'queued' AND j.queue = p_queue AND j.tenant_id > turn ORDER BY j.tenant_id LIMIT 1;
            EXIT WHEN wrapped AND (waiting IS NULL OR waiting > start);
            IF waiting IS NULL THEN
                wrapped := true; turn := first_id;
                CONTINUE;
            END IF;
            turn := waiting;
            CONTINUE WHEN waiting = ANY (dry) OR coalesce((at_work ->> waiting::text)::int, 0) >= p_tenant_cap;
            tenants := tenants || waiting;
        END LOOP;
        EXIT WHEN cardinality(tenants) = 0;
        FOR number IN 1 .. cardinality(tenants) LOOP
            waiting := tenants[number];
            already := coalesce((at_work ->> waiting::text)::int, 0);
            asked := least(p_tenant_cap - already, p_limit - cardinality(ids),
                           ceil((p_limit - cardinality(ids))::numeric / (cardinality(tenants) - number + 1))::int);
            got := 0;
            -- No job ranks more than the highest priority, in minutes, after it is due.
            FOR picked IN SELECT j.id, j.vendor FROM public.jobs j
                WHERE j.state = 'queued' AND j.queue = p_queue AND j.tenant_id = waiting
                  AND j.rank <= now() + interval '100 minutes' AND j.run_at <= now()
                  AND (j.vendor IS NULL OR j.vendor <> ALL (full_vendors)) AND j.id <> ALL (ids)
                ORDER BY j.rank LIMIT asked FOR UPDATE SKIP LOCKED LOOP
                got := got + 1;
                IF picked.vendor IS NOT NULL AND p_vendor_caps ? picked.vendor THEN
                    CONTINUE WHEN picked.vendor = ANY (full_vendors);
                    vendors_at_work := jsonb_set(vendors_at_work, ARRAY[picked.vendor::text],
                        to_jsonb(coalesce((vendors_at_work ->> picked.vendor)::int, 0) + 1));
                    IF (vendors_at_work ->> picked.vendor)::int >= (p_vendor_caps ->> picked.vendor)::int THEN
                        full_vendors := full_vendors || picked.vendor::text;
                    END IF;
                END IF;
                already := already + 1;
                ids := ids || picked.id;
                -- A tenant's second job goes after everybody's first.
                places := places || (got * 100000 + number);
            END LOOP;
            at_work := jsonb_set(at_work, ARRAY[waiting::text], to_jsonb(already));
            IF got < asked THEN
                dry := dry || waiting;
            END IF;
        END LOOP;
    END LOOP;
    RETURN QUERY WITH sent AS (
        UPDATE public.jobs j SET state = 'dispatched', lease = j.lease + 1, dispatched_at = now(),
            lease_expires_at = now() + make_interval(secs => p_expiry_s), updated_at = now()
        FROM unnest(ids) AS chosen (id) WHERE j.id = chosen.id RETURNING j.id, j.tenant_id, j.name, j.lease)
        SELECT s.id, s.tenant_id, t.slug::text, s.name::text, s.lease
        FROM sent s JOIN public.tenants t ON t.id = s.tenant_id JOIN unnest(ids, places) AS c (id, place) ON c.id = s.id
        ORDER BY c.place;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8) TO capliquify_dispatcher;
