-- Adds to the counters of the period that p_at lies in. Any language may call it in its own transaction.
CREATE OR REPLACE FUNCTION public.record_usage(
    p_tenant_id uuid, p_meter text, p_amount bigint DEFAULT 1, p_at timestamptz DEFAULT now()
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF p_meter NOT IN ('api_requests_count', 'api_errors_count', 'forecasts_generated',
                       'reports_exported', 'integrations_synced') THEN
        RAISE EXCEPTION 'meter %: not a counter of usage_metrics', p_meter USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_amount < 0 THEN
        RAISE EXCEPTION 'amount %: a counter only grows', p_amount USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format(
        'INSERT INTO public.usage_metrics AS u (tenant_id, period_start, period_end, %1$I)
         SELECT $1, period_start, period_end, $2 FROM public.usage_period($1, $3)
         ON CONFLICT (tenant_id, period_start) DO UPDATE SET %1$I = u.%1$I + excluded.%1$I, updated_at = now()',
        p_meter) USING p_tenant_id, p_amount, p_at;
END
$function$;
