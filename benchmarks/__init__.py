"""What `make bench` runs: each figure beside its counterpart, measured in the same run."""
