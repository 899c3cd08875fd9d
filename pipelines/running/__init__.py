"""What surrounds a run: output folder, display, result, history, recovery."""
