-- Drops a tenant's schema and role: only 30 days after the soft delete, and only if a person approved it.
-- A second call finds nothing to do and says false.
CREATE OR REPLACE FUNCTION public.delete_tenant_schema(p_tenant_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    tenant public.tenants;
BEGIN
    SELECT * INTO tenant FROM public.tenants WHERE id = p_tenant_id FOR UPDATE;
    IF tenant.id IS NULL THEN
        RAISE EXCEPTION 'tenant %: not found', p_tenant_id USING ERRCODE = 'no_data_found';
    END IF;
    IF tenant.deleted_at IS NULL OR tenant.deleted_at > now() - interval '30 days' THEN
        RAISE EXCEPTION 'tenant %: its schema is kept until 30 days after the soft delete', p_tenant_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF NOT EXISTS (SELECT FROM public.tenant_purge_approvals WHERE tenant_id = p_tenant_id) THEN
        RAISE EXCEPTION 'tenant %: nobody has approved its purge; call approve_tenant_purge', p_tenant_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regnamespace(quote_ident(tenant.schema_name)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP SCHEMA %I CASCADE', tenant.schema_name);
    PERFORM public.drop_tenant_role(tenant.schema_name);
    INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, severity, changes, metadata)
        VALUES (p_tenant_id, 'schema.deleted', 'schema', p_tenant_id, 'WARNING',
                jsonb_build_object('schema_name', tenant.schema_name),
                jsonb_build_object('actor', coalesce(nullif(current_setting('app.actor', true), ''), session_user)));
    RETURN true;
END
$function$;
ALTER FUNCTION public.delete_tenant_schema(uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.delete_tenant_schema(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.delete_tenant_schema(uuid) TO capliquify_admin;
