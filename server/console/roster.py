"""Rosters and areas: upload, dry run, confirm."""
