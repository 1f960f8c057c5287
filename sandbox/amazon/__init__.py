"""Amazon's Selling Partner API, as much of it as the connector asks for, over a ledger that is known."""
