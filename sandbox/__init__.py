"""Local stand-ins for the vendors, fed from real orders: for the demo, for tests, for building a connector."""
