-- Takes up to p_limit due jobs of a queue for delivery, the tenants in turn, beginning after tenant p_after.
-- A tenant or vendor at its cap is passed over and stops nobody else. One claim a queue at a time: caps are exact.
-- It looks at p_visits tenants at most, so that thousands who may not go cost no more than that. The last row is no
-- job: tenant_id is whom it looked at last, lease is 1 if everybody has been looked at.
CREATE OR REPLACE FUNCTION public.claim_jobs(
    p_queue text, p_limit int, p_after uuid, p_tenant_cap int, p_vendor_caps jsonb, p_expiry_s float8,
    p_visits int DEFAULT 500
) RETURNS TABLE (job_id uuid, tenant_id uuid, tenant_slug text, name text, lease int, service text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    first_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    start CONSTANT uuid := coalesce(p_after, first_id);
    turn uuid := start;
    wrapped boolean := false;
    complete boolean := false;
    visits int := 0;
    depth int := 0;
    share int;
    waiting uuid;
    at_work jsonb;
    vendors jsonb;
    willing uuid[] := '{}';
    still_willing uuid[];
    taken record;
    ids uuid[] := '{}';
    places bigint[] := '{}';
BEGIN
    PERFORM FROM public.dispatch_turns d WHERE d.name = 'queue ' || p_queue FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        -- Its first claim ever, or another dispatcher is at it.
        INSERT INTO public.dispatch_turns VALUES ('queue ' || p_queue) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    IF p_vendor_caps <> '{}' THEN
        -- Vendors are counted over all queues.
        PERFORM FROM public.dispatch_turns d WHERE d.name = 'vendors' FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO public.dispatch_turns VALUES ('vendors') ON CONFLICT DO NOTHING;
            PERFORM FROM public.dispatch_turns d WHERE d.name = 'vendors' FOR UPDATE;
        END IF;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT coalesce(jsonb_object_agg(t, n), '{}') INTO at_work FROM (
        SELECT j.tenant_id AS t, count(*) AS n FROM public.jobs j
        WHERE j.state IN ('dispatched', 'running') AND j.queue = p_queue GROUP BY 1) AS live;
    SELECT coalesce(jsonb_object_agg(key, value::int - coalesce(live.n, 0)), '{}') INTO vendors
        FROM jsonb_each_text(p_vendor_caps) LEFT JOIN (
            SELECT j.vendor AS v, count(*) AS n FROM public.jobs j
            WHERE j.state IN ('dispatched', 'running') AND j.vendor IS NOT NULL GROUP BY 1) AS live ON live.v = key;
    -- One walk around the circle: a job of each tenant that has one.
    WHILE cardinality(ids) < p_limit AND visits < p_visits LOOP
        SELECT j.tenant_id INTO waiting FROM public.jobs j
            WHERE j.state = 'queued' AND j.rank < 'infinity' AND j.queue = p_queue AND j.tenant_id > turn
            ORDER BY j.tenant_id LIMIT 1;
        complete := wrapped AND (waiting IS NULL OR waiting > start);
        EXIT WHEN complete;
        IF waiting IS NULL THEN
            wrapped := true; turn := first_id;
            CONTINUE;
        END IF;
        turn := waiting; visits := visits + 1;
        CONTINUE WHEN coalesce((at_work ->> turn::text)::int, 0) >= p_tenant_cap;
        SELECT * INTO taken FROM public.pick_jobs(p_queue, turn, 1, ids, vendors);
        vendors := taken.p_vendors;
        CONTINUE WHEN cardinality(taken.p_ids) = 0;
        ids := ids || taken.p_ids; willing := willing || turn; places := places || cardinality(willing)::bigint;
        at_work := at_work || jsonb_build_object(turn, coalesce((at_work ->> turn::text)::int, 0) + 1);
    END LOOP;
    -- What is free still goes in equal shares to those who may have more.
    WHILE cardinality(ids) < p_limit AND cardinality(willing) > 0 LOOP
        depth := depth + 1; still_willing := '{}';
        FOR number IN 1 .. cardinality(willing) LOOP
            waiting := willing[number];
            share := least(p_tenant_cap - (at_work ->> waiting::text)::int,
                           ceil((p_limit - cardinality(ids))::numeric / (cardinality(willing) - number + 1))::int);
            CONTINUE WHEN share <= 0;
            SELECT * INTO taken FROM public.pick_jobs(p_queue, waiting, share, ids, vendors);
            vendors := taken.p_vendors;
            CONTINUE WHEN cardinality(taken.p_ids) = 0;
            ids := ids || taken.p_ids; still_willing := still_willing || waiting;
            -- Everybody's second job goes before anybody's third.
            places := places || ARRAY(SELECT (depth * 100000 + k) * 100000::bigint + number
                                      FROM generate_series(1, cardinality(taken.p_ids)) AS k);
            at_work := at_work || jsonb_build_object(waiting,
                (at_work ->> waiting::text)::int + cardinality(taken.p_ids));
        END LOOP;
        willing := still_willing;
    END LOOP;
    RETURN QUERY WITH sent AS (
        UPDATE public.jobs j SET state = 'dispatched', lease = j.lease + 1, dispatched_at = now(),
            lease_expires_at = now() + make_interval(secs => p_expiry_s), updated_at = now()
        FROM unnest(ids) AS chosen (id) WHERE j.id = chosen.id RETURNING j.id, j.tenant_id, j.name, j.lease,
            j.arguments ->> 'service' AS service)
        SELECT s.id, s.tenant_id, t.slug::text, s.name::text, s.lease, s.service
        FROM sent s JOIN public.tenants t ON t.id = s.tenant_id JOIN unnest(ids, places) AS c (id, place) ON c.id = s.id
        ORDER BY c.place;
    RETURN QUERY SELECT NULL::uuid, turn, NULL::text, NULL::text, complete::int, NULL::text;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.claim_jobs(text, int, uuid, int, jsonb, float8, int) TO capliquify_dispatcher;
