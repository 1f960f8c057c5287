-- The API writes the columns that are its own. A grant on columns also lets nobody LOCK a table: that needs one on
-- the whole table, and a lock on a shared table holds up every tenant.
REVOKE INSERT, UPDATE ON public.tenants, public.users, public.subscriptions, public.usage_metrics FROM capliquify_api;
GRANT INSERT (id, slug, name, schema_name, clerk_organization_id, subscription_tier, subscription_status, max_users,
    max_entities, max_storage, features, settings, created_at, updated_at) ON public.tenants TO capliquify_api;
GRANT UPDATE (slug, name, clerk_organization_id, subscription_tier, subscription_status, max_users, max_entities,
    max_storage, features, settings, updated_at, deleted_at) ON public.tenants TO capliquify_api;
GRANT INSERT ON public.users, public.subscriptions TO capliquify_api;
GRANT UPDATE (clerk_user_id, email, role, is_active, is_verified, last_login_at, updated_at)
    ON public.users TO capliquify_api;
GRANT UPDATE (subscription_tier, status, billing_cycle, stripe_subscription_id, stripe_price_id, current_period_start,
    current_period_end, trial_end, cancel_at, updated_at) ON public.subscriptions TO capliquify_api;
GRANT INSERT ON public.usage_metrics TO capliquify_api;
GRANT UPDATE (active_users_count, total_entities_count, storage_used_mb, api_requests_count, api_errors_count,
    forecasts_generated, reports_exported, integrations_synced, updated_at) ON public.usage_metrics TO capliquify_api;

REVOKE UPDATE ON public.usage_metrics FROM capliquify_tenant;
GRANT UPDATE (active_users_count, total_entities_count, storage_used_mb, api_requests_count, api_errors_count,
    forecasts_generated, reports_exported, integrations_synced, updated_at) ON public.usage_metrics TO capliquify_tenant;

-- A worker changes how far a job is, never what it is.
REVOKE UPDATE ON public.jobs FROM capliquify_worker;
GRANT UPDATE (state, outcome, attempt, snoozes, worker, started_at, finished_at, lease_expires_at, run_at, history,
    result, error_class, error_message, progress_done, progress_total, progress_message, vendor_calls,
    counted_meters, updated_at) ON public.jobs TO capliquify_worker;

-- Workers sign in and out by functions.
REVOKE INSERT, UPDATE, DELETE ON public.job_workers FROM capliquify_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.job_workers TO capliquify_lifecycle;

-- Of pgcrypto only what opens values of before the vault. Where the extension belongs to somebody else, `doctor` says so.
DO $do$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT d.objid::regprocedure AS signature FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE e.extname = 'pgcrypto' AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass LOOP
        BEGIN
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made.signature);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
    FOR made IN SELECT d.objid::regprocedure AS signature FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        JOIN pg_proc p ON p.oid = d.objid
        WHERE e.extname = 'pgcrypto' AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass
          AND (p.proname = 'dearmor' OR (p.proname = 'pgp_sym_decrypt' AND p.pronargs = 2)) LOOP
        BEGIN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO capliquify_worker', made.signature);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
END
$do$;
