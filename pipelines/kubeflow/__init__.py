"""Compiles the pipeline for Kubeflow Pipelines and submits it."""
