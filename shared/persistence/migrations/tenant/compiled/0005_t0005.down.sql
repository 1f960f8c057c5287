-- Running downgrade t0005 -> t0004

INSERT INTO sync_cursors (credential_id, stream, position, updated_at)
SELECT credential_id, 'shop',
       jsonb_strip_nulls(jsonb_build_object('account', account, 'timezone', timezone, 'currency', currency)), updated_at
FROM vendor_accounts
ON CONFLICT (credential_id, stream) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at;
ALTER TABLE sync_cursors DROP COLUMN complete_until;
DROP TABLE vendor_accounts;

UPDATE alembic_version SET version_num='t0004' WHERE alembic_version.version_num = 't0005';
