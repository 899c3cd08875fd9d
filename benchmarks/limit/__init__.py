"""The machine's limit: what a training step could reach at most."""
