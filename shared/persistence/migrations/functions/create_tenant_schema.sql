-- Template: the migration runner puts the compiled tenant line and its newest revision in their places below, so that
-- a fresh tenant and a migrated one come from the same statements.
CREATE OR REPLACE FUNCTION public.create_tenant_schema(p_tenant_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    tenant_schema text;
    tenant_name text;
    preferences jsonb;
BEGIN
    IF session_user = 'capliquify_api' AND p_tenant_id IS DISTINCT FROM public.current_tenant_id() THEN
        RAISE EXCEPTION 'tenant_id: is not the tenant of this transaction; SET LOCAL app.current_tenant_id first'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT schema_name, name, settings INTO tenant_schema, tenant_name, preferences FROM public.tenants
        WHERE id = p_tenant_id AND deleted_at IS NULL FOR UPDATE;
    IF tenant_schema IS NULL THEN
        RAISE EXCEPTION 'tenant %: not found; insert it into public.tenants first', p_tenant_id
            USING ERRCODE = 'no_data_found';
    END IF;
    IF to_regnamespace(quote_ident(tenant_schema)) IS NOT NULL THEN
        RETURN tenant_schema;
    END IF;
    PERFORM public.create_tenant_role(tenant_schema);
    EXECUTE format('CREATE SCHEMA %I', tenant_schema);
    EXECUTE format('GRANT USAGE ON SCHEMA %1$I TO %1$I', tenant_schema);
    -- Every table that this or a later migration makes here is the tenant's to read and write.
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %1$I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %1$I',
                   tenant_schema);
    PERFORM set_config('search_path', quote_ident(tenant_schema) || ', pg_temp', true);
    EXECUTE $tenant_line$
{{tenant_line}}
    $tenant_line$;
    -- Figures belong to a company: every tenant begins with one.
    EXECUTE 'INSERT INTO companies (name, primary_currency, timezone) VALUES ($1, $2, $3)'
        USING tenant_name, coalesce(preferences ->> 'currency', 'GBP'), coalesce(preferences ->> 'timezone', 'UTC');
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %1$I.alembic_version FROM %1$I', tenant_schema);
    UPDATE public.tenants SET schema_revision = '{{newest_revision}}' WHERE id = p_tenant_id;
    INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, changes, metadata)
        VALUES (p_tenant_id, 'schema.created', 'schema', p_tenant_id,
                jsonb_build_object('schema_name', tenant_schema, 'revision', '{{newest_revision}}'),
                jsonb_build_object('actor', coalesce(nullif(current_setting('app.actor', true), ''), session_user)));
    RETURN tenant_schema;
END
$function$;
COMMENT ON FUNCTION public.create_tenant_schema(uuid) IS
    'Creates role and schema of a registered tenant at the newest revision; a second call changes nothing.';
ALTER FUNCTION public.create_tenant_schema(uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.create_tenant_schema(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.create_tenant_schema(uuid) TO capliquify_admin, capliquify_api;
