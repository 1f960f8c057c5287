-- What a vendor's account says of itself stands among the cursors, as a stream named shop. Those rows stay for
-- workers of the release before, until a later step.
CREATE TABLE vendor_accounts (
    credential_id uuid PRIMARY KEY REFERENCES api_credentials (id) ON DELETE CASCADE,
    account text,
    timezone text,
    currency text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE sync_cursors ADD COLUMN complete_until timestamptz;
INSERT INTO vendor_accounts (credential_id, account, timezone, currency, updated_at)
SELECT credential_id, position ->> 'account', position ->> 'timezone', position ->> 'currency', updated_at
FROM sync_cursors WHERE stream = 'shop';

-- A stream is whole up to `since`; one that goes backwards has come to `until`, and is whole once it is done.
-- A text that is no instant was written by hand: the pull names it.
UPDATE sync_cursors c SET complete_until = reached.instant::timestamptz
FROM (
    SELECT credential_id, stream,
           CASE WHEN position ? 'since' THEN position ->> 'since'
                WHEN stream = 'orders_backfill' AND position ? 'done' THEN position ->> 'until' END AS instant
    FROM sync_cursors
) reached
WHERE reached.credential_id = c.credential_id AND reached.stream = c.stream
  AND CASE WHEN reached.instant ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN pg_input_is_valid(reached.instant, 'timestamptz') END
