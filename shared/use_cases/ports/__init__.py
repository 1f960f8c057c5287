"""What the use cases need from the outside, a file a capability, as Protocols; `workers.wiring` brings the real."""
