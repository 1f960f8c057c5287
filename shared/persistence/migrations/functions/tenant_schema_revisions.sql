-- The revision that every existing tenant schema stands at; NULL where it has no table yet.
CREATE OR REPLACE FUNCTION public.tenant_schema_revisions()
RETURNS TABLE (tenant_id uuid, slug text, schema_name text, revision text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    FOR tenant_id, slug, schema_name IN
        SELECT t.id, t.slug::text, t.schema_name::text FROM public.tenants t
        JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema_name ORDER BY t.slug
    LOOP
        revision := NULL;
        IF to_regclass(format('%I.alembic_version', schema_name)) IS NOT NULL THEN
            EXECUTE format('SELECT version_num FROM %I.alembic_version', schema_name) INTO revision;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$function$;
ALTER FUNCTION public.tenant_schema_revisions() OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.tenant_schema_revisions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.tenant_schema_revisions() TO capliquify_admin;
