ALTER TABLE sales
    -- Net of tax; stands on lines of its own, whose total is zero.
    ADD COLUMN shipping_amount numeric(15, 2) NOT NULL DEFAULT 0,
    ADD COLUMN presentment_amount numeric(15, 2),
    ADD COLUMN presentment_currency varchar(3) CHECK (presentment_currency ~ '^[A-Z]{3}$'),
    -- When the vendor last changed the order: what is older does not overwrite it.
    ADD COLUMN source_updated_at timestamptz;

-- What a channel took for an order, or for one SKU of it, as often as it tells.
CREATE TABLE sale_fees (
    channel varchar(50) NOT NULL,
    fee_key varchar(255) NOT NULL,
    channel_order_id varchar(255) NOT NULL,
    sku varchar(100),
    amount numeric(15, 2) NOT NULL,
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_final boolean NOT NULL,
    posted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, fee_key)
);
CREATE INDEX idx_sale_fees_order ON sale_fees (channel, channel_order_id);

-- A SKU is for sale while one channel sells it.
ALTER TABLE product_channel_skus ADD COLUMN is_active boolean NOT NULL DEFAULT true;
