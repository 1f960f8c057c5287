"""Calls to vendors: one client with deadlines, retries by error class, and the vendor's answer as our errors."""
