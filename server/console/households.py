"""Households: found by name, initials, number; each with all that was ever written about it."""
