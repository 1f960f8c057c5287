-- Says that a process ends; only its own instance is forgotten.
CREATE OR REPLACE FUNCTION public.sign_out_worker(p_name text, p_instance text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    DELETE FROM public.job_workers WHERE name = p_name AND instance IN ('', p_instance)
$function$;
ALTER FUNCTION public.sign_out_worker(text, text) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.sign_out_worker(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.sign_out_worker(text, text) TO capliquify_worker, capliquify_dispatcher;
