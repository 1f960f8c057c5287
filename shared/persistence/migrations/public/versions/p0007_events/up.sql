-- It takes one parameter less from now on; a second function of that name would make calls ambiguous.
DROP FUNCTION IF EXISTS public.finish_job(uuid, uuid, int, text, jsonb, text, text, float8, jsonb, int, text)
