-- Drops a tenant's role, unless another database of the cluster still has something of it.
CREATE OR REPLACE FUNCTION public.drop_tenant_role(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF p_name !~ '^tenant_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        RAISE EXCEPTION 'role %: is not the name of a tenant', p_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('DROP ROLE IF EXISTS %I', p_name);
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE NOTICE 'role %: is still needed by another database', p_name;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.drop_tenant_role(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.drop_tenant_role(text) TO capliquify_lifecycle;
