"""Grants: what a person may hold, and what each of them gives.

``village:<12 digits>``, ``household:<id>`` or ``township:<9 digits>``. The same rule serves the township (what to send, what to
accept) and the phone (what to keep). Leaves to others: who has which grant and since when.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shared.fields import UUID

VILLAGE, HOUSEHOLD, TOWNSHIP = "village", "household", "township"
_GRANT = re.compile(rf"village:[0-9]{{12}}|township:[0-9]{{9}}|household:{UUID}")

LATE_DAYS = 30
"""Days after a grant ended, or a record left it, in which a change is still taken (marked late for the desk)."""


class GrantError(ValueError):
    """The text is not a grant; says what one looks like."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant: `scope` is village, household or township, `value` its code or id."""

    scope: str
    value: str

    @classmethod
    def read(cls, text: str) -> "Grant":
        """Parse a grant's text; GrantError when it is none."""
        if not _GRANT.fullmatch(text):
            raise GrantError(
                f"授权写法不对：{text!r}，应为 village:12位 / township:9位 / household:编号。"
                f" Not a grant: {text!r}; expected village:<12 digits>, township:<9 digits> or household:<id>."
            )
        scope, _, value = text.partition(":")
        return cls(scope, value)

    def __str__(self) -> str:
        return f"{self.scope}:{self.value}"

    @property
    def whole(self) -> bool:
        """Whether it gives records with their secret fields: a village or a township does, a household does not."""
        return self.scope != HOUSEHOLD

    def gives(self, village: str | None, household: str | None) -> bool:
        """Whether it gives records of this village and household. `village` None is what the township shares.

        For a household's own record `household` is its id.
        """
        if village is None or self.scope == TOWNSHIP:
            return True
        return self.value == (village if self.scope == VILLAGE else household)

    def covers(self, village: str | None, household: str | None) -> bool:
        """Whether it lets a person write there: what is shared takes the township's own grant."""
        return self.gives(village, household) and (village is not None or self.scope == TOWNSHIP)


def sight(grants: Iterable[Grant], village: str | None, household: str | None) -> str | None:
    """How much a person with these grants sees of a record: ``"whole"``, ``"part"`` (no secrets) or None."""
    seen = None
    for grant in grants:
        if grant.gives(village, household):
            if grant.whole or village is None:
                return "whole"
            seen = "part"
    return seen
