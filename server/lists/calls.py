"""Visits, contact visits and clean-up checks as lists."""

from server.lists.listing import Listing

LISTINGS: list[Listing] = []
