"""Drivers of the studies that the docs cite."""
