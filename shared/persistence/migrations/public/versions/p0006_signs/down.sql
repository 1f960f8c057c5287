-- The release before makes its own again when it migrates.
DROP FUNCTION public.sign_in_worker(text, text[], int, text, float8);
DROP INDEX public.idx_jobs_set_aside;
ALTER TABLE public.job_workers DROP COLUMN restarts;
DROP TABLE public.scan_runs
