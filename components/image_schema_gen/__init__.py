"""ImageSchemaGen: turns the source's statistics into the schema that every domain must keep."""
