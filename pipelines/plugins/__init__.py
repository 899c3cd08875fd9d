"""Plug-ins that a configuration names: which they are, and a fingerprint of their code."""
