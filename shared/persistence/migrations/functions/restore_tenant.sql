-- Takes a soft delete back, and with it an approval to purge. Refused once the schema is gone.
CREATE OR REPLACE FUNCTION public.restore_tenant(p_tenant_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    tenant public.tenants;
BEGIN
    IF session_user = 'capliquify_api' AND p_tenant_id IS DISTINCT FROM public.current_tenant_id() THEN
        RAISE EXCEPTION 'tenant_id: is not the tenant of this transaction; SET LOCAL app.current_tenant_id first'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO tenant FROM public.tenants WHERE id = p_tenant_id FOR UPDATE;
    IF tenant.id IS NULL OR to_regnamespace(quote_ident(tenant.schema_name)) IS NULL THEN
        RAISE EXCEPTION 'tenant %: its data are gone', p_tenant_id USING ERRCODE = 'no_data_found';
    END IF;
    UPDATE public.tenants SET deleted_at = NULL, updated_at = now() WHERE id = p_tenant_id;
    DELETE FROM public.tenant_purge_approvals WHERE tenant_id = p_tenant_id;
END
$function$;
ALTER FUNCTION public.restore_tenant(uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.restore_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.restore_tenant(uuid) TO capliquify_admin, capliquify_api;
