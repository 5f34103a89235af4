"""What is read of a township for a screen or a table: figures over all of it, what the log keeps current in memory, and one thing in full."""
