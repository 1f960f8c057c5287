DO $do$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND proname IN ('admit_call', 'report_call', 'finish_job', 'claim_jobs') LOOP
        EXECUTE format('DROP FUNCTION %s', made.signature);
    END LOOP;
END
$do$;
DROP INDEX public.idx_jobs_waits_for;
ALTER TABLE public.jobs DROP COLUMN waits_for, DROP COLUMN away_since;
DROP TABLE public.vault_keys;
DROP TABLE public.vendor_circuits
