-- The tenant that a transaction says it works for. A bare cast would fail on the empty text that an earlier
-- SET LOCAL leaves behind; no setting means no tenant, and no row.
CREATE FUNCTION public.current_tenant_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.current_tenant_id', true), '')::uuid $$;

ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.users FORCE ROW LEVEL SECURITY;
ALTER TABLE public.subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.subscriptions FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_logs FORCE ROW LEVEL SECURITY;
ALTER TABLE public.usage_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.usage_metrics FORCE ROW LEVEL SECURITY;
ALTER TABLE public.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE public.tenant_purge_approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.tenant_purge_approvals FORCE ROW LEVEL SECURITY;

-- A tenant's own role: the setting alone could be forged by injected SQL, so the role must be the tenant's too.
CREATE POLICY tenant_own_rows ON public.tenants TO capliquify_tenant
    USING (id = public.current_tenant_id() AND current_user = schema_name);
CREATE POLICY tenant_own_rows ON public.users TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);
CREATE POLICY tenant_own_rows ON public.subscriptions TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);
CREATE POLICY tenant_own_rows ON public.audit_logs TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);
CREATE POLICY tenant_own_rows ON public.usage_metrics TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);
CREATE POLICY tenant_own_rows ON public.jobs TO capliquify_tenant
    USING (tenant_id = public.current_tenant_id() AND current_user = 'tenant_' || tenant_id);

-- The worker outside a tenant's role: one job of the tenant that the message named.
CREATE POLICY worker_named_tenant ON public.jobs TO capliquify_worker USING (tenant_id = public.current_tenant_id());

-- The dispatcher sees what scans and the ledger need, of all tenants.
CREATE POLICY dispatcher_every_row ON public.tenants FOR SELECT TO capliquify_dispatcher USING (true);
CREATE POLICY dispatcher_every_row ON public.jobs TO capliquify_dispatcher USING (true);
CREATE POLICY dispatcher_every_row ON public.audit_logs TO capliquify_dispatcher USING (true);
CREATE POLICY dispatcher_every_row ON public.usage_metrics FOR SELECT TO capliquify_dispatcher USING (true);
CREATE POLICY dispatcher_every_row ON public.tenant_purge_approvals FOR SELECT TO capliquify_dispatcher USING (true);

-- The operators' role.
CREATE POLICY admin_every_row ON public.tenants TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.users TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.subscriptions TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.audit_logs TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.usage_metrics TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.jobs TO capliquify_admin USING (true);
CREATE POLICY admin_every_row ON public.tenant_purge_approvals FOR SELECT TO capliquify_admin USING (true);

-- The Node API: finds a tenant by its organisation, then works under the setting.
CREATE POLICY api_find_tenant ON public.tenants FOR SELECT TO capliquify_api USING (true);
CREATE POLICY api_register_tenant ON public.tenants FOR INSERT TO capliquify_api WITH CHECK (true);
CREATE POLICY api_change_tenant ON public.tenants FOR UPDATE TO capliquify_api USING (id = public.current_tenant_id());
CREATE POLICY api_named_tenant ON public.users TO capliquify_api USING (tenant_id = public.current_tenant_id());
CREATE POLICY api_named_tenant ON public.subscriptions TO capliquify_api USING (tenant_id = public.current_tenant_id());
CREATE POLICY api_named_tenant ON public.audit_logs TO capliquify_api USING (tenant_id = public.current_tenant_id());
CREATE POLICY api_named_tenant ON public.usage_metrics TO capliquify_api USING (tenant_id = public.current_tenant_id());
CREATE POLICY api_named_tenant ON public.jobs TO capliquify_api USING (tenant_id = public.current_tenant_id());

-- The owner of the lifecycle functions: FORCE would filter them too.
CREATE POLICY lifecycle_every_row ON public.tenants TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.users TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.subscriptions TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.audit_logs TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.usage_metrics TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.jobs TO capliquify_lifecycle USING (true);
CREATE POLICY lifecycle_every_row ON public.tenant_purge_approvals TO capliquify_lifecycle USING (true);
