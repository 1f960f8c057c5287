CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;

-- Enums live here for every tenant schema too: 10,000 copies of a type would have to be altered one by one.
CREATE TYPE public.subscription_tier AS ENUM ('STARTER', 'PROFESSIONAL', 'ENTERPRISE');
CREATE TYPE public.subscription_status AS ENUM ('TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELLED', 'SUSPENDED');
CREATE TYPE public.user_role AS ENUM ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER');
CREATE TYPE public.billing_cycle AS ENUM ('MONTHLY', 'QUARTERLY', 'ANNUAL');
CREATE TYPE public.audit_severity AS ENUM ('INFO', 'WARNING', 'ERROR', 'CRITICAL');
CREATE TYPE public.forecast_type AS ENUM ('DEMAND', 'REVENUE', 'CASH_FLOW');
CREATE TYPE public.period_type AS ENUM ('DAILY', 'WEEKLY', 'MONTHLY');
CREATE TYPE public.scenario_type AS ENUM ('WHAT_IF', 'OPTIMIZATION', 'SENSITIVITY');
CREATE TYPE public.sale_line_kind AS ENUM ('SALE', 'REFUND');
CREATE TYPE public.account_class AS ENUM ('CASH', 'ACCOUNTS_RECEIVABLE', 'INVENTORY', 'ACCOUNTS_PAYABLE', 'SHORT_TERM_DEBT');
CREATE TYPE public.invoice_kind AS ENUM ('RECEIVABLE', 'PAYABLE');
CREATE TYPE public.job_state AS ENUM ('queued', 'dispatched', 'running', 'succeeded', 'failed', 'cancelled', 'dead');
