"""Networks by name, their precision and outputs."""
