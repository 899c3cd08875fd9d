"""Labelled images in several formats behind one contract; `formats.open_source` opens them."""
