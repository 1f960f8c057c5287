-- Locks up to p_number due jobs of a tenant, the lowest rank first, but for those of p_not and of vendors that have
-- no place left. Returns their ids, and the vendors' places after them.
CREATE OR REPLACE FUNCTION public.pick_jobs(
    p_queue text, p_tenant_id uuid, p_number int, p_not uuid[], INOUT p_vendors jsonb, OUT p_ids uuid[]
)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    full_vendors CONSTANT text[] := ARRAY(SELECT key FROM jsonb_each_text(p_vendors) WHERE value::int <= 0);
    picked record;
    left_over int;
BEGIN
    p_ids := '{}';
    FOR picked IN SELECT j.id, j.vendor FROM public.jobs j
        WHERE j.state = 'queued' AND j.rank < 'infinity' AND j.queue = p_queue AND j.tenant_id = p_tenant_id
          AND (j.vendor IS NULL OR j.vendor <> ALL (full_vendors)) AND j.id <> ALL (p_not)
        ORDER BY j.rank LIMIT p_number FOR UPDATE SKIP LOCKED LOOP
        IF p_vendors ? picked.vendor THEN
            left_over := (p_vendors ->> picked.vendor)::int - 1;
            CONTINUE WHEN left_over < 0;
            p_vendors := jsonb_set(p_vendors, ARRAY[picked.vendor::text], to_jsonb(left_over));
        END IF;
        p_ids := p_ids || picked.id;
    END LOOP;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.pick_jobs(text, uuid, int, uuid[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.pick_jobs(text, uuid, int, uuid[], jsonb) TO capliquify_dispatcher;
