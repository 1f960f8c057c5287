-- The release before makes its own again when it migrates.
DROP FUNCTION public.sign_in_worker(text, text[], int, text, float8);
ALTER TABLE public.job_workers DROP COLUMN restarts;
DROP TABLE public.scan_runs
