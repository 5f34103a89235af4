"""People, phones and party links as lists."""

from server.lists.listing import Listing

LISTINGS: list[Listing] = []
