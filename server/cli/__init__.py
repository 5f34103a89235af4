"""`ruhu`: the server's commands. Chinese first, English beside it; every one takes --json and says what to do next when it fails.

One module a subject; importing it hangs its commands on `main`. Leaves to others: everything but words and arguments.
"""

from server.cli import data, demo, people, photos, records, recovery, reports, rules, safety, serving
from server.cli.base import main

__all__ = ["data", "demo", "main", "people", "photos", "records", "recovery", "reports", "rules", "safety", "serving"]
