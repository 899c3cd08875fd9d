"""DomainValidator: the gate that a domain's data must pass before anything is trained on them."""
