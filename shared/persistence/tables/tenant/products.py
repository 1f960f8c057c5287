"""The company, what it sells, what channels call it and what it costs."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.persistence.tables.columns import changed_at, key, made_at, optional, required, row_id
from shared.persistence.tables.kinds import (
    CURRENCY,
    EMPTY_TEXT,
    FRACTION,
    INSTANT,
    MONEY,
    NOW,
    TENANT,
    TRUE,
)

companies = Table(
    "companies",
    TENANT,
    row_id("the company"),
    required("name", String(255), "name for people"),
    optional("legal_name", String(255), "name in the register of companies"),
    optional("registration_number", String(100), "number in the register of companies"),
    optional("tax_id", String(100), "number for VAT or tax"),
    optional("industry", String(100), "line of business"),
    required(
        "primary_currency",
        CURRENCY,
        "ISO 4217; the currency of all figures of the company",
        default=text("'GBP'::character varying"),
    ),
    required(
        "fiscal_year_start",
        String(5),
        "first day of the fiscal year, MM-DD; a day that every year has",
        default=text("'01-01'::character varying"),
    ),
    required(
        "timezone",
        String(50),
        "IANA name; days and nights are counted in it",
        default=text("'UTC'::character varying"),
    ),
    made_at(),
    changed_at(),
    required(
        "vat_registered",
        Boolean,
        "false: prices have no VAT in them, none is estimated",
        default=TRUE,
    ),
    CheckConstraint(
        "fiscal_year_start ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'",
        name="companies_fiscal_year_start_check",
    ),
    CheckConstraint(
        (
            "fiscal_year_start ~ "
            "'^((01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])|(04|06|09|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))$'"
        ),
        name="companies_fiscal_year_start_real",
    ),
    CheckConstraint("primary_currency ~ '^[A-Z]{3}$'", name="companies_primary_currency_check"),
    comment="the tenant's company; its currency and time zone hold for all figures",
)

products = Table(
    "products",
    TENANT,
    row_id("the product; stays when the SKU changes"),
    required("company_id", Uuid, "the company that it belongs to", ForeignKey("companies.id")),
    required("sku", String(100), "the company's name of it, unique in the tenant"),
    required("name", String(255), "title as a channel lists it"),
    optional("category", String(100), "kind of product as a channel lists it"),
    optional(
        "unit_cost",
        MONEY,
        (
            "newest cost of one unit in the company's currency, two places; NULL where no shop "
            "reports one"
        ),
    ),
    optional(
        "unit_price", MONEY, "newest list price of one unit in the company's currency, two places"
    ),
    optional("reorder_point", Integer, "units at which to order again; set by people"),
    optional("reorder_quantity", Integer, "units to order; set by people"),
    optional(
        "lead_time_days",
        Integer,
        "days from order to delivery; set by people; NULL counts as 0 in stock advice",
    ),
    optional("safety_stock", Integer, "units to keep in reserve; set by people"),
    required("is_active", Boolean, "whether a channel sells it now", default=TRUE),
    made_at(),
    changed_at(),
    optional(
        "tax_rate",
        FRACTION,
        (
            "the product's own rate of VAT as a fraction (0.2000 is 20 %); NULL takes the "
            "standard rate of country and day"
        ),
    ),
    UniqueConstraint("sku", name="idx_products_sku"),
    CheckConstraint("lead_time_days >= 0", name="products_lead_time_days_check"),
    CheckConstraint("reorder_point >= 0", name="products_reorder_point_check"),
    CheckConstraint("reorder_quantity >= 0", name="products_reorder_quantity_check"),
    CheckConstraint("safety_stock >= 0", name="products_safety_stock_check"),
    CheckConstraint("tax_rate >= 0 AND tax_rate < 1", name="products_tax_rate_check"),
    CheckConstraint("unit_cost >= 0", name="products_unit_cost_check"),
    CheckConstraint("unit_price >= 0", name="products_unit_price_check"),
    Index("idx_products_company", "company_id"),
    comment="what is sold, a row a SKU",
)

product_channel_skus = Table(
    "product_channel_skus",
    TENANT,
    key("channel", String(50), "where it is listed, as in amazon_uk"),
    key("channel_sku", String(255), "SKU that the channel uses"),
    required(
        "product_id", Uuid, "the product that it is", ForeignKey("products.id", ondelete="CASCADE")
    ),
    key(
        "channel_product_id",
        String(255),
        ("the vendor's variant, which stays when the SKU changes; empty where the vendor has none"),
        default=EMPTY_TEXT,
    ),
    changed_at(),
    required("is_active", Boolean, "whether the channel sells it now", default=TRUE),
    required("first_seen_at", INSTANT, "when the channel listed it first, UTC", default=NOW),
    required(
        "last_seen_at",
        INSTANT,
        "when the channel listed it last, UTC; a whole scan that ended later did not list it",
        default=NOW,
    ),
    Index("idx_product_channel_skus_product", "product_id"),
    Index("idx_product_channel_skus_variant", "channel", "channel_product_id"),
    comment="names and variants under which channels list a product: many a product",
)

product_costs = Table(
    "product_costs",
    TENANT,
    key("product_id", Uuid, "the product", ForeignKey("products.id", ondelete="CASCADE")),
    key(
        "valid_from",
        Date,
        "first day of the cost; the earliest cost also stands for the days before it",
    ),
    required("unit_cost", Numeric(15, 4), "cost of one unit in the row's currency, four places"),
    key("currency", CURRENCY, "ISO 4217; only costs in the company's currency count"),
    PrimaryKeyConstraint("product_id", "currency", "valid_from"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="product_costs_currency_check"),
    CheckConstraint("unit_cost >= 0", name="product_costs_unit_cost_check"),
    comment="what a product costs from a day on; a row only where the cost changed",
)
