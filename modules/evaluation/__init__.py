"""Comparing the arms: statistics, requirements, the gate."""
