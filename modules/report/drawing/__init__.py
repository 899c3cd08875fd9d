"""Colours, charts and pictures of the report."""
