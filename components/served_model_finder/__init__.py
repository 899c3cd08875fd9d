"""ServedModelFinder: finds the version that a new model would replace."""
