-- Template: the migration runner puts the compiled tenant line in its place below, so that a fresh tenant and a migrated one come from the same statements.
CREATE OR REPLACE FUNCTION public.create_tenant_schema(p_tenant_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $function$
DECLARE
    tenant_schema text;
BEGIN
    SELECT schema_name INTO tenant_schema FROM public.tenants
        WHERE id = p_tenant_id AND deleted_at IS NULL FOR UPDATE;
    IF tenant_schema IS NULL THEN
        RAISE EXCEPTION 'tenant %: not found; insert it into public.tenants first', p_tenant_id
            USING ERRCODE = 'no_data_found';
    END IF;
    IF to_regnamespace(quote_ident(tenant_schema)) IS NOT NULL THEN
        RETURN tenant_schema;
    END IF;
    EXECUTE format('CREATE SCHEMA %I', tenant_schema);
    PERFORM set_config('search_path', quote_ident(tenant_schema), true);
    EXECUTE $tenant_line$
{{tenant_line}}
    $tenant_line$;
    INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, changes)
        VALUES (p_tenant_id, 'schema.created', 'schema', p_tenant_id, jsonb_build_object('schema_name', tenant_schema));
    RETURN tenant_schema;
END
$function$;
COMMENT ON FUNCTION public.create_tenant_schema(uuid) IS
    'Creates the schema of a registered tenant at the newest revision; a second call changes nothing.';
