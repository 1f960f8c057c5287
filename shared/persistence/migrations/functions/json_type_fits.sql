-- Whether a value has a JSON type that a property's schema allows; what else the schema says is the worker's to check.
CREATE OR REPLACE FUNCTION public.json_type_fits(p_schema jsonb, p_value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    found text := jsonb_typeof(p_value);
    option jsonb;
BEGIN
    IF p_schema ? 'anyOf' THEN
        FOR option IN SELECT * FROM jsonb_array_elements(p_schema -> 'anyOf') LOOP
            IF public.json_type_fits(option, p_value) THEN
                RETURN true;
            END IF;
        END LOOP;
        RETURN false;
    END IF;
    RETURN CASE p_schema ->> 'type'
        WHEN 'integer' THEN found = 'number' AND p_value::text !~ '[.eE]'
        WHEN NULL THEN true
        ELSE coalesce(found = p_schema ->> 'type', true)
    END;
END
$function$;
