"""A made-up village with its people and households: what the parts of the county's life are drawn from. Plain data."""

from dataclasses import dataclass, field
from itertools import pairwise

from server.demo.homes import Home
from server.demo.people import Phone
from server.demo.places import Place


@dataclass(slots=True)
class Link:
    """A party member linked to a household from one day to another (``YYYY-MM-DD``)."""

    id: str
    home: Home
    phone: Phone
    from_date: str
    to_date: str | None = None
    exempt_from: str | None = None
    exempt_to: str | None = None
    exempt_reason: str | None = None

    def runs_on(self, day: str) -> bool:
        return self.from_date <= day <= (self.to_date or "9999-12-31")

    def exempt_on(self, day: str) -> bool:
        return self.exempt_from is not None and self.exempt_from <= day <= (self.exempt_to or "9999-12-31")


@dataclass(slots=True)
class Village:
    """`cadres` walk in pairs: the first with the second, the third with the fourth."""

    place: Place
    hamlets: list[str]
    homes: list[Home]
    cadres: list[Phone] = field(default_factory=list)
    party: list[Phone] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.place.code

    @property
    def pairs(self) -> list[tuple[Phone, Phone]]:
        return list(pairwise(self.cadres))[::2]
