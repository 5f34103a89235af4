"""Keeping a server whole: setting it up and bringing it up to date, backup and restore, proving the promises, and what sealed journals give back."""
