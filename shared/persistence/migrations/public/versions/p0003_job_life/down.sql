DROP VIEW public.job_status;
DROP TABLE public.schedule_runs;
DROP TABLE public.job_workers;
DROP TRIGGER jobs_rank ON public.jobs;
DROP TRIGGER jobs_notify_new ON public.jobs;
DROP TRIGGER jobs_notify_change ON public.jobs;
DROP FUNCTION public.rank_job();
DROP FUNCTION public.notify_of_job();
DROP POLICY worker_named_tenant ON public.tenants;
REVOKE SELECT ON public.tenants FROM capliquify_worker;
DO $do$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND proname IN ('enqueue_job', 'check_job_arguments', 'json_type_fits', 'cancel_job', 'start_job', 'renew_lease',
                        'hold_lease', 'report_progress', 'finish_job', 'end_attempt', 'claim_jobs', 'promote_jobs', 'pick_jobs', 'reap_jobs', 'enqueue_scheduled', 'store_webhook') LOOP
        EXECUTE format('DROP FUNCTION %s', made.signature);
    END LOOP;
END
$do$;
DROP INDEX public.idx_jobs_queued;
DROP INDEX public.idx_jobs_later;
DROP INDEX public.idx_jobs_finished;
ALTER TABLE public.jobs DROP CONSTRAINT jobs_priority_range, DROP COLUMN lease, DROP COLUMN vendor, DROP COLUMN rank,
    DROP COLUMN worker, DROP COLUMN outcome, DROP COLUMN snoozes, DROP COLUMN vendor_calls, DROP COLUMN history,
    DROP COLUMN dispatched_at, DROP COLUMN cancel_requested_at;
ALTER TABLE public.jobs ADD COLUMN lease_token uuid;
CREATE INDEX idx_jobs_queued ON public.jobs (queue, tenant_id, priority DESC, run_at) WHERE state = 'queued';
ALTER TABLE public.task_contracts DROP COLUMN vendor_argument, DROP COLUMN description;
GRANT INSERT, UPDATE ON public.jobs TO capliquify_api;
GRANT INSERT ON public.jobs TO capliquify_tenant;
GRANT UPDATE (counted_meters, updated_at) ON public.jobs TO capliquify_tenant
