"""What runs inside the components: typed, importable, free of pipeline knowledge."""
