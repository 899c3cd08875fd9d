"""What a pipeline's container runs on Kubeflow Pipelines: it hands a task over to its executor."""
