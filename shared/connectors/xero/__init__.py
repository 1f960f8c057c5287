"""Xero, through the Accounting API: balances by day and open invoices, for working capital alone."""
