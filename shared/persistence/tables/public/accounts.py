"""Who works for a tenant, and what it pays for."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.persistence.tables.columns import changed_at, made_at, optional, required, row_id
from shared.persistence.tables.enums import (
    BILLING_CYCLE,
    SUBSCRIPTION_STATUS,
    SUBSCRIPTION_TIER,
    USER_ROLE,
)
from shared.persistence.tables.kinds import FALSE, INSTANT, PUBLIC, TRUE

users = Table(
    "users",
    PUBLIC,
    row_id("the user"),
    required("clerk_user_id", String(255), "the person at Clerk, who signs in"),
    required("email", String(255), "address, once a tenant"),
    required(
        "tenant_id",
        Uuid,
        "the tenant that the user belongs to",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    required(
        "role",
        USER_ROLE,
        ("OWNER all and billing, ADMIN all but billing, MEMBER standard access, VIEWER reads only"),
        default=text("'MEMBER'::public.user_role"),
    ),
    required("is_active", Boolean, "false: may not sign in", default=TRUE),
    required("is_verified", Boolean, "whether the address was confirmed", default=FALSE),
    optional(
        "last_login_at", INSTANT, "when the user signed in last, UTC; NULL before the first time"
    ),
    made_at(),
    changed_at(),
    UniqueConstraint("clerk_user_id", name="idx_users_clerk"),
    UniqueConstraint("tenant_id", "email", name="users_email_once_per_tenant"),
    CheckConstraint(
        (
            "public.is_of_our_time(created_at) AND public.is_of_our_time(updated_at) AND "
            "public.is_of_our_time(last_login_at)"
        ),
        name="users_instants_of_our_time",
        postgresql_not_valid=True,
    ),
    Index("idx_users_active", "tenant_id", postgresql_where=text("is_active")),
    Index("idx_users_email", "email"),
    Index("idx_users_role", "role"),
    Index("idx_users_tenant", "tenant_id"),
    comment="people who may sign in, each in one tenant; written by the API",
)

subscriptions = Table(
    "subscriptions",
    PUBLIC,
    row_id("the subscription"),
    required(
        "tenant_id",
        Uuid,
        "the tenant that pays",
        ForeignKey("public.tenants.id", ondelete="CASCADE"),
    ),
    required(
        "subscription_tier",
        SUBSCRIPTION_TIER,
        "what is paid for",
        default=text("'STARTER'::public.subscription_tier"),
    ),
    required(
        "status",
        SUBSCRIPTION_STATUS,
        "how the payment stands",
        default=text("'TRIAL'::public.subscription_status"),
    ),
    required(
        "billing_cycle",
        BILLING_CYCLE,
        "length of a billing period: MONTHLY, QUARTERLY or ANNUAL",
        default=text("'MONTHLY'::public.billing_cycle"),
    ),
    optional("stripe_subscription_id", String(255), "the subscription at Stripe"),
    optional("stripe_price_id", String(255), "the price at Stripe"),
    required(
        "current_period_start",
        INSTANT,
        "first instant of the billing period, UTC; usage is counted by these periods",
    ),
    required(
        "current_period_end",
        INSTANT,
        "instant at which the billing period ends, UTC, not part of it",
    ),
    optional("trial_end", INSTANT, "when the trial ends, UTC; NULL without a trial"),
    optional("cancel_at", INSTANT, "when the subscription will end, UTC; NULL where no end is set"),
    made_at(),
    changed_at(),
    UniqueConstraint("stripe_subscription_id", name="idx_subscriptions_stripe"),
    UniqueConstraint("tenant_id", name="idx_subscriptions_tenant"),
    CheckConstraint(
        (
            "public.is_of_our_time(current_period_start) AND "
            "public.is_of_our_time(current_period_end) AND public.is_of_our_time(trial_end) AND "
            "public.is_of_our_time(cancel_at) AND public.is_of_our_time(created_at) AND "
            "public.is_of_our_time(updated_at)"
        ),
        name="subscriptions_instants_of_our_time",
        postgresql_not_valid=True,
    ),
    CheckConstraint(
        "current_period_end > current_period_start", name="subscriptions_period_forward"
    ),
    Index("idx_subscriptions_status", "status"),
    comment="what a tenant pays, one row a tenant; written by the API from Stripe",
)
