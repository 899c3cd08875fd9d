"""What the report shows class by class, for two classes and for thousands."""
