"""What surrounds a study: pipeline, workers, display."""
