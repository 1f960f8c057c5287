-- The period of usage that an instant lies in. Periods of a tenant tile time: each instant lies in one, and none
-- overlaps another, whatever the billing cycle and whenever the news of a renewal comes.
-- What has been counted stays where it was: a row that holds the instant is its period. Else the billing's current
-- period; before and after it whole cycles, counted from its start or its end, cut where a neighbour's row begins.
CREATE OR REPLACE FUNCTION public.usage_period(p_tenant_id uuid, p_at timestamptz)
RETURNS TABLE (period_start timestamptz, period_end timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $function$
DECLARE
    plan public.subscriptions;
    anchor timestamptz := date_trunc('month', p_at);
    cycle int := 1;
    n int;
    since timestamptz;
    until timestamptz;
BEGIN
    SELECT u.period_start, u.period_end INTO since, until FROM public.usage_metrics u
        WHERE u.tenant_id = p_tenant_id AND u.period_start <= p_at AND u.period_end > p_at
        ORDER BY u.period_start DESC LIMIT 1;
    IF FOUND THEN
        period_start := since; period_end := until;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO plan FROM public.subscriptions s WHERE s.tenant_id = p_tenant_id;
    IF plan.id IS NOT NULL THEN
        cycle := CASE plan.billing_cycle WHEN 'QUARTERLY' THEN 3 WHEN 'ANNUAL' THEN 12 ELSE 1 END;
        -- A period of another length than the cycle, such as a trial, shifts those that follow it.
        anchor := CASE WHEN p_at >= plan.current_period_end
            AND plan.current_period_end <> plan.current_period_start + make_interval(months => cycle)
            THEN plan.current_period_end ELSE plan.current_period_start END;
    END IF;
    IF plan.id IS NOT NULL AND p_at >= plan.current_period_start AND p_at < plan.current_period_end THEN
        since := plan.current_period_start; until := plan.current_period_end;
    ELSE
        n := floor((extract(year FROM p_at) * 12 + extract(month FROM p_at)
                  - extract(year FROM anchor) * 12 - extract(month FROM anchor)) / cycle);
        -- From the anchor each time: a month that is too short for its day shifts no later one.
        IF anchor + make_interval(months => n * cycle) > p_at THEN
            n := n - 1;
        ELSIF anchor + make_interval(months => (n + 1) * cycle) <= p_at THEN
            n := n + 1;
        END IF;
        since := anchor + make_interval(months => n * cycle);
        until := anchor + make_interval(months => (n + 1) * cycle);
    END IF;
    SELECT greatest(since, max(u.period_end) FILTER (WHERE u.period_end <= p_at)),
           least(until, min(u.period_start) FILTER (WHERE u.period_start > p_at))
        INTO period_start, period_end FROM public.usage_metrics u WHERE u.tenant_id = p_tenant_id;
    RETURN NEXT;
END
$function$;
