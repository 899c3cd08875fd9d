"""What `make bench` runs: each figure with its counterpart, both in one run."""
