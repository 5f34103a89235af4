"""What a township does to its records beyond one field: steps of the ledger and its nightly round, joining, campaigns, policies, the desk by command."""
