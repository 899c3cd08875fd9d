"""Losses of the transfer methods."""
