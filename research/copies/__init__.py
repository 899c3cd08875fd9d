"""Studies of the search for copies of images."""
