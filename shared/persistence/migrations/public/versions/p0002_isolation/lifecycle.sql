-- A mirror of the version table in each schema, so that opening a unit of work recognizes a schema that is behind.
ALTER TABLE public.tenants ADD COLUMN schema_revision varchar(32);

CREATE TABLE public.tenant_purge_approvals (
    tenant_id uuid PRIMARY KEY REFERENCES public.tenants (id) ON DELETE CASCADE,
    approver varchar(255) NOT NULL CHECK (btrim(approver) <> ''),
    approved_at timestamptz NOT NULL DEFAULT now()
);

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The thirty days run from when the server saw the deletion: no client's clock shortens them.
CREATE FUNCTION public.stamp_deletion() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
        NEW.deleted_at := CASE WHEN OLD.deleted_at IS NULL THEN now() ELSE OLD.deleted_at END;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_deletion BEFORE UPDATE OF deleted_at ON public.tenants
    FOR EACH ROW EXECUTE FUNCTION public.stamp_deletion();
