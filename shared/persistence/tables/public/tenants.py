"""Who our customers are."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.tables.columns import changed_at, key, made_at, optional, required, row_id
from shared.persistence.tables.enums import SUBSCRIPTION_STATUS, SUBSCRIPTION_TIER
from shared.persistence.tables.kinds import EMPTY_OBJECT, INSTANT, NOW, PUBLIC

tenants = Table(
    "tenants",
    PUBLIC,
    row_id("the tenant; its schema and its role are named after it, and it never changes"),
    required(
        "slug", String(100), "short name for URLs and commands: 3 or more of a-z, 0-9 and hyphens"
    ),
    required("name", String(255), "name for people"),
    required(
        "schema_name",
        String(100),
        "PostgreSQL schema of its data: tenant_<id>, filled by a trigger",
    ),
    optional(
        "clerk_organization_id",
        String(255),
        "the organisation at Clerk, which signs its users in; written by the API",
    ),
    required(
        "subscription_tier",
        SUBSCRIPTION_TIER,
        "what is paid for: STARTER, PROFESSIONAL or ENTERPRISE; decides the limits",
        default=text("'STARTER'::public.subscription_tier"),
    ),
    required(
        "subscription_status",
        SUBSCRIPTION_STATUS,
        "SUSPENDED and CANCELLED stop its jobs",
        default=text("'TRIAL'::public.subscription_status"),
    ),
    optional("max_users", Integer, "most users; NULL takes the tier's limit, -1 is unlimited"),
    optional(
        "max_entities",
        Integer,
        "most SKUs that are forecast; NULL takes the tier's limit, -1 is unlimited",
    ),
    optional(
        "max_storage", Integer, "most storage in MB; NULL takes the tier's limit, -1 is unlimited"
    ),
    required("features", JSONB, "feature flags by name", default=EMPTY_OBJECT),
    required(
        "settings", JSONB, "timezone (IANA name), currency (ISO 4217), locale", default=EMPTY_OBJECT
    ),
    made_at(),
    changed_at(),
    optional(
        "deleted_at",
        INSTANT,
        (
            "when it was soft-deleted, by the server's clock; its schema is kept 30 days from "
            "then; NULL while it lives"
        ),
    ),
    optional(
        "schema_revision",
        String(32),
        (
            "revision of its schema, written by migrations; the same as in the schema's "
            "alembic_version"
        ),
    ),
    UniqueConstraint("clerk_organization_id", name="idx_tenants_clerk_org"),
    UniqueConstraint("slug", name="idx_tenants_slug"),
    UniqueConstraint("schema_name", name="tenants_schema_name_key"),
    CheckConstraint("jsonb_typeof(features) = 'object'", name="tenants_features_object"),
    CheckConstraint(
        (
            "public.is_of_our_time(created_at) AND public.is_of_our_time(updated_at) AND "
            "public.is_of_our_time(deleted_at)"
        ),
        name="tenants_instants_of_our_time",
        postgresql_not_valid=True,
    ),
    CheckConstraint("max_entities >= -1", name="tenants_max_entities_valid"),
    CheckConstraint("max_storage >= -1", name="tenants_max_storage_valid"),
    CheckConstraint("max_users >= -1", name="tenants_max_users_valid"),
    CheckConstraint("btrim(name) <> ''", name="tenants_name_given"),
    CheckConstraint("schema_name = 'tenant_' || id::text", name="tenants_schema_name_from_id"),
    CheckConstraint("jsonb_typeof(settings) = 'object'", name="tenants_settings_object"),
    CheckConstraint(
        "slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(slug) >= 3",
        name="tenants_slug_url_safe",
    ),
    Index("idx_tenants_active", "id", postgresql_where=text("deleted_at IS NULL")),
    Index("idx_tenants_status", "subscription_status"),
    comment="customer organisations; each has a schema of its own with its business data",
)

tenant_purge_approvals = Table(
    "tenant_purge_approvals",
    PUBLIC,
    key(
        "tenant_id",
        Uuid,
        "the tenant whose data may be dropped",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    required("approver", String(255), "who approved it"),
    required("approved_at", INSTANT, "when it was approved, UTC", default=NOW),
    CheckConstraint("btrim(approver) <> ''", name="tenant_purge_approvals_approver_check"),
    comment="approvals to drop a soft-deleted tenant's data for good; a purge needs one",
)
