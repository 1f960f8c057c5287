-- Running downgrade t0002 -> t0001

ALTER TABLE product_channel_skus DROP COLUMN is_active;
DROP TABLE sale_fees;
ALTER TABLE sales DROP COLUMN shipping_amount, DROP COLUMN presentment_amount,
    DROP COLUMN presentment_currency, DROP COLUMN source_updated_at;

UPDATE alembic_version SET version_num='t0001' WHERE alembic_version.version_num = 't0002';
