"""ModelImporter: starts a transfer from a model that is there already."""
