-- 'infinity' and the year 20000 are instants to PostgreSQL and errors to every program that reads them. Nothing
-- new of the kind comes in.
CREATE FUNCTION public.is_of_our_time(p_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_at IS NULL OR (p_at >= '1970-01-01 00:00:00+00' AND p_at < '2200-01-01 00:00:00+00')
$$;
-- Where a row came is known only roughly, and must be known for it to be changed at all.
SET LOCAL ROLE capliquify_lifecycle;
UPDATE public.tenants SET created_at = now() WHERE NOT public.is_of_our_time(created_at);
UPDATE public.tenants SET updated_at = now() WHERE NOT public.is_of_our_time(updated_at);
UPDATE public.users SET last_login_at = NULL WHERE NOT public.is_of_our_time(last_login_at);
UPDATE public.subscriptions SET current_period_start = created_at WHERE NOT public.is_of_our_time(current_period_start);
UPDATE public.subscriptions SET current_period_end = greatest(current_period_start, now()) + interval '1 year'
    WHERE NOT public.is_of_our_time(current_period_end);
UPDATE public.subscriptions SET trial_end = NULL WHERE NOT public.is_of_our_time(trial_end);
UPDATE public.subscriptions SET cancel_at = NULL WHERE NOT public.is_of_our_time(cancel_at);
UPDATE public.usage_metrics SET period_end = period_start + interval '1 month'
    WHERE NOT public.is_of_our_time(period_end) AND public.is_of_our_time(period_start);
UPDATE public.jobs SET run_at = now() WHERE NOT public.is_of_our_time(run_at);
RESET ROLE;
ALTER TABLE public.tenants ADD CONSTRAINT tenants_instants_of_our_time CHECK (
    public.is_of_our_time(created_at) AND public.is_of_our_time(updated_at) AND public.is_of_our_time(deleted_at)) NOT VALID;
ALTER TABLE public.users ADD CONSTRAINT users_instants_of_our_time CHECK (
    public.is_of_our_time(created_at) AND public.is_of_our_time(updated_at) AND public.is_of_our_time(last_login_at)) NOT VALID;
ALTER TABLE public.subscriptions ADD CONSTRAINT subscriptions_instants_of_our_time CHECK (
    public.is_of_our_time(current_period_start) AND public.is_of_our_time(current_period_end)
    AND public.is_of_our_time(trial_end) AND public.is_of_our_time(cancel_at)
    AND public.is_of_our_time(created_at) AND public.is_of_our_time(updated_at)) NOT VALID;
ALTER TABLE public.usage_metrics ADD CONSTRAINT usage_metrics_instants_of_our_time CHECK (
    public.is_of_our_time(period_start) AND public.is_of_our_time(period_end)) NOT VALID;
ALTER TABLE public.jobs ADD CONSTRAINT jobs_instants_of_our_time CHECK (public.is_of_our_time(run_at)) NOT VALID;
ALTER TABLE public.schedule_runs ADD CONSTRAINT schedule_runs_instants_of_our_time CHECK (
    public.is_of_our_time(tick_at)) NOT VALID;
