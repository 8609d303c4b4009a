"""What several stages need to know about a text."""
