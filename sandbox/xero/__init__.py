"""Xero's identity server and Accounting API, as much of them as the connector asks for."""
