-- Says that a process runs; again and again, or it is forgotten. False where another instance of the name runs:
-- two under one name would overwrite each other's presence, and each other's places with it.
CREATE OR REPLACE FUNCTION public.sign_in_worker(p_name text, p_queues text[], p_concurrency int, p_instance text, p_forgotten_s float8)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF length(p_name) > 255 OR length(p_instance) > 255 OR cardinality(p_queues) > 100 THEN
        RAISE EXCEPTION 'name, instance: 255 characters at most; queues: 100 at most' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO public.job_workers AS w (name, queues, concurrency, instance)
        VALUES (p_name, p_queues, p_concurrency, p_instance)
        ON CONFLICT (name) DO UPDATE SET queues = excluded.queues, concurrency = excluded.concurrency, seen_at = now(),
            instance = excluded.instance,
            started_at = CASE WHEN w.instance = excluded.instance THEN w.started_at ELSE now() END,
            restarts = w.restarts + (w.instance NOT IN ('', excluded.instance))::int
        WHERE w.instance IN ('', excluded.instance) OR w.seen_at < now() - make_interval(secs => p_forgotten_s);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('capliquify_dispatch', '*');
    RETURN true;
END
$function$;
ALTER FUNCTION public.sign_in_worker(text, text[], int, text, float8) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.sign_in_worker(text, text[], int, text, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.sign_in_worker(text, text[], int, text, float8) TO capliquify_worker, capliquify_dispatcher;
