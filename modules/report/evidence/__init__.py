"""What the report shows, computed from models and examples."""
