"""Every case of the ledger on every shelf; deadlines and climbing; and what holds for any steps in any order."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.hlc import LATEST_MS, format_stamp
from shared.kinds.problem_step import STEPS
from shared.moments import iso
from shared.rules.due import Book
from shared.rules.entry import Entry
from shared.rules.ledger import OVER, REASONS, STATES, Signer, Standing, climb, signer_of, stand, why_not_now
from shared.rules.policy import ProblemRules, preset, read_policy
from tests.rules.cases_ledger import AWAY, BEGUN, CASES, DONE, SEEN, LedgerCase
from tests.rules.conftest import PhoneShelf, Shelf
from tests.rules.reading import english, entry_of
from tests.rules.records import (
    CONSOLE,
    Write,
    accepted,
    asked,
    device,
    escalated,
    explained,
    extended,
    failed,
    fixed,
    ms,
    problem,
    reopened,
    reported,
    started,
    step,
    story,
)  # fmt: skip

RULES = preset().problems


def standing_of(book: Book, rules: ProblemRules = RULES) -> Standing:
    (one,) = book.problems
    return stand(one, book.steps, rules)


def plain(*steps: Write, tier: str = "village", rules: ProblemRules = RULES) -> Standing:
    """How a problem stands after these steps, a day apart."""
    return stand(entry_of(problem(tier=tier)), [entry_of(one) for one in story(*steps)], rules)


def told_of(standing: Standing, steps: Sequence[Write]) -> dict[int, str]:
    """The steps that had no effect, by their place in the case, and why."""
    why = {taken.entry.id: taken.why for taken in standing.steps}
    return {place: why[one.id] for place, one in enumerate(steps, 1) if why[one.id]}


@pytest.mark.parametrize("case", CASES, ids=english)
def test_a_problem_stands_as_its_steps_say(case: LedgerCase, shelf: Shelf) -> None:
    policy, findings = read_policy({"overrides": {"problems": case.rules}})
    assert findings == []
    found = standing_of(shelf.lay(problem(home=case.home, tier=case.tier), *case.steps), policy.problems)
    assert (told_of(found, case.steps), found.state) == (case.refused, case.state)
    assert len(found.steps) == len(case.steps), "every step stays visible"
    assert set(case.refused.values()) <= REASONS.keys()
    assert found.tier == case.then.get("then_tier", case.tier)
    for name, value in case.then.items():
        if name == "over_at":
            assert found.over_at == ms(value)
        elif name != "then_tier":
            assert getattr(found, name) == value, name


# --- who signs


def test_the_signer_is_the_name_the_phone_and_the_tier(shelf: Shelf) -> None:
    steps = story(fixed(" 农 ", rank="township", phone="黄"), fixed("覃"))
    found = {one.id: signer_of(one) for one in shelf.lay(problem(), *steps).steps}
    assert [found[one.id] for one in steps] == [
        Signer("农", device("黄"), "township"),
        Signer("覃", device("覃"), "village"),
    ]


def test_a_menu_offers_a_step_only_to_who_may_take_it() -> None:
    one, standing = entry_of(problem()), plain(*DONE)
    now = ms("09-10")

    def why(what: str, name: str, tier: str = "village") -> str:
        return why_not_now(what, standing, one, RULES, Signer(name, device(name), tier), now)

    assert [why("verified", "农"), why("verified", "黄"), why("verified", "甲", "household")] == ["fixer", "", "lower"]
    assert [why("extended", "韦"), why("extended", "陈", "township")] == ["approver", ""]
    assert [why("satisfied", "陆"), why("reported", "韦"), why("blessed", "韦")] == ["state", "state", "unknown"]


# --- deadlines


DUE = plain(*BEGUN)


@pytest.mark.parametrize(
    ("moment", "overdue"), [("09-20 00:00", False), ("09-20 23:59:59", False), ("09-21 00:00:00", True)]
)
def test_a_deadline_is_the_end_of_its_day_in_shanghai(moment: str, overdue: bool) -> None:
    assert DUE.overdue(ms(moment)) is overdue


def test_a_deadline_in_universal_time_is_the_same_moment() -> None:
    assert not DUE.overdue(ms("2018-09-20T15:59:59Z"))
    assert DUE.overdue(ms("2018-09-20T16:00:00Z"))


OVERDUE = [
    ("交办未动 / assigned and not begun", BEGUN, True),
    ("整改中 / under way", (*BEGUN, started()), True),
    ("整改完等核验 / fixed and not verified", DONE, True),
    ("核验没过 / sent back", (*DONE, failed()), True),
    ("核验过了 / verified", SEEN, False),
    ("销号了 / closed", (*SEEN, asked()), False),
    ("解释答复了 / explained", (*SEEN, explained()), False),
    ("没有期限 / no deadline yet", (reported(), accepted()), False),
    ("延期了 / extended", (*BEGUN, extended("10-31")), False),
    ("群众不满意退回 / sent back by the household", (*SEEN, asked(answer="no")), True),
    ("重新打开还没交办 / reopened and not assigned", (*SEEN, asked(), reopened()), False),
]


@pytest.mark.parametrize(("name", "steps", "overdue"), OVERDUE, ids=[english(one) for one in OVERDUE])
def test_overdue_is_what_passed_its_day_before_the_second_gate(
    name: str, steps: tuple[Write, ...], overdue: bool, shelf: Shelf
) -> None:
    assert standing_of(shelf.lay(problem(), *story(*steps))).overdue(ms("10-01")) is overdue


# --- climbing


@pytest.mark.parametrize(("moment", "climbs"), [("09-21", False), ("09-27 23:59:59", False), ("09-28 00:00:00", True)])
def test_a_problem_climbs_seven_days_after_its_deadline(moment: str, climbs: bool, shelf: Shelf) -> None:
    book = shelf.lay(problem(), *story(*BEGUN))
    (one,) = book.problems
    found = climb(one, standing_of(book), RULES, ms(moment))
    assert bool(found) is climbs
    if found:
        assert found[1]["tier"] == "township"
        assert found[1]["due_date"] == "2018-10-28"


CLIMBING = [
    ("整改完没人核验也上升 / fixed and left lying climbs", DONE, "village", "township"),
    ("核验过的不再上升 / verified climbs no more", SEEN, "village", None),
    ("办结的不再上升 / over climbs no more", (*SEEN, asked()), "village", None),
    ("没有期限的不上升 / without a deadline it stays", (reported(), accepted()), "village", None),
    ("户里的上到村 / a household's goes to the village", BEGUN, "household", "village"),
    ("乡镇的上到县 / a township's goes to the county", BEGUN, "township", "county"),
    ("县里是最后一级 / the county is last", BEGUN, "county", None),
]


@pytest.mark.parametrize(("name", "steps", "tier", "to"), CLIMBING, ids=[english(one) for one in CLIMBING])
def test_what_climbs_goes_one_tier_up(name: str, steps: tuple[Write, ...], tier: str, to: str | None) -> None:
    found = climb(entry_of(problem(tier=tier)), plain(*steps, tier=tier), RULES, ms("12-01"))
    assert (found and found[1]["tier"]) == to


def test_the_climbing_step_is_effective_once_and_has_one_id_whoever_takes_it() -> None:
    one, standing = entry_of(problem()), plain(*BEGUN)
    first, again = (climb(one, standing, RULES, ms(moment)) for moment in ("09-28 01:00", "09-29 01:00"))
    assert first is not None
    assert again is not None
    assert first[0] == again[0]
    told = Write("problem_step", "climb", first[1], CONSOLE, ms("09-28 01:00"), "甲户")
    climbed = stand(one, [*(taken.entry for taken in standing.steps), entry_of(told)], RULES)
    assert (climbed.steps[-1].why, climbed.tier, climbed.due) == ("", "township", "2018-10-28")
    assert climb(one, climbed, RULES, ms("09-29")) is None
    higher = climb(one, climbed, RULES, ms("11-05"))
    assert higher is not None
    assert higher[0] != first[0]
    assert higher[1]["tier"] == "county"


def test_a_far_deadline_does_not_keep_what_was_escalated_from_climbing_on() -> None:
    far = plain(*BEGUN, escalated("township", on="09-10", due="2030-09-10"))
    assert far.overdue(ms("10-11"))
    found = climb(entry_of(problem()), far, RULES, ms("10-18"))
    assert found is not None
    assert found[1]["tier"] == "county"


def test_what_was_escalated_has_the_next_tiers_days() -> None:
    for tier, to, due in (("household", "village", "2018-09-25"), ("township", "county", "2018-11-09")):
        assert plain(*BEGUN, escalated(to, on="09-10"), tier=tier).due == due


# --- too old to be reopened


def test_a_step_tried_out_before_it_is_written_is_not_too_old_for_its_place_after_all_others() -> None:
    """A phone asks what a step would do by laying it behind all there are, under the last stamp there is."""
    closed = story(*SEEN, asked())
    one, steps = entry_of(problem()), [entry_of(step) for step in closed]
    last = format_stamp(LATEST_MS, 0, device("韦"))
    for at, why in (("2019-03-01", ""), ("2019-04-01", "too_old")):
        values = {**reopened(at=at).values}
        tried = Entry("problem_step", "", one.village, one.household, values, last, last)
        assert stand(one, [*steps, tried], RULES).steps[-1].why == why


# --- a phone that has not synced yet


def test_steps_still_in_the_outbox_stand_as_those_that_were_sent(shelves: Any) -> None:
    shelf: PhoneShelf = shelves("phone")
    for case in CASES[:60]:
        if len(case.steps) > 1 and not case.rules:
            sent = standing_of(shelf.lay(problem(home=case.home, tier=case.tier), *case.steps))
            unsent = standing_of(shelf.lay_unsent(problem(home=case.home, tier=case.tier), *case.steps, unsent=2))
            assert (unsent.state, told_of(unsent, case.steps)) == (sent.state, told_of(sent, case.steps)), case.name


# --- for any steps

NAMES, RANKS, CHANCE = ["农", "黄", "陆", "陈"], ["household", "village", "township", "county"], Random(2018)


def any_step(what: str, by: str, rank: str) -> Write:
    """Some step that may or may not be fit to be taken."""
    pick = CHANCE.choice
    return step(
        what, by, rank=rank, tier=pick(RANKS), due_date=f"2018-{pick(['09', '10', '11', '12'])}-01",
        answer=pick(["yes", "no", "unreachable"]), method=pick(["home", "witness", "representatives"]), witnesses=["甲", "乙", "丙"],
        unit="村委会", person="农", proof_note="好了", reason=pick(["有原因", "有原因", ""]),
    )  # fmt: skip


ANY = [any_step(what, by, rank) for what in STEPS for by in NAMES for rank in RANKS]
LIKELY = [
    *SEEN, asked(), asked(answer="no"), failed(), reopened(), extended("10-30"), escalated("township"), explained(), AWAY[0],
]  # fmt: skip


@cache
def placed(place: int, index: int, likely: bool) -> Entry:
    """The `index`-th step of the stock in the `place`-th place of a story, a day after the one before."""
    one = (LIKELY if likely else ANY)[index]
    return entry_of(replace(one, name=f"{place} {likely}", at=ms("09-01") + place * 86_400_000))


def told_in_order(begun: list[int], rest: list[int]) -> list[Entry]:
    likely = [placed(place, index, True) for place, index in enumerate(begun)]
    return likely + [placed(place, index, False) for place, index in enumerate(rest, len(begun))]


UNLIKELY = st.lists(st.integers(0, len(ANY) - 1), max_size=14).map(lambda rest: told_in_order([], rest))
LIKELY_ONES = st.tuples(
    st.lists(st.integers(0, len(LIKELY) - 1), max_size=10), st.lists(st.integers(0, len(ANY) - 1), max_size=3)
).map(lambda both: told_in_order([0, 1, 2, 3, 4, *both[0]], both[1]))
STORIES = UNLIKELY | LIKELY_ONES
TIERS = st.sampled_from(["household", "village", "township", "county"])


@given(STORIES, st.randoms(), TIERS)
def test_steps_in_any_order_of_arrival_end_the_same(steps: list[Entry], chance: Any, tier: str) -> None:
    one = entry_of(problem(tier=tier))
    before = stand(one, steps, RULES)
    chance.shuffle(steps)
    assert stand(one, steps, RULES) == before


@given(STORIES, STORIES, st.randoms())
def test_two_phones_that_hold_the_same_steps_see_the_same(mine: list[Entry], theirs: list[Entry], chance: Any) -> None:
    one = entry_of(problem())
    theirs = [Entry(e.kind, f"{e.id[:-4]}ffff", e.village, e.household, e.values, e.first, e.last) for e in theirs]
    joined = [*mine, *theirs]
    assert stand(one, joined, RULES) == stand(one, [*theirs, *mine], RULES)
    for standing in (stand(one, mine, RULES), stand(one, joined, RULES)):
        assert len(standing.steps) == len({taken.entry.id for taken in standing.steps})


@given(STORIES, TIERS)
def test_nothing_closes_but_through_three_gates(steps: list[Entry], tier: str) -> None:
    standing = stand(entry_of(problem(tier=tier)), steps, RULES)
    assert standing.state in STATES
    assert standing.open is (standing.state not in OVER)
    assert all(taken.why == "" or taken.why in REASONS for taken in standing.steps)
    if standing.solved:
        last: dict[str, Signer] = {}
        for taken in standing.steps:
            if taken.effective:
                last[taken.entry.values["step"]] = signer_of(taken.entry)
        assert {"fixed", "verified", "satisfied"} <= last.keys()
        assert last["fixed"].name not in (last["verified"].name, last["satisfied"].name)
        assert RULES.rank(last["verified"].tier) >= RULES.rank(last["fixed"].tier)


@given(STORIES, TIERS)
def test_a_deadline_is_extended_twice_at_most_and_a_tier_never_sinks_by_escalating(
    steps: list[Entry], tier: str
) -> None:
    standing = stand(entry_of(problem(tier=tier)), steps, RULES)
    assert standing.extensions <= RULES.extensions
    extended_ = [taken for taken in standing.steps if taken.effective and taken.entry.values["step"] == "extended"]
    assert len(extended_) == standing.extensions
    assert (standing.original_due is None) >= (standing.due is None) or standing.due is None


@given(STORIES, st.integers(0, 14))
def test_a_step_written_later_never_changes_what_an_earlier_one_did(steps: list[Entry], count: int) -> None:
    one = entry_of(problem())
    some, all_ = stand(one, steps[:count], RULES), stand(one, steps, RULES)
    assert all_.steps[: len(some.steps)] == some.steps


@given(STORIES, st.integers(0, 400))
def test_what_climbs_is_overdue_and_its_step_takes_effect(steps: list[Entry], days: int) -> None:
    one, now = entry_of(problem()), ms("09-15") + days * 86_400_000
    standing = stand(one, steps, RULES)
    found = climb(one, standing, RULES, now)
    if found is None:
        return
    assert standing.overdue(now)
    told = entry_of(Write("problem_step", "climb", {**found[1], "at": iso(now)}, CONSOLE, now, "甲户"))
    climbed = stand(one, [*steps, told], RULES)
    assert climbed.steps[-1].why == ""
    assert RULES.rank(climbed.tier) == RULES.rank(standing.tier) + 1


def test_the_table_leaves_no_reason_no_state_and_no_step_of_the_ledger_unshown() -> None:
    told = {why for case in CASES for why in case.refused.values()}
    assert told == REASONS.keys()
    assert {case.state for case in CASES} == STATES.keys()
    assert {one.values["step"] for case in CASES for one in case.steps} >= STEPS.keys()
