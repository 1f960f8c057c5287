-- The role of one tenant, named as its schema. Roles belong to the cluster: one that another database left is taken over.
-- The owner of the database owns this function, not the lifecycle role: who is no superuser becomes an admin of every role
-- that it makes, and with 5,000 of them each grant took 16 ms to work that out again.
CREATE OR REPLACE FUNCTION public.create_tenant_role(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    IF p_name !~ '^tenant_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        RAISE EXCEPTION 'role %: is not the name of a tenant', p_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = p_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', p_name);
        EXECUTE format('GRANT capliquify_tenant TO %I WITH INHERIT TRUE, SET FALSE', p_name);
        EXECUTE format('GRANT %I TO capliquify_tenant_access WITH INHERIT FALSE, SET TRUE', p_name);
    END IF;
END
$function$;
REVOKE EXECUTE ON FUNCTION public.create_tenant_role(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.create_tenant_role(text) TO capliquify_lifecycle;
