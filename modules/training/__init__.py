"""One training: data, loop, checkpoints, workers."""
