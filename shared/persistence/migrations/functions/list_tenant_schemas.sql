CREATE OR REPLACE FUNCTION public.list_tenant_schemas()
RETURNS TABLE (tenant_id uuid, slug text, schema_name text, schema_exists boolean, deleted_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    SELECT t.id, t.slug::text, t.schema_name::text, n.oid IS NOT NULL, t.deleted_at
    FROM public.tenants t LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema_name
    ORDER BY t.slug
$function$;
ALTER FUNCTION public.list_tenant_schemas() OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.list_tenant_schemas() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.list_tenant_schemas() TO capliquify_admin, capliquify_api, capliquify_dispatcher;
