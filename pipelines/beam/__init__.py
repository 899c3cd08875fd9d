"""The `beam` section and what it becomes."""
