"""What waits to be reviewed, as lists."""

from server.lists.listing import Listing

LISTINGS: list[Listing] = []
