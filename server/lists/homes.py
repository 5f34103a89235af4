"""Households and members as lists."""

from server.lists.listing import Listing

LISTINGS: list[Listing] = []
