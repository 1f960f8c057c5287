-- A vendor that is away: when its circuit opens, which job asks for all, how long the others wait.

-- What came of a call to a vendor: p_error is null where it answered. Returns what has changed and what to do:
-- change is 'opened', 'closed' or null; away_s how long the vendor has been away; wait_s the seconds until this job
-- is to ask again, null where another one does that.
CREATE OR REPLACE FUNCTION public.report_call(p_circuit text, p_tenant_id uuid, p_job_id uuid, p_error text DEFAULT NULL)
RETURNS TABLE (change text, away_s float8, wait_s float8, waiting int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
#variable_conflict use_column
DECLARE
    -- One broken shop opens nothing: its vendor answers the others.
    tenants_that_open CONSTANT int := 3;
    forgotten CONSTANT interval := '5 minutes';
    first_probe_s CONSTANT float8 := 30;
    longest_probe_s CONSTANT float8 := 300;
    -- Those who waited do not come all at once.
    spread_s CONSTANT float8 := 0.5;
    longest_spread_s CONSTANT float8 := 600;
    circuit public.vendor_circuits;
    next_s float8;
    woken int;
BEGIN
    IF p_error IS NULL THEN
        DELETE FROM public.vendor_circuits WHERE name = p_circuit RETURNING * INTO circuit;
        IF circuit.opened_at IS NULL THEN
            RETURN;
        END IF;
        SELECT count(*) INTO woken FROM public.jobs WHERE waits_for = p_circuit AND state = 'queued';
        UPDATE public.jobs SET run_at = now() + make_interval(secs => random() * least(woken * spread_s, longest_spread_s)),
            waits_for = NULL, updated_at = now() WHERE waits_for = p_circuit AND state = 'queued';
        RETURN QUERY SELECT 'closed', extract(epoch FROM now() - circuit.first_failed_at)::float8, NULL::float8, woken;
        RETURN;
    END IF;
    INSERT INTO public.vendor_circuits AS c (name, failing_tenants, last_error)
        VALUES (p_circuit, ARRAY[p_tenant_id], left(p_error, 500))
        ON CONFLICT (name) DO UPDATE SET last_error = excluded.last_error, last_failed_at = now(),
            first_failed_at = CASE WHEN c.opened_at IS NULL AND c.last_failed_at < now() - forgotten
                THEN now() ELSE c.first_failed_at END,
            failing_tenants = CASE
                WHEN c.opened_at IS NOT NULL THEN c.failing_tenants
                WHEN c.last_failed_at < now() - forgotten THEN excluded.failing_tenants
                WHEN p_tenant_id = ANY (c.failing_tenants) THEN c.failing_tenants
                ELSE c.failing_tenants || p_tenant_id END
        RETURNING * INTO circuit;
    IF circuit.opened_at IS NULL AND cardinality(circuit.failing_tenants) < tenants_that_open THEN
        RETURN;
    END IF;
    IF circuit.opened_at IS NOT NULL AND circuit.probe_job_id IS DISTINCT FROM p_job_id THEN
        RETURN QUERY SELECT NULL, extract(epoch FROM now() - circuit.first_failed_at)::float8, NULL::float8, 0;
        RETURN;
    END IF;
    next_s := least(first_probe_s * 2 ^ least(circuit.probes, 10), longest_probe_s);
    UPDATE public.vendor_circuits SET opened_at = coalesce(opened_at, now()), probe_job_id = p_job_id,
        probes = probes + 1, probe_at = now() + make_interval(secs => next_s) WHERE name = p_circuit;
    RETURN QUERY SELECT CASE WHEN circuit.opened_at IS NULL THEN 'opened' END,
        extract(epoch FROM now() - circuit.first_failed_at)::float8, next_s, 0;
END
$function$;
ALTER FUNCTION public.report_call(text, uuid, uuid, text) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.report_call(text, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.report_call(text, uuid, uuid, text) TO capliquify_worker;

-- Whether a job may call a vendor that has failed for others: null where it may. Otherwise since when the vendor is
-- away. One job at a time may ask; should it not come back with an answer, another one may after two minutes.
CREATE OR REPLACE FUNCTION public.admit_call(p_circuit text, p_job_id uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    circuit public.vendor_circuits;
BEGIN
    -- Almost always there is no row, and nobody waits for another.
    SELECT * INTO circuit FROM public.vendor_circuits WHERE name = p_circuit AND opened_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE public.vendor_circuits SET probe_job_id = p_job_id, probe_at = now() + interval '2 minutes'
        WHERE name = p_circuit AND opened_at IS NOT NULL AND probe_at <= now();
    RETURN CASE WHEN FOUND THEN NULL ELSE circuit.opened_at END;
END
$function$;
ALTER FUNCTION public.admit_call(text, uuid) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.admit_call(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.admit_call(text, uuid) TO capliquify_worker;
