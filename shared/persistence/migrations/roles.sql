-- The roles of the cluster. Roles belong to no database: this runs before every migration and changes nothing
-- that is there. Passwords are the operator's to set; a role without one cannot log in.
DO $do$
DECLARE
    login text;
    group_name text;
BEGIN
    FOREACH group_name IN ARRAY ARRAY['capliquify_tenant', 'capliquify_tenant_access', 'capliquify_lifecycle'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = group_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', group_name);
        END IF;
    END LOOP;
    FOREACH login IN ARRAY ARRAY['capliquify_worker', 'capliquify_dispatcher', 'capliquify_admin', 'capliquify_api'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE', login);
        END IF;
    END LOOP;
    -- It creates the role of each tenant, and owns the functions that do so and the schemas that they make.
    IF NOT (SELECT rolcreaterole FROM pg_roles WHERE rolname = 'capliquify_lifecycle') THEN
        ALTER ROLE capliquify_lifecycle CREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = 'capliquify_tenant'::regrole
                   AND member = 'capliquify_lifecycle'::regrole AND admin_option) THEN
        GRANT capliquify_tenant TO capliquify_lifecycle WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    END IF;
    -- Who works inside a tenant may become it, and has nothing of it otherwise.
    IF NOT EXISTS (SELECT FROM pg_auth_members WHERE roleid = 'capliquify_tenant_access'::regrole
                   AND member = 'capliquify_api'::regrole) THEN
        GRANT capliquify_tenant_access TO capliquify_worker, capliquify_api WITH INHERIT FALSE, SET TRUE;
    END IF;
    -- The migrating owner acts as the lifecycle role inside tenant schemas.
    IF NOT pg_has_role(current_user, 'capliquify_lifecycle', 'SET') THEN
        EXECUTE format('GRANT capliquify_lifecycle TO %I WITH INHERIT TRUE, SET TRUE', current_user);
    END IF;
    -- And as the tenant's own role where it reads rows that it did not write, as of a backup.
    IF NOT pg_has_role(current_user, 'capliquify_tenant_access', 'SET') THEN
        EXECUTE format('GRANT capliquify_tenant_access TO %I WITH INHERIT FALSE, SET TRUE', current_user);
    END IF;
    -- Nobody needs a temporary table, whose name would come before those of the catalog. Not copied with a database.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO capliquify_lifecycle', current_database());
END
$do$;
