CREATE FUNCTION public.refuse_change_of_audit_log() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'audit_logs: entries are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_audit_log();

-- Before and after of the columns that differ. What names a person or opens an account is masked.
CREATE FUNCTION public.audit_difference(p_before jsonb, p_after jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(key, jsonb_build_object(
        'before', CASE WHEN masked AND p_before ->> key IS NOT NULL THEN '"***"' ELSE p_before -> key END,
        'after', CASE WHEN masked AND p_after ->> key IS NOT NULL THEN '"***"' ELSE p_after -> key END)), '{}')
    FROM (SELECT key, key IN ('email', 'clerk_user_id', 'stripe_subscription_id') AS masked
          FROM jsonb_object_keys(coalesce(p_before, '{}') || coalesce(p_after, '{}')) AS key
          WHERE key NOT IN ('updated_at', 'created_at', 'last_login_at', 'schema_revision')
            AND p_before -> key IS DISTINCT FROM p_after -> key) AS differing
$$;

-- Tenants and users are written by Node too: the trigger audits whoever writes.
CREATE FUNCTION public.audit_row_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    subject text := rtrim(TG_TABLE_NAME, 's');
    changes jsonb := public.audit_difference(old_row, new_row);
    verb text := CASE
        WHEN TG_OP = 'INSERT' THEN 'created'
        WHEN TG_OP = 'DELETE' THEN CASE subject WHEN 'tenant' THEN 'purged' ELSE 'deleted' END
        WHEN changes ? 'deleted_at' THEN CASE WHEN new_row ->> 'deleted_at' IS NULL THEN 'restored' ELSE 'deleted' END
        WHEN changes ? 'role' THEN 'role_changed'
        WHEN changes -> 'subscription_status' ->> 'after' = 'SUSPENDED' THEN 'suspended'
        WHEN changes -> 'subscription_status' ->> 'before' = 'SUSPENDED' THEN 'resumed'
        WHEN changes ? 'subscription_tier' THEN 'tier_changed'
        ELSE 'updated' END;
    row_id uuid := coalesce(new_row, old_row) ->> 'id';
BEGIN
    IF changes <> '{}' THEN
        INSERT INTO public.audit_logs (tenant_id, user_id, action, resource_type, resource_id, severity, changes, metadata)
        VALUES (CASE subject WHEN 'tenant' THEN row_id ELSE (coalesce(new_row, old_row) ->> 'tenant_id')::uuid END,
                nullif(current_setting('app.current_user_id', true), '')::uuid,
                subject || '.' || verb, subject, row_id,
                CASE WHEN verb IN ('deleted', 'purged', 'suspended', 'role_changed') THEN 'WARNING' ELSE 'INFO' END::public.audit_severity,
                changes,
                jsonb_build_object('actor', coalesce(nullif(current_setting('app.actor', true), ''), session_user)));
    END IF;
    RETURN NULL;
END
$$;
ALTER FUNCTION public.audit_row_change() OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.audit_row_change() FROM PUBLIC;
CREATE TRIGGER tenants_audit AFTER INSERT OR UPDATE OR DELETE ON public.tenants
    FOR EACH ROW EXECUTE FUNCTION public.audit_row_change();
CREATE TRIGGER users_audit AFTER INSERT OR UPDATE OR DELETE ON public.users
    FOR EACH ROW EXECUTE FUNCTION public.audit_row_change();
