"""Trained models at rest: checkpoints, artifacts, serving."""
