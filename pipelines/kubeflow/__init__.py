"""Compiling the pipeline for Kubeflow and submitting it."""
