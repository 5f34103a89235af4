"""Problems that repeat one another in a ring: each was found to be a duplicate of the next, all are over, and nobody is left to solve them.

One problem's fold never sees it, for it knows no other; two people who sort the ledger without seeing each other need only one step each.
Promises: pure; rings of any length; what is not at hand leads nowhere. Leaves to others: how a problem stands (`ledger`), telling people
(`due`, the desk's list of warnings), and keeping them from the last step of a ring (whoever takes it asks `leads_back` before).
"""

from collections.abc import Mapping

from shared.fields import Label
from shared.rules.finding import Finding
from shared.rules.standing import Standing

RING = Label(
    "这几个问题互相说是重复，没有一个在办；请重新打开其中一个",
    "Two problems point at each other and neither is dealt with; reopen one",
)
"""What is to be done about a ring that is there."""
WOULD_RING = Label(
    "那个问题已经记为与这个重复；两个都结了就没人办了",
    "That problem is a duplicate of this one already; with both over nobody would be left",
)
"""Why a problem cannot be called a duplicate now."""


def leads_back(standings: Mapping[str, Standing], problem: str, twin: str | None) -> bool:
    """Whether `problem`, called a duplicate of `twin`, would be one of itself. `standings` by the id of each problem at hand."""
    seen: set[str] = set()
    while twin is not None and twin not in seen:
        if twin == problem:
            return True
        seen.add(twin)
        standing = standings.get(twin)
        twin = standing.duplicate_of if standing else None
    return False


def rings(standings: Mapping[str, Standing]) -> frozenset[str]:
    """Ids of the problems that lead back to themselves."""
    return frozenset(id_ for id_, one in standings.items() if leads_back(standings, id_, one.duplicate_of))


def ring_findings(standings: Mapping[str, Standing]) -> dict[str, Finding]:
    """Problem's id to what there is to say, for those in a ring."""
    return {id_: Finding("ring", RING, ("duplicate_of",)) for id_ in sorted(rings(standings))}
