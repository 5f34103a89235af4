"""The overview: what came in and what waits, in charts with the table behind each."""
