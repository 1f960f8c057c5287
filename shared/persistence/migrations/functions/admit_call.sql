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
