"""Spans of data: each is read once and kept, then joined with the others."""
