"""Any record by itself: its fields, their history, who wrote what on which phone."""
