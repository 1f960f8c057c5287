-- A person allows a soft-deleted tenant to be purged. Restoring the tenant takes the approval back.
CREATE OR REPLACE FUNCTION public.approve_tenant_purge(p_tenant_id uuid, p_approver text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF btrim(coalesce(p_approver, '')) = '' THEN
        RAISE EXCEPTION 'approver: is missing; name the person who approves' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM public.tenants WHERE id = p_tenant_id AND deleted_at IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant %: is not soft-deleted; delete it first', p_tenant_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO public.tenant_purge_approvals (tenant_id, approver) VALUES (p_tenant_id, p_approver)
        ON CONFLICT (tenant_id) DO NOTHING;
    INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, severity, metadata)
        VALUES (p_tenant_id, 'tenant.purge_approved', 'tenant', p_tenant_id, 'WARNING',
                jsonb_build_object('actor', p_approver));
END
$function$;
ALTER FUNCTION public.approve_tenant_purge(uuid, text) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.approve_tenant_purge(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.approve_tenant_purge(uuid, text) TO capliquify_admin;
