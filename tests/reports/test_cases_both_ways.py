"""Every case of the rules' own tables read by the second way too: what the rules say of it, the second way must say without having looked.

The townships of `test_totals` meet the usual edges by chance; here each edge that has a name is met on purpose. Cases of a county's own
settings are left out, for the second way knows the preset's only.
"""

from typing import Any

import pytest

from shared.rules.ledger import stand
from shared.rules.policy import preset
from shared.rules.visits import overlapping
from tests.reports import second_way
from tests.rules import cases_ledger, cases_length, cases_months
from tests.rules.reading import english, entry_of
from tests.rules.records import Write, problem, record_of, stamped

RULES = preset().problems
LEDGER = [case for case in cases_ledger.CASES if not case.rules]
MONTHS = [case for case in cases_months.CASES if not case.rules]
LENGTHS = [case for case in cases_length.CASES if not case.rules]


def pulled(*writes: Write) -> list[dict[str, Any]]:
    """The records as the API would give them."""
    written = stamped(writes)
    return [record_of(id_, written).wire() for id_ in dict.fromkeys(one.id for one in writes)]


@pytest.mark.parametrize("case", LEDGER, ids=english)
def test_a_problem_stands_the_same_both_ways(case: cases_ledger.LedgerCase) -> None:
    one = problem(home=case.home, tier=case.tier)
    standing = stand(entry_of(one), map(entry_of, case.steps), RULES)
    card = second_way.card_of(pulled(one)[0], pulled(*case.steps))
    told = (card.state, card.tier, card.person or None, card.due or None, card.extensions, len(card.reopened))
    assert told == (
        standing.state, standing.tier, standing.person, standing.due, standing.extensions, standing.reopened,
    )  # fmt: skip
    refused = [taken.entry.values.get("step") or "" for taken in standing.steps if taken.why]
    assert [step for step, _ in card.refused] == refused


@pytest.mark.parametrize("case", MONTHS, ids=english)
def test_a_link_owes_the_same_both_ways(case: cases_months.MonthCase) -> None:
    owed, _ = second_way.owed_by(pulled(case.link)[0]["values"], case.month, 2)
    assert owed == case.owed


@pytest.mark.parametrize("case", LENGTHS, ids=english)
def test_who_was_in_two_households_at_once_is_the_same_both_ways(case: cases_length.LengthCase) -> None:
    visits = [one for one in case.wrote if one.kind == "visit"]
    records = [r for r in pulled(*visits) if r["values"].get("started_at")]
    mine = {one["id"] for one in records for other in records if second_way.overlaps(one, other)}
    assert mine == overlapping(entry_of(*(w for w in visits if w.id == r["id"])) for r in records)
