"""Tenants: a transaction bound to one, the registry, the lifecycle and the logins."""
