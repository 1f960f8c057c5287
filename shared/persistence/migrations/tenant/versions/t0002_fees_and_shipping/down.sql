ALTER TABLE product_channel_skus DROP COLUMN is_active;
DROP TABLE sale_fees;
ALTER TABLE sales DROP COLUMN shipping_amount, DROP COLUMN presentment_amount,
    DROP COLUMN presentment_currency, DROP COLUMN source_updated_at;
