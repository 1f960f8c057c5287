-- Running downgrade t0004 -> t0003

ALTER TABLE companies DROP CONSTRAINT companies_fiscal_year_start_real;

UPDATE alembic_version SET version_num='t0003' WHERE alembic_version.version_num = 't0004';
