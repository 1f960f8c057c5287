"""What each user prefers to see."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.kinds import EMPTY_OBJECT, TENANT

user_preferences = Table(
    "user_preferences",
    TENANT,
    row_id("the row"),
    required("user_id", Uuid, "the user (public.users.id, no foreign key)"),
    optional(
        "company_id",
        Uuid,
        "the company; NULL: for all",
        ForeignKey("companies.id", ondelete="CASCADE"),
    ),
    required(
        "dashboard_layout", JSONB, "where things stand on the dashboard", default=EMPTY_OBJECT
    ),
    required("widget_preferences", JSONB, "settings by widget", default=EMPTY_OBJECT),
    required("theme", String(20), "light, dark or auto", default=text("'auto'::character varying")),
    required(
        "locale",
        String(10),
        "language and country, as in en-GB",
        default=text("'en-GB'::character varying"),
    ),
    required(
        "timezone",
        String(50),
        "IANA name, for what is shown",
        default=text("'UTC'::character varying"),
    ),
    required("email_notifications", JSONB, "what is sent by e-mail", default=EMPTY_OBJECT),
    required("push_notifications", JSONB, "what is sent to devices", default=EMPTY_OBJECT),
    made_at(),
    changed_at(),
    UniqueConstraint(
        "user_id",
        "company_id",
        name="idx_user_preferences_user",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("theme IN ('light', 'dark', 'auto')", name="user_preferences_theme_check"),
    Index("idx_user_preferences_company", "company_id"),
    comment="settings of a user, for one company or for all; written by the API",
)
