-- The period that usage of a moment is counted in: the subscription's own month, else the calendar month (UTC).
CREATE OR REPLACE FUNCTION public.usage_period(p_tenant_id uuid, p_at timestamptz)
RETURNS TABLE (period_start timestamptz, period_end timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $function$
    WITH anchor AS (
        SELECT coalesce((SELECT current_period_start FROM public.subscriptions WHERE tenant_id = p_tenant_id),
                        date_trunc('month', p_at)) AS since
    ), months AS (
        SELECT since, (extract(year FROM p_at) * 12 + extract(month FROM p_at)
                     - extract(year FROM since) * 12 - extract(month FROM since))::int AS n FROM anchor
    ), reached AS (
        SELECT since, n - CASE WHEN since + make_interval(months => n) > p_at THEN 1 ELSE 0 END AS n FROM months
    )
    -- The period that is billed now is what the billing says; others are counted from it, month by month.
    SELECT current_period_start, current_period_end FROM public.subscriptions
        WHERE tenant_id = p_tenant_id AND billing_cycle = 'MONTHLY'
          AND p_at >= current_period_start AND p_at < current_period_end
    UNION ALL
    SELECT since + make_interval(months => n), since + make_interval(months => n + 1) FROM reached
    LIMIT 1
$function$;
