-- A mirror of the version table in each schema, so that opening a unit of work can tell a schema that is behind.
ALTER TABLE public.tenants ADD COLUMN schema_revision varchar(32);

CREATE TABLE public.tenant_purge_approvals (
    tenant_id uuid PRIMARY KEY REFERENCES public.tenants (id) ON DELETE CASCADE,
    approver varchar(255) NOT NULL CHECK (btrim(approver) <> ''),
    approved_at timestamptz NOT NULL DEFAULT now()
);

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
