"""What was sold and given back, and what channels took for it."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.persistence.tables.columns import changed_at, key, made_at, optional, required, row_id
from shared.persistence.tables.enums import SALE_LINE_KIND
from shared.persistence.tables.kinds import CURRENCY, FALSE, FRACTION, INSTANT, MONEY, TENANT, ZERO

sales = Table(
    "sales",
    TENANT,
    row_id("the line"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    optional(
        "product_id",
        Uuid,
        (
            "what was sold; NULL where the line names no SKU: its revenue counts, it is no "
            "product's demand"
        ),
        ForeignKey("products.id"),
    ),
    required("sale_date", Date, "day of the order, or of the refund, in the shop's own time zone"),
    required(
        "quantity",
        Integer,
        "units; negative or zero on refunds, zero where the order was cancelled",
    ),
    required("unit_price", MONEY, "price of one unit in the row's currency, two places"),
    required(
        "total_amount",
        MONEY,
        (
            "net of tax, shipping and discounts, in the row's currency, two places; negative or "
            "zero on refunds"
        ),
    ),
    required("channel", String(50), "where it was sold, as in shopify_uk, amazon_de or direct"),
    optional(
        "channel_order_id",
        String(255),
        "the vendor's id of the order; NULL on lines that no channel reported",
    ),
    optional(
        "channel_line_id",
        String(255),
        "the vendor's id of the line (Amazon: the SKU); NULL together with channel_order_id",
    ),
    required(
        "line_kind",
        SALE_LINE_KIND,
        "SALE, or REFUND on the day of the refund",
        default=text("'SALE'::public.sale_line_kind"),
    ),
    required("currency", CURRENCY, "ISO 4217, the shop's; a channel has one"),
    required(
        "tax_amount",
        MONEY,
        "tax on the line in its currency, two places; not part of total_amount",
        default=ZERO,
    ),
    optional(
        "commission_rate",
        FRACTION,
        "commission as a fraction of total_amount, four places; NULL where that says nothing",
    ),
    optional(
        "commission_amount",
        MONEY,
        (
            "share of the line in the channel's fees (sale_fees), two places; NULL where none is "
            "known"
        ),
    ),
    optional(
        "net_revenue",
        MONEY,
        "computed: total_amount less commission_amount; an unknown commission counts as 0",
        Computed("total_amount - coalesce(commission_amount, 0)", persisted=True),
    ),
    required(
        "fee_estimated",
        Boolean,
        (
            "commission by the channel's price list, because the channel has not reported its "
            "final fees"
        ),
        default=FALSE,
    ),
    optional("market", String(10), "country or region of the sale, as in UK, DE or USA"),
    made_at(),
    changed_at(),
    required(
        "shipping_amount",
        MONEY,
        "shipping charged, net of tax, two places; on lines of its own whose total is zero",
        default=ZERO,
    ),
    optional(
        "presentment_amount",
        MONEY,
        "what the customer paid of the total in another currency; NULL where it was the same",
    ),
    optional("presentment_currency", CURRENCY, "ISO 4217 of presentment_amount"),
    optional(
        "source_updated_at",
        INSTANT,
        (
            "when the vendor last changed the order, UTC; older news does not overwrite newer. "
            "NULL on lines that no connector wrote"
        ),
    ),
    required(
        "tax_estimated",
        Boolean,
        (
            "tax split from the price by rate of product or country, because the channel does "
            "not report it"
        ),
        default=FALSE,
    ),
    UniqueConstraint("channel", "channel_order_id", "channel_line_id", name="idx_sales_line"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="sales_currency_check"),
    CheckConstraint(
        "num_nulls(channel_order_id, channel_line_id) IN (0, 2)", name="sales_identity_whole"
    ),
    CheckConstraint("presentment_currency ~ '^[A-Z]{3}$'", name="sales_presentment_currency_check"),
    CheckConstraint(
        "line_kind = 'SALE' OR quantity <= 0 AND total_amount <= 0", name="sales_refund_negative"
    ),
    CheckConstraint("unit_price >= 0", name="sales_unit_price_check"),
    Index("idx_sales_channel", "channel"),
    Index("idx_sales_company", "company_id"),
    Index("idx_sales_date", "sale_date"),
    Index("idx_sales_product_date", "product_id", "sale_date"),
    comment=(
        "lines of orders and refunds from Shopify, Amazon and people; one row a channel, "
        "order and line"
    ),
)

sale_fees = Table(
    "sale_fees",
    TENANT,
    key("channel", String(50), "the channel that took it"),
    key(
        "fee_key",
        String(255),
        ("the channel's name of the fee, unique in the channel; stays while the fee becomes final"),
    ),
    required(
        "channel_order_id",
        String(255),
        (
            "the vendor's id of the order (sales.channel_order_id, no foreign key: a fee may "
            "come first)"
        ),
    ),
    optional(
        "sku",
        String(100),
        "SKU that it was taken for, as the channel names it; NULL: for the whole order",
    ),
    required(
        "amount",
        MONEY,
        "net of VAT in the row's currency, two places; negative where the channel gave back",
    ),
    required("currency", CURRENCY, "ISO 4217"),
    required("is_final", Boolean, "false: the channel may still change it"),
    required("posted_at", INSTANT, "when the channel booked it, UTC"),
    changed_at(),
    required("tax_amount", MONEY, "VAT on the fee, two places; not part of amount", default=ZERO),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="sale_fees_currency_check"),
    Index("idx_sale_fees_order", "channel", "channel_order_id"),
    comment=(
        "what a channel took for an order, or for one SKU of it; from Shopify payments and "
        "Amazon Finances"
    ),
)
