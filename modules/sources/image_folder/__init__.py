"""Image files in folders: which layouts are understood, and what they say about each file."""
