"""The tests, and what they share; README.md says how they are ordered."""
