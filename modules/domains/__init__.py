"""What a domain looks like, whether it is valid, and how far two domains are apart."""
