-- A tenant's id and schema are one for ever, and it is registered alive: otherwise a living schema could be moved
-- from under its row, and another row, deleted long ago, put in its place and purged.
CREATE FUNCTION public.keep_registry_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.schema_name) IS DISTINCT FROM (OLD.id, OLD.schema_name) THEN
        RAISE EXCEPTION 'tenants: id and schema_name never change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.deleted_at IS NOT NULL THEN
        RAISE EXCEPTION 'deleted_at: a tenant is registered alive; delete it afterwards'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- When a row came is the server's to say, whatever a client believes of the time.
    IF TG_OP = 'INSERT' AND session_user IN ('capliquify_api', 'capliquify_admin', 'capliquify_worker') THEN
        NEW.created_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_kept BEFORE INSERT OR UPDATE ON public.tenants
    FOR EACH ROW EXECUTE FUNCTION public.keep_registry_row();

-- Who claims to act stands in metadata; who was logged in is written beside it, and cannot be claimed.
ALTER TABLE public.audit_logs ADD COLUMN login varchar(63);
COMMENT ON COLUMN public.audit_logs.login IS 'the login role that wrote the entry, as the server knows it';
CREATE FUNCTION public.stamp_audit_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.login := session_user;
    IF session_user LIKE 'capliquify\_%' AND session_user IN
        ('capliquify_api', 'capliquify_admin', 'capliquify_worker', 'capliquify_dispatcher') THEN
        NEW.created_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_logs_stamped BEFORE INSERT ON public.audit_logs
    FOR EACH ROW EXECUTE FUNCTION public.stamp_audit_entry();
