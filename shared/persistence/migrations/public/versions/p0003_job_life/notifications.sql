CREATE FUNCTION public.rank_job() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.rank := CASE WHEN NEW.run_at > now() THEN 'infinity' ELSE NEW.run_at - make_interval(mins => NEW.priority) END;
    RETURN NEW;
END
$$;
CREATE TRIGGER jobs_rank BEFORE INSERT OR UPDATE OF run_at, priority ON public.jobs
    FOR EACH ROW EXECUTE FUNCTION public.rank_job();

-- Hints, never the truth: `capliquify_jobs` is for watchers of one job, `capliquify_dispatch` shows the
-- dispatcher which queue has new work or a free place. Anybody may listen, so ids and figures only.
CREATE FUNCTION public.notify_of_job() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('capliquify_dispatch', NEW.queue);
        RETURN NULL;
    END IF;
    PERFORM pg_notify('capliquify_jobs', json_build_object(
        'id', NEW.id, 'state', NEW.state, 'attempt', NEW.attempt,
        'done', NEW.progress_done, 'total', NEW.progress_total)::text);
    IF NEW.state <> OLD.state AND NEW.state NOT IN ('dispatched', 'running') THEN
        PERFORM pg_notify('capliquify_dispatch', NEW.queue);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER jobs_notify_new AFTER INSERT ON public.jobs
    FOR EACH ROW EXECUTE FUNCTION public.notify_of_job();
CREATE TRIGGER jobs_notify_change AFTER UPDATE ON public.jobs
    FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.progress_done IS DISTINCT FROM OLD.progress_done
                       OR NEW.progress_total IS DISTINCT FROM OLD.progress_total
                       OR NEW.progress_message IS DISTINCT FROM OLD.progress_message)
    EXECUTE FUNCTION public.notify_of_job()
