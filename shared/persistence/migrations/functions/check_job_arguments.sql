-- Refuses arguments that the task could never take; says which and how to fix it.
CREATE OR REPLACE FUNCTION public.check_job_arguments(p_name text, p_schema jsonb, p_arguments jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    longest_bytes CONSTANT int := 65536;
    wrong text;
    expected text;
BEGIN
    IF p_arguments IS NULL OR jsonb_typeof(p_arguments) <> 'object' THEN
        RAISE EXCEPTION 'arguments: must be a JSON object, such as {}' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length(p_arguments::text) > longest_bytes THEN
        RAISE EXCEPTION 'arguments: % bytes, % at most; store the data and give its id',
            octet_length(p_arguments::text), longest_bytes USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT left(key, 50) INTO wrong FROM jsonb_object_keys(p_arguments) AS key
        WHERE NOT coalesce(p_schema -> 'properties' ? key, false) ORDER BY key LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'arguments.%: task % takes no such argument; it takes %', wrong, p_name,
            coalesce((SELECT string_agg(key, ', ' ORDER BY key) FROM jsonb_object_keys(p_schema -> 'properties') AS key),
                     'none') USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT key INTO wrong FROM jsonb_array_elements_text(coalesce(p_schema -> 'required', '[]')) AS key
        WHERE NOT p_arguments ? key ORDER BY key LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'arguments.%: is missing; task % needs it', wrong, p_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT key INTO wrong FROM jsonb_each(p_arguments) AS a (key, value)
        WHERE NOT public.json_type_fits(p_schema -> 'properties' -> key, value) ORDER BY key LIMIT 1;
    IF wrong IS NOT NULL THEN
        expected := coalesce(p_schema -> 'properties' -> wrong ->> 'type', (
            SELECT string_agg(option ->> 'type', ' or ')
            FROM jsonb_array_elements(p_schema -> 'properties' -> wrong -> 'anyOf') AS option));
        RAISE EXCEPTION 'arguments.%: is % in JSON, task % takes %', wrong,
            jsonb_typeof(p_arguments -> wrong), p_name, expected USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT key INTO wrong FROM jsonb_each(p_arguments) AS a (key, value)
        WHERE NOT coalesce(p_schema -> 'properties' -> key -> 'enum' @> jsonb_build_array(value), true)
        ORDER BY key LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'arguments.%: % is none of those that task % takes: %', wrong,
            left(p_arguments ->> wrong, 50), p_name, (
                SELECT string_agg(option, ', ')
                FROM jsonb_array_elements_text(p_schema -> 'properties' -> wrong -> 'enum') AS option)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$function$;
