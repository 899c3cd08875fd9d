"""Objects from outside this project: found by a reference or an entry point, and checked."""
