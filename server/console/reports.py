"""The county's tables, month by month."""
