"""Conflicts: both words side by side, and the desk's decision."""
