-- One claim a queue at a time, by the lock on a row that only the dispatcher may take: an advisory lock is anybody's.
CREATE TABLE public.dispatch_turns (name varchar(100) PRIMARY KEY);
COMMENT ON TABLE public.dispatch_turns IS 'rows that a claim holds: one a queue, and one for the counts of vendors';
GRANT SELECT, INSERT, UPDATE ON public.dispatch_turns TO capliquify_dispatcher;

-- How many jobs of a tenant wait, without reading them.
CREATE INDEX idx_jobs_waiting ON public.jobs (tenant_id) WHERE state = 'queued';

-- Two processes of one name are distinguished.
ALTER TABLE public.job_workers ADD COLUMN instance varchar(255) NOT NULL DEFAULT '';
COMMENT ON COLUMN public.job_workers.instance IS 'machine, process and start of who signed in under the name';

-- What waited because its tenant was suspended goes on when the tenant does.
CREATE FUNCTION public.wake_resumed_tenant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.jobs SET run_at = now(), updated_at = now()
        WHERE tenant_id = NEW.id AND state = 'queued' AND error_class = 'TenantSuspended' AND run_at > now();
    RETURN NULL;
END
$$;
ALTER FUNCTION public.wake_resumed_tenant() OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.wake_resumed_tenant() FROM PUBLIC;
CREATE TRIGGER tenants_resumed AFTER UPDATE OF subscription_status ON public.tenants FOR EACH ROW
    WHEN (OLD.subscription_status IN ('SUSPENDED', 'CANCELLED') AND NEW.subscription_status NOT IN ('SUSPENDED', 'CANCELLED'))
    EXECUTE FUNCTION public.wake_resumed_tenant();

-- A period that begins before the one of before has ended (a change of plan) ends that one: none overlaps another.
CREATE FUNCTION public.end_usage_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.usage_metrics SET period_end = NEW.current_period_start, updated_at = now()
        WHERE tenant_id = NEW.tenant_id AND period_start < NEW.current_period_start AND period_end > NEW.current_period_start;
    RETURN NULL;
END
$$;
ALTER FUNCTION public.end_usage_period() OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.end_usage_period() FROM PUBLIC;
CREATE TRIGGER subscriptions_period AFTER INSERT OR UPDATE OF current_period_start ON public.subscriptions
    FOR EACH ROW EXECUTE FUNCTION public.end_usage_period()
