"""Secrets: sealing them for storage, and keeping them out of what people and logs see."""
