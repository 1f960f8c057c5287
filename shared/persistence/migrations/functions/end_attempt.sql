-- What an outcome makes of a locked, running job. Outcomes: succeeded, retried (again after p_wait_s, dead when the
-- attempts are used up), lost (the same at once), snoozed and handed_back (again, no attempt used), discarded
-- (failed: somebody must fix something), cancelled. Returns the new state.
CREATE OR REPLACE FUNCTION public.end_attempt(
    p_job public.jobs, p_outcome text, p_result jsonb, p_error_class text, p_error_message text, p_wait_s float8
) RETURNS public.job_state
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    longest_history CONSTANT int := 50;
    unused CONSTANT boolean := p_outcome IN ('snoozed', 'handed_back');
    final public.job_state := CASE
        WHEN p_outcome = 'succeeded' THEN 'succeeded'
        WHEN p_outcome = 'cancelled' THEN 'cancelled'
        WHEN p_outcome = 'discarded' THEN 'failed'
        WHEN p_job.cancel_requested_at IS NOT NULL THEN 'cancelled'
        WHEN p_job.attempt >= p_job.max_attempts AND NOT unused THEN 'dead'
    END;
    entry CONSTANT jsonb := jsonb_build_object('attempt', p_job.attempt, 'outcome', p_outcome, 'worker', p_job.worker,
        'started_at', p_job.started_at, 'ended_at', now(), 'error_class', p_error_class,
        'error_message', p_error_message);
BEGIN
    IF final IS NULL THEN
        UPDATE public.jobs SET state = 'queued', outcome = p_outcome, lease_expires_at = NULL,
            attempt = attempt - unused::int, snoozes = snoozes + (p_outcome = 'snoozed')::int,
            run_at = now() + make_interval(secs => coalesce(p_wait_s, 0)),
            history = CASE WHEN jsonb_array_length(history) >= longest_history THEN history - 0 ELSE history END || entry,
            error_class = p_error_class, error_message = p_error_message, updated_at = now() WHERE id = p_job.id;
        RETURN 'queued';
    END IF;
    UPDATE public.jobs SET state = final, outcome = CASE WHEN final IN ('dead', 'cancelled') THEN final::text ELSE p_outcome END,
        result = p_result, error_class = p_error_class, error_message = p_error_message, lease_expires_at = NULL,
        finished_at = now(), updated_at = now() WHERE id = p_job.id;
    RETURN final;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.end_attempt(public.jobs, text, jsonb, text, text, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.end_attempt(public.jobs, text, jsonb, text, text, float8)
    TO capliquify_worker, capliquify_dispatcher;
