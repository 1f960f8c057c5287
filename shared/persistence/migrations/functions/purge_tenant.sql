-- The end of a tenant: schema, role and every public row but the audit log's.
CREATE OR REPLACE FUNCTION public.purge_tenant(p_tenant_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    PERFORM public.delete_tenant_schema(p_tenant_id);
    DELETE FROM public.tenants WHERE id = p_tenant_id;
END
$function$;
ALTER FUNCTION public.purge_tenant(uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.purge_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.purge_tenant(uuid) TO capliquify_admin;
