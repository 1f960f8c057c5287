"""What the system does, one verb a file; each knows the outside only through the Protocols of `ports`."""
