"""The problem ledger at the desk."""
