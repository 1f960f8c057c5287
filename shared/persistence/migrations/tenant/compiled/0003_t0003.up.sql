-- Running upgrade t0002 -> t0003

-- Where a channel does not say how much tax its prices include, a stated rule splits them.
ALTER TABLE sales ADD COLUMN tax_estimated boolean NOT NULL DEFAULT false;
-- The product's own rate of VAT; empty: the standard rate of the country and the day.
ALTER TABLE products ADD COLUMN tax_rate numeric(5, 4) CHECK (tax_rate >= 0 AND tax_rate < 1);
-- A company that is not registered for VAT has none in its prices.
ALTER TABLE companies ADD COLUMN vat_registered boolean NOT NULL DEFAULT true;
-- The VAT on a fee; the amount beside it is without.
ALTER TABLE sale_fees ADD COLUMN tax_amount numeric(15, 2) NOT NULL DEFAULT 0;

-- What keeps a stream from going on, by stream: since when, and why.
ALTER TABLE api_credentials ADD COLUMN stream_problems jsonb NOT NULL DEFAULT '{}';

-- The vendor's variant is the identity, the SKU its name: a row for each name that a variant has had.
UPDATE product_channel_skus SET channel_product_id = '' WHERE channel_product_id IS NULL;
ALTER TABLE product_channel_skus
    ALTER COLUMN channel_product_id SET DEFAULT '',
    ALTER COLUMN channel_product_id SET NOT NULL,
    DROP CONSTRAINT product_channel_skus_pkey,
    ADD PRIMARY KEY (channel, channel_sku, channel_product_id);
-- A scan that ended later than the last sight of a row did not list it any more.
ALTER TABLE product_channel_skus
    ADD COLUMN first_seen_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
UPDATE product_channel_skus SET first_seen_at = last_seen_on, last_seen_at = last_seen_on;
ALTER TABLE product_channel_skus DROP COLUMN last_seen_on;
CREATE INDEX idx_product_channel_skus_variant ON product_channel_skus (channel, channel_product_id);

-- Two shops may give two places the same name. Amazon's networks are shared on purpose.
UPDATE inventory_history h SET location = left(i.channel || ': ' || h.location, 100)
FROM inventory i
WHERE i.product_id = h.product_id AND i.location = h.location AND i.channel LIKE 'shopify%';
UPDATE inventory SET location = left(channel || ': ' || location, 100) WHERE channel LIKE 'shopify%';

-- Forecasts and roll-ups set things aside too; they have no credential.
ALTER TABLE rejected_records
    DROP CONSTRAINT rejected_records_pkey,
    ALTER COLUMN credential_id DROP NOT NULL,
    ADD CONSTRAINT idx_rejected_records_key UNIQUE NULLS NOT DISTINCT (credential_id, stream, record_key);

-- Why a figure is empty, by the column's name; and a sum that its column cannot hold is empty too.
ALTER TABLE working_capital_metrics ADD COLUMN reasons jsonb NOT NULL DEFAULT '{}', DROP COLUMN working_capital;
ALTER TABLE working_capital_metrics ADD COLUMN working_capital numeric(15, 2) GENERATED ALWAYS AS (
    CASE WHEN abs(cash + accounts_receivable + inventory - accounts_payable - short_term_debt) < 10000000000000
    THEN cash + accounts_receivable + inventory - accounts_payable - short_term_debt END) STORED;

-- Days, gift cards, tips and copies of Shopify's orders are counted by other rules now: the past is read again.
DELETE FROM sync_cursors c USING api_credentials a
WHERE a.id = c.credential_id AND a.service_name LIKE 'shopify%' AND c.stream = 'orders_backfill';

-- Amazon's reports hold every site of an account, and each channel took all of it: what can be read again is.
-- Older sales, and those of a login that works no more, stay as they were: nobody could bring them back.
DELETE FROM sale_fees f USING api_credentials a
WHERE f.channel LIKE 'amazon%' AND a.service_name = f.channel AND a.is_active AND NOT a.needs_reconnect
  AND EXISTS (SELECT FROM sales s WHERE s.channel = f.channel AND s.channel_order_id = f.channel_order_id
              AND s.source_updated_at IS NOT NULL AND s.sale_date > current_date - 720);
DELETE FROM sales s USING api_credentials a
WHERE s.channel LIKE 'amazon%' AND s.source_updated_at IS NOT NULL AND s.sale_date > current_date - 720
  AND a.service_name = s.channel AND a.is_active AND NOT a.needs_reconnect;
DELETE FROM sync_cursors c USING api_credentials a
WHERE a.id = c.credential_id AND a.service_name LIKE 'amazon%' AND a.is_active AND NOT a.needs_reconnect AND (c.stream LIKE 'orders%' OR c.stream LIKE 'fees%'
    OR c.stream LIKE 'refunds%');

UPDATE alembic_version SET version_num='t0003' WHERE alembic_version.version_num = 't0002';
