"""TransferReport: shows people what the transfer was worth, in one HTML file."""
