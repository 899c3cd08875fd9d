"""ImageSchemaGen: the source's statistics become the schema that every domain must keep."""
