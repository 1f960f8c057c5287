GRANT USAGE ON SCHEMA public TO capliquify_tenant, capliquify_worker, capliquify_dispatcher, capliquify_admin,
    capliquify_api, capliquify_lifecycle;

GRANT SELECT ON public.tenants, public.users, public.subscriptions, public.audit_logs, public.usage_metrics,
    public.jobs, public.task_contracts, public.exchange_rates TO capliquify_tenant;
GRANT INSERT ON public.audit_logs, public.usage_metrics, public.jobs TO capliquify_tenant;
GRANT UPDATE ON public.usage_metrics TO capliquify_tenant;
-- A unit of work marks what its job has counted, and nothing else of the job.
GRANT UPDATE (counted_meters, updated_at) ON public.jobs TO capliquify_tenant;

GRANT SELECT, UPDATE ON public.jobs TO capliquify_worker;
GRANT SELECT ON public.task_contracts TO capliquify_worker;

GRANT SELECT ON public.tenants, public.usage_metrics, public.task_contracts, public.exchange_rates,
    public.audit_logs, public.tenant_purge_approvals TO capliquify_dispatcher;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.jobs TO capliquify_dispatcher;
GRANT INSERT ON public.audit_logs TO capliquify_dispatcher;
GRANT INSERT, UPDATE ON public.exchange_rates TO capliquify_dispatcher;

GRANT SELECT ON public.tenants, public.users, public.subscriptions, public.audit_logs, public.usage_metrics,
    public.jobs, public.task_contracts, public.exchange_rates, public.tenant_purge_approvals TO capliquify_admin;
GRANT INSERT, UPDATE ON public.tenants, public.users, public.subscriptions, public.usage_metrics TO capliquify_admin;
GRANT INSERT, UPDATE ON public.jobs TO capliquify_admin;
GRANT INSERT ON public.audit_logs TO capliquify_admin;

GRANT SELECT ON public.tenants, public.users, public.subscriptions, public.audit_logs, public.usage_metrics,
    public.jobs, public.task_contracts, public.exchange_rates TO capliquify_api;
GRANT INSERT, UPDATE ON public.tenants, public.users, public.subscriptions, public.usage_metrics TO capliquify_api;
GRANT INSERT, UPDATE ON public.jobs TO capliquify_api;
GRANT DELETE ON public.users TO capliquify_api;
GRANT INSERT ON public.audit_logs TO capliquify_api;

GRANT SELECT, INSERT, UPDATE, DELETE ON public.tenants, public.users, public.subscriptions, public.usage_metrics,
    public.jobs, public.tenant_purge_approvals TO capliquify_lifecycle;
GRANT SELECT, INSERT ON public.audit_logs TO capliquify_lifecycle;
