-- A tick of a schedule becomes a job once, however many clocks strike. Returns the job's id; null where the tick
-- has been seen before.
CREATE OR REPLACE FUNCTION public.enqueue_scheduled(
    p_tenant_id uuid, p_schedule text, p_tick_at timestamptz, p_name text, p_arguments jsonb DEFAULT '{}'
) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    made uuid;
BEGIN
    IF p_tick_at NOT BETWEEN now() - interval '10 years' AND now() + interval '1 minute' THEN
        RAISE EXCEPTION 'tick_at: % is no tick that is due; is the clock of the machine right?', p_tick_at
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO public.schedule_runs (tenant_id, schedule, tick_at) VALUES (p_tenant_id, p_schedule, p_tick_at)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    made := public.enqueue_job(p_tenant_id, p_name, p_arguments, p_requested_by => 'schedule:' || p_schedule);
    UPDATE public.schedule_runs SET job_id = made
        WHERE tenant_id = p_tenant_id AND schedule = p_schedule AND tick_at = p_tick_at;
    RETURN made;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.enqueue_scheduled(uuid, text, timestamptz, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.enqueue_scheduled(uuid, text, timestamptz, text, jsonb) TO capliquify_dispatcher;
