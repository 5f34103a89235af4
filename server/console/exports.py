"""Lists, and what is taken out of the house."""
