DO $do$
DECLARE
    rule record;
BEGIN
    FOR rule IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP POLICY %I ON public.%I', rule.policyname, rule.tablename);
    END LOOP;
    FOR rule IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE public.%1$I DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', rule.relname);
        EXECUTE format('REVOKE ALL ON public.%I FROM capliquify_tenant, capliquify_worker, capliquify_dispatcher,
                        capliquify_admin, capliquify_api, capliquify_lifecycle', rule.relname);
    END LOOP;
END
$do$;
DROP TRIGGER users_audit ON public.users;
DROP TRIGGER tenants_deletion ON public.tenants;
DROP FUNCTION public.stamp_deletion();
DROP TRIGGER tenants_audit ON public.tenants;
DROP TRIGGER audit_logs_append_only ON public.audit_logs;
DROP FUNCTION public.audit_row_change();
DROP FUNCTION public.audit_difference(jsonb, jsonb);
DROP FUNCTION public.refuse_change_of_audit_log();
DROP FUNCTION public.current_tenant_id();
DROP TABLE public.tenant_purge_approvals;
ALTER TABLE public.tenants DROP COLUMN schema_revision
