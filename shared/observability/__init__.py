"""Structured logs, with the job and the tenant on every line."""
