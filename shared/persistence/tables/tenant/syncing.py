"""Connected services, how far each has been read, and what could not be read."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.tables.columns import (
    changed_at,
    key,
    made_at,
    optional,
    required,
    row_id,
    sealed,
)
from shared.persistence.tables.kinds import EMPTY_OBJECT, FALSE, INSTANT, NOW, TENANT, TRUE

api_credentials = Table(
    "api_credentials",
    TENANT,
    row_id("the credential"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("service_name", String(100), "service: shopify_uk, amazon_de, xero"),
    required("service_type", String(50), "ecommerce or accounting"),
    sealed("credentials_encrypted", "JSON of what was stored to sign in with"),
    sealed(
        "access_token_encrypted",
        "short-lived token; NULL where the service has none or none was fetched",
    ),
    sealed(
        "refresh_token_encrypted",
        "token that fetches the next access token; NULL where the service has none",
    ),
    optional("token_expires_at", INSTANT, "when the access token ends, UTC"),
    optional("refresh_lease_token", Uuid, "who renews the token now; NULL where nobody does"),
    optional("refresh_lease_until", INSTANT, "until when that process may renew it, UTC"),
    required("is_active", Boolean, "false: disconnected, no job calls the service", default=TRUE),
    required(
        "needs_reconnect",
        Boolean,
        "true: the vendor refuses the login, a person must connect again",
        default=FALSE,
    ),
    optional("last_sync_at", INSTANT, "when a sync ended last, UTC"),
    optional("last_sync_status", String(50), "how it ended: SUCCESS, FAILURE or PENDING"),
    made_at(),
    changed_at(),
    required(
        "stream_problems",
        JSONB,
        "streams that do not go on: since when and why, by stream",
        default=EMPTY_OBJECT,
    ),
    UniqueConstraint("company_id", "service_name", name="idx_api_credentials_service"),
    CheckConstraint(
        "last_sync_status IN ('SUCCESS', 'FAILURE', 'PENDING')",
        name="api_credentials_last_sync_status_check",
    ),
    comment="connected services, a row a company and service; secrets are sealed by the vault",
)

vendor_accounts = Table(
    "vendor_accounts",
    TENANT,
    key(
        "credential_id",
        Uuid,
        "the credential",
        ForeignKey("api_credentials.id", ondelete="CASCADE"),
    ),
    optional("account", Text, "the vendor's id of the account; NULL where the vendor names none"),
    optional("timezone", Text, "IANA name of the zone in which the account counts its days"),
    optional("currency", Text, "ISO 4217, as the vendor says"),
    changed_at(),
    comment="what the account that a credential opens says of itself, as of its last pull",
)

sync_cursors = Table(
    "sync_cursors",
    TENANT,
    key(
        "credential_id",
        Uuid,
        "the credential",
        ForeignKey("api_credentials.id", ondelete="CASCADE"),
    ),
    key("stream", String(50), "kind of record, as in orders"),
    required(
        "position",
        JSONB,
        (
            "where the stream stands, in its own terms; moved by compare-and-set with the rows "
            "that it stands for"
        ),
        default=EMPTY_OBJECT,
    ),
    changed_at(),
    optional(
        "complete_until",
        INSTANT,
        (
            "UTC; everything of the stream up to then is here. A past that is read backwards: NULL until it is done, "
            "then how far back it goes. NULL where nothing says so"
        ),
    ),
    comment="how far each stream of a credential has been read",
)

rejected_records = Table(
    "rejected_records",
    TENANT,
    optional(
        "credential_id",
        Uuid,
        "the credential that brought it; NULL for forecasts and figures of our own",
        ForeignKey("api_credentials.id", ondelete="CASCADE"),
    ),
    required("stream", String(50), "kind of record"),
    required("record_key", String(255), "the vendor's id of the record"),
    required("field", String(100), "field that could not be read"),
    required("reason", Text, "what is wrong with it, one line"),
    required("times_seen", Integer, "how often it came", default=text("1")),
    required("first_seen_at", INSTANT, "when it came first, UTC", default=NOW),
    required("last_seen_at", INSTANT, "when it came last, UTC", default=NOW),
    UniqueConstraint(
        "credential_id",
        "stream",
        "record_key",
        name="idx_rejected_records_key",
        postgresql_nulls_not_distinct=True,
    ),
    comment="records that could not be taken in: counted and shown, never dropped unseen",
)

webhook_deliveries = Table(
    "webhook_deliveries",
    TENANT,
    row_id("the delivery"),
    required("channel", String(50), "credential that it is about, as in shopify_uk"),
    required("webhook_id", String(255), "the vendor's id of the delivery"),
    required("topic", String(100), "what it is about, in the vendor's words: orders/create"),
    required(
        "headers",
        JSONB,
        "headers that its signature is checked with; emptied once it is read",
        default=EMPTY_OBJECT,
    ),
    optional("body", LargeBinary, "the bytes as they came; NULL once they are read"),
    required("received_at", INSTANT, "when it came, UTC", default=NOW),
    optional("processed_at", INSTANT, "when it was read, UTC; NULL while it waits"),
    optional(
        "outcome",
        String(50),
        (
            "what became of it: pull_asked, gone_asked, disconnected, privacy_noted, ignored or "
            "refused"
        ),
    ),
    UniqueConstraint("channel", "webhook_id", name="idx_webhook_deliveries_once"),
    Index(
        "idx_webhook_deliveries_waiting",
        "received_at",
        postgresql_where=text("processed_at IS NULL"),
    ),
    comment="what vendors delivered, once a webhook id; job webhooks.process reads it",
)
