DROP TRIGGER subscriptions_period ON public.subscriptions;
DROP FUNCTION public.end_usage_period();
DROP TRIGGER tenants_resumed ON public.tenants;
DROP FUNCTION public.wake_resumed_tenant();
DO $do$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND proname IN ('sign_in_worker', 'sign_out_worker', 'claim_jobs') LOOP
        EXECUTE format('DROP FUNCTION %s', made.signature);
    END LOOP;
    FOR made IN SELECT d.objid::regprocedure AS signature FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE e.extname = 'pgcrypto' AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM capliquify_worker', made.signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', made.signature);
    END LOOP;
END
$do$;
ALTER TABLE public.job_workers DROP COLUMN instance;
DROP INDEX public.idx_jobs_waiting;
DROP TABLE public.dispatch_turns;
REVOKE SELECT, INSERT, UPDATE, DELETE ON public.job_workers FROM capliquify_lifecycle;
GRANT INSERT, UPDATE, DELETE ON public.job_workers TO capliquify_worker;
GRANT UPDATE ON public.jobs TO capliquify_worker;
REVOKE UPDATE (state, outcome, attempt, snoozes, worker, started_at, finished_at, lease_expires_at, run_at, history,
    result, error_class, error_message, progress_done, progress_total, progress_message, vendor_calls,
    counted_meters, updated_at) ON public.jobs FROM capliquify_worker;
GRANT UPDATE ON public.jobs TO capliquify_worker;
REVOKE INSERT, UPDATE ON public.tenants, public.users, public.subscriptions, public.usage_metrics FROM capliquify_api;
REVOKE UPDATE ON public.usage_metrics FROM capliquify_tenant;
GRANT INSERT, UPDATE ON public.tenants, public.users, public.subscriptions, public.usage_metrics TO capliquify_api;
GRANT UPDATE ON public.usage_metrics TO capliquify_tenant;
ALTER TABLE public.schedule_runs DROP CONSTRAINT schedule_runs_instants_of_our_time;
ALTER TABLE public.jobs DROP CONSTRAINT jobs_instants_of_our_time;
ALTER TABLE public.usage_metrics DROP CONSTRAINT usage_metrics_instants_of_our_time;
ALTER TABLE public.subscriptions DROP CONSTRAINT subscriptions_instants_of_our_time;
ALTER TABLE public.users DROP CONSTRAINT users_instants_of_our_time;
ALTER TABLE public.tenants DROP CONSTRAINT tenants_instants_of_our_time;
DROP FUNCTION public.is_of_our_time(timestamptz);
DROP TRIGGER audit_logs_stamped ON public.audit_logs;
DROP FUNCTION public.stamp_audit_entry();
ALTER TABLE public.audit_logs DROP COLUMN login;
DROP TRIGGER tenants_kept ON public.tenants;
DROP FUNCTION public.keep_registry_row()
