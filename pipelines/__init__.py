"""The pipeline: its configuration, its DAG, its runners and the command line."""
