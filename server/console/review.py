"""What waits for the township's judgement: short visits, duplicates, households where nobody was home."""
