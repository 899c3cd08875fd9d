"""The transfer from source to target: warm start, methods, transferability."""
