-- Keeps what a vendor delivered, byte for byte, and enqueues the job that reads it, in the caller's transaction.
-- The API calls it under the tenant's setting and answers the vendor at once; the same webhook id is kept once.
-- Returns the delivery's id.
CREATE OR REPLACE FUNCTION public.store_webhook(
    p_tenant_id uuid, p_channel text, p_webhook_id text, p_topic text, p_headers jsonb, p_body bytea
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    longest_bytes CONSTANT int := 4194304;
    largest_headers CONSTANT int := 16384;
    delivery_id uuid;
BEGIN
    IF p_tenant_id IS DISTINCT FROM public.current_tenant_id() THEN
        RAISE EXCEPTION 'tenant_id: is not the tenant of this transaction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF btrim(coalesce(p_webhook_id, '')) = '' OR length(p_webhook_id) > 255 THEN
        RAISE EXCEPTION 'webhook_id: is missing or longer than 255 characters'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length(p_body) > longest_bytes OR p_body IS NULL THEN
        RAISE EXCEPTION 'body: must have % bytes at most', longest_bytes USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF btrim(coalesce(p_topic, '')) = '' OR btrim(coalesce(p_channel, '')) = '' THEN
        RAISE EXCEPTION 'topic: is missing, or channel is' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_headers IS NOT NULL AND (jsonb_typeof(p_headers) <> 'object' OR octet_length(p_headers::text) > largest_headers
        OR jsonb_path_exists(p_headers, '$.* ? (@.type() <> "string")')) THEN
        RAISE EXCEPTION 'headers: must be an object of texts, % bytes at most', largest_headers
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- What was refused is judged again when it is delivered again.
    EXECUTE format(
        'INSERT INTO %I.webhook_deliveries AS d (channel, webhook_id, topic, headers, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (channel, webhook_id) DO UPDATE SET topic = excluded.topic, headers = excluded.headers,
             body = excluded.body, received_at = now(), outcome = NULL, processed_at = NULL
         WHERE d.outcome = ''refused'' RETURNING id', 'tenant_' || p_tenant_id)
        INTO delivery_id USING left(p_channel, 50), p_webhook_id, left(p_topic, 100), coalesce(p_headers, '{}'), p_body;
    IF delivery_id IS NULL THEN
        EXECUTE format('SELECT id FROM %I.webhook_deliveries WHERE channel = $1 AND webhook_id = $2',
            'tenant_' || p_tenant_id) INTO delivery_id USING left(p_channel, 50), p_webhook_id;
        RETURN delivery_id;
    END IF;
    PERFORM public.enqueue_job(p_tenant_id, 'webhooks.process', jsonb_build_object('delivery_id', delivery_id),
        p_priority => 10, p_requested_by => 'webhook:' || left(p_topic, 100));
    RETURN delivery_id;
END
$function$;
ALTER FUNCTION public.store_webhook(uuid, text, text, text, jsonb, bytea) OWNER TO capliquify_lifecycle;
REVOKE EXECUTE ON FUNCTION public.store_webhook(uuid, text, text, text, jsonb, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.store_webhook(uuid, text, text, text, jsonb, bytea) TO capliquify_api, capliquify_worker;
