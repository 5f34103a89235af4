"""Conflicts as a list."""

from server.lists.listing import Listing

LISTINGS: list[Listing] = []
