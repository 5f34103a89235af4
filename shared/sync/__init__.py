"""The conversation between a phone and its township, both ends in one place.

wire      the messages and their limits
gate      the township's ear: which changes are taken, re-stamped, refused, and what they do
unit      one unit of work: what was taken, what it came to, and writing that down
conflicts the rows that say who was overwritten unseen, and the desk's decisions
answer    the township's mouth: what a reply carries for the grants a person holds
phone     the phone as the conversation knows it: what it keeps, how a request travels, what can go wrong
converse  the phone's mouth: send the oldest first, ask until nothing is left, start over where numbers or cursors differ
taking    the phone's ear: take a reply in one step, lay what is unsent over it

The contract is DESIGN section 4. Nothing here knows HTTP, SQL or a screen; stores and couriers come through `shared.ports` and `phone`.
"""
