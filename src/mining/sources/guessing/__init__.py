"""Guess what the columns of an unknown export mean, and draft a mapping of it."""
