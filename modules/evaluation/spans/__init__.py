"""What is judged and said of data that arrive in spans."""
