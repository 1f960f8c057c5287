-- A fiscal year begins on a day that every year has. One that does not begins on the last day of its month.
UPDATE companies SET fiscal_year_start = CASE left(fiscal_year_start, 2) WHEN '02' THEN '02-28'
    ELSE left(fiscal_year_start, 2) || '-30' END, updated_at = now()
WHERE fiscal_year_start IN ('02-29', '02-30', '02-31', '04-31', '06-31', '09-31', '11-31');
ALTER TABLE companies ADD CONSTRAINT companies_fiscal_year_start_real CHECK (
    fiscal_year_start ~ '^((01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])|(04|06|09|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))$'
)
