"""Attacks of one tenant on another."""
