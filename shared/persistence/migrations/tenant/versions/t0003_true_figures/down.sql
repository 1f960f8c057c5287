ALTER TABLE working_capital_metrics DROP COLUMN reasons, DROP COLUMN working_capital;
ALTER TABLE working_capital_metrics ADD COLUMN working_capital numeric(15, 2) GENERATED ALWAYS AS
    (cash + accounts_receivable + inventory - accounts_payable - short_term_debt) STORED;

DELETE FROM rejected_records WHERE credential_id IS NULL;
ALTER TABLE rejected_records
    DROP CONSTRAINT idx_rejected_records_key,
    ALTER COLUMN credential_id SET NOT NULL,
    ADD PRIMARY KEY (credential_id, stream, record_key);

-- Two shops with one place name keep theirs apart: one row cannot hold both.
WITH bare_places AS (
    SELECT product_id, location, substr(location, length(channel) + 3) AS bare
    FROM inventory i WHERE location LIKE channel || ': %'
      AND NOT EXISTS (SELECT FROM inventory o WHERE o.product_id = i.product_id AND o.location <> i.location
                      AND substr(i.location, length(i.channel) + 3)
                          IN (o.location, substr(o.location, length(o.channel) + 3)))
), history AS (
    UPDATE inventory_history h SET location = b.bare FROM bare_places b
    WHERE b.product_id = h.product_id AND b.location = h.location
      AND NOT EXISTS (SELECT FROM inventory_history o WHERE o.product_id = h.product_id AND o.location = b.bare
                      AND o.snapshot_date = h.snapshot_date)
)
UPDATE inventory i SET location = b.bare FROM bare_places b
WHERE b.product_id = i.product_id AND b.location = i.location;

DROP INDEX idx_product_channel_skus_variant;
ALTER TABLE product_channel_skus ADD COLUMN last_seen_on date;
UPDATE product_channel_skus SET last_seen_on = last_seen_at;
ALTER TABLE product_channel_skus
    ALTER COLUMN last_seen_on SET NOT NULL, DROP COLUMN first_seen_at, DROP COLUMN last_seen_at;
-- One row a name again: the variant that was seen last.
DELETE FROM product_channel_skus c USING product_channel_skus other
WHERE other.channel = c.channel AND other.channel_sku = c.channel_sku
  AND (other.last_seen_on, other.channel_product_id) > (c.last_seen_on, c.channel_product_id);
ALTER TABLE product_channel_skus
    DROP CONSTRAINT product_channel_skus_pkey,
    ADD PRIMARY KEY (channel, channel_sku),
    ALTER COLUMN channel_product_id DROP NOT NULL,
    ALTER COLUMN channel_product_id DROP DEFAULT;

ALTER TABLE api_credentials DROP COLUMN stream_problems;
ALTER TABLE sale_fees DROP COLUMN tax_amount;
ALTER TABLE companies DROP COLUMN vat_registered;
ALTER TABLE products DROP COLUMN tax_rate;
ALTER TABLE sales DROP COLUMN tax_estimated;
