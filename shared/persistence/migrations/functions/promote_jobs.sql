-- Jobs whose time has come take their place in the queue. Returns how many.
CREATE OR REPLACE FUNCTION public.promote_jobs(p_limit int DEFAULT 5000) RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    promoted int;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE public.jobs j SET run_at = j.run_at FROM (
        SELECT id FROM public.jobs WHERE state = 'queued' AND rank = 'infinity' AND run_at <= now()
        ORDER BY run_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
        WHERE j.id = due.id;
    GET DIAGNOSTICS promoted = ROW_COUNT;
    RETURN promoted;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.promote_jobs(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.promote_jobs(int) TO capliquify_dispatcher;
