DROP FUNCTION IF EXISTS public.enqueue_followers(uuid, uuid, text, jsonb);
DROP FUNCTION IF EXISTS public.finish_job(uuid, uuid, int, text, jsonb, text, text, float8, int, text)
