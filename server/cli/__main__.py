"""`python -m server.cli` is `ruhu`."""

from server.cli import main

main()
