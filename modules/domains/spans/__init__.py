"""Domains whose data arrive in spans."""
