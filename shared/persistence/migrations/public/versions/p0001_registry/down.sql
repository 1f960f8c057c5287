DROP TABLE public.jobs, public.task_contracts, public.exchange_rates, public.usage_metrics, public.audit_logs,
    public.subscriptions, public.users, public.tenants;
DROP FUNCTION public.name_tenant_schema();
DROP TYPE public.job_state, public.invoice_kind, public.account_class, public.sale_line_kind, public.scenario_type,
    public.period_type, public.forecast_type, public.audit_severity, public.billing_cycle, public.user_role,
    public.subscription_status, public.subscription_tier;
