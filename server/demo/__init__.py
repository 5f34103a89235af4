"""A made-up county for trying things out: everything in it is drawn by chance, and says so.

`make_county` fills an empty instance with villages, households, people and a campaign of sixty days, every change through the gate.
Leaves to others: the command (`ruhu demo-data`), and judging what it made (`shared.rules`).
"""

from server.demo.county import Made, make_county
from server.demo.places import DemoDataError

__all__ = ["DemoDataError", "Made", "make_county"]
