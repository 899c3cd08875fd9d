"""Runs in each container on Kubeflow Pipelines: prepares a task and calls its executor."""
