"""How much of each product lies where, now and by day."""

from sqlalchemy import (
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from shared.persistence.tables.columns import changed_at, key, made_at, optional, required, row_id
from shared.persistence.tables.kinds import INSTANT, TENANT, ZERO

inventory = Table(
    "inventory",
    TENANT,
    row_id("the row"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("product_id", Uuid, "what lies there", ForeignKey("products.id")),
    required("quantity_on_hand", Integer, "units that are there", default=ZERO),
    required(
        "quantity_reserved", Integer, "units of those that are promised to orders", default=ZERO
    ),
    optional(
        "quantity_available",
        Integer,
        "computed: quantity_on_hand less quantity_reserved",
        Computed("quantity_on_hand - quantity_reserved", persisted=True),
    ),
    required(
        "location",
        String(100),
        (
            "where; a shop's place begins with its channel, Amazon's networks are shared by its "
            "sites"
        ),
    ),
    optional("channel", String(50), "channel that counts it; NULL where a person does"),
    optional(
        "last_counted_at", INSTANT, "when a person counted it last, UTC; no connector writes it"
    ),
    optional("last_received_at", INSTANT, "when goods came in last, UTC; no connector writes it"),
    made_at(),
    changed_at(),
    UniqueConstraint("product_id", "location", name="idx_inventory_product_location"),
    Index("idx_inventory_company", "company_id"),
    comment="stock now, a row a product and location; from Shopify and Amazon, or counted by people",
)

inventory_history = Table(
    "inventory_history",
    TENANT,
    key("product_id", Uuid, "what lay there", ForeignKey("products.id", ondelete="CASCADE")),
    key("location", String(100), "where, as in inventory"),
    key("snapshot_date", Date, "the day"),
    required("quantity_on_hand", Integer, "units that were there"),
    required(
        "quantity_reserved", Integer, "units of those that were promised to orders", default=ZERO
    ),
    Index("idx_inventory_history_date", "snapshot_date"),
    comment="stock at the end of each day on which it was counted",
)
