CREATE VIEW public.job_status WITH (security_invoker = true) AS
SELECT id, tenant_id, parent_id, name, queue, state, outcome, attempt, max_attempts, snoozes,
       progress_done, progress_total, progress_message, result, error_class, error_message, requested_by,
       cancel_requested_at IS NOT NULL AS cancel_requested,
       run_at, created_at, started_at, finished_at,
       -- What waits again has begun before, and is not running.
       greatest(0, extract(epoch FROM CASE WHEN state IN ('queued', 'dispatched') THEN now()
           ELSE coalesce(started_at, finished_at) END - greatest(created_at, run_at)))::float8 AS waited_s,
       extract(epoch FROM CASE state WHEN 'running' THEN now() ELSE finished_at END - started_at)::float8 AS ran_s
FROM public.jobs;
GRANT SELECT ON public.job_status TO capliquify_tenant, capliquify_worker, capliquify_dispatcher, capliquify_admin,
    capliquify_api;

-- Clients write jobs through functions alone. A unit of work marks what its job has counted, and holds its lease.
REVOKE INSERT, UPDATE ON public.jobs FROM capliquify_api, capliquify_tenant;
GRANT UPDATE (counted_meters, updated_at) ON public.jobs TO capliquify_tenant;
GRANT SELECT ON public.task_contracts TO capliquify_lifecycle;

ALTER TABLE public.schedule_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.schedule_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_own_rows ON public.schedule_runs TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);
CREATE POLICY dispatcher_every_row ON public.schedule_runs TO capliquify_dispatcher USING (true);
CREATE POLICY admin_every_row ON public.schedule_runs FOR SELECT TO capliquify_admin USING (true);
CREATE POLICY lifecycle_every_row ON public.schedule_runs TO capliquify_lifecycle USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.schedule_runs TO capliquify_dispatcher;
GRANT SELECT ON public.schedule_runs TO capliquify_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.schedule_runs TO capliquify_lifecycle;

-- Names of processes and numbers: nothing of any tenant.
GRANT SELECT, INSERT, UPDATE, DELETE ON public.job_workers TO capliquify_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.job_workers TO capliquify_dispatcher;
GRANT SELECT ON public.job_workers TO capliquify_admin;

-- A worker enqueues what follows from a job, for the tenant that it has named.
CREATE POLICY worker_named_tenant ON public.tenants FOR SELECT TO capliquify_worker
    USING (id = public.current_tenant_id());
GRANT SELECT ON public.tenants TO capliquify_worker
