"""What `warmstart check` says: lines, each the outcome of one check."""
