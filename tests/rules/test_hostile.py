"""What the gate lets through and no form would write: odd shapes, the ends of time, words that are missing or null.

One such record must not stop anybody's due list or the township's figures. Each is taken in at the gate first, so that it is no invention.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kinds import KINDS
from shared.rules.cleanup import lines
from shared.rules.contact import link_month
from shared.rules.coverage import cover, in_campaign, roster
from shared.rules.due import NEEDS, Book, due_list
from shared.rules.ledger import climb, stand
from shared.rules.policy import preset
from shared.rules.visits import doubled, judge_all, overlapping
from tests.rules.cases_due import BEGUN, NONG, PROBLEM, RUN, A
from tests.rules.conftest import Shelf, TownHall, book_of
from tests.rules.reading import english, entry_of
from tests.rules.records import (
    Write,
    campaign,
    check,
    contact,
    household,
    ident,
    link,
    ms,
    policy,
    problem,
    stamped,
    step,
    story,
    visit,
)  # fmt: skip

NOW = ms("09-10 08:00")
EARLY, LATE = "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"
FIRST, LAST = "0001-01-01", "9999-12-31"


def everything(book: Book) -> None:
    """Ask every rule about a book: none may fail, and a village's other households are still on the list."""
    due_list(book, NONG, NOW)
    judged = judge_all(book.visits, book.policies, now=NOW)
    for one in judged:
        one.findings()
        assert one.length.ms >= 0
    overlapping(book.visits)
    doubled(book.visits)
    for run in book.campaigns:
        own = [one for one in judged if in_campaign(one.entry, run.id, run.values)]
        rules = book.policies.on("2018-09-10")
        wanted = run.values.get("must_visit")
        cover(roster(book.households.values(), rules, wanted), book.households, own, rules, "2018-09-10", wanted)
    for one in book.links:
        link_month(one, [*book.contact_visits, *book.visits], "2018-09", preset().contact, NOW)
    lines(book.checks, book.policies)
    for one in book.problems:
        own_steps = [step for step in book.steps if step.values.get("problem") == one.id]
        standing = stand(one, own_steps, preset().problems)
        standing.overdue(NOW)
        climb(one, standing, preset().problems, NOW)


# fmt: off
ODD: list[tuple[str, tuple[Write, ...]]] = [
    ("走访从元年开始 / a visit from the year one", (visit(EARLY, "10:40", on="10:40"),)),
    ("走访到万年才完 / a visit to the last year", (visit("10:00", LATE, on="10:40"),)),
    ("走访从万年开始 / a visit from the last year", (visit(LATE, LATE, on="10:40"),)),
    ("停顿大得离谱 / a pause beyond all numbers", (visit("10:00", "10:40", timer="40:00", pauses=[{"from_mono": 1e306}]),)),
    ("停顿从元年开始 / a pause from the year one", (visit("10:00", "10:40", pauses=[{"from": EARLY, "to": "2018-09-03T10:10:00+08:00"}]),)),
    ("停顿到万年才完 / a pause to the last year", (visit("10:00", "10:40", pauses=[{"from": "2018-09-03T10:10:00+08:00", "to": LATE}]),)),
    ("停顿里套列表 / a list for a pause", (visit("10:00", "10:40", timer="40:00", pauses=[[["停"]], {"from_mono": {}}, {"from_mono": [1]}]),)),
    ("计时器走了三万年 / a timer of thirty thousand years", (visit("10:00", "10:40", started_mono=0.0, ended_mono=1e15),)),
    ("走访什么也没写 / a visit that says nothing", (visit("10:00", on="10:00").then("10:01", **dict.fromkeys(KINDS["visit"].fields)),)),
    ("联户走访在元年 / a call in the year one", (link("农"), contact(EARLY, by="农", on="09-05"))),
    ("联户走访在万年 / a call in the last year", (link("农"), contact(LATE, by="农", on="09-05"))),
    ("联户从元年到万年 / a link through all time", (link("农", since=FIRST, until=LAST),)),
    ("免访从元年到万年 / an exemption through all time", (link("农", exempt_from=FIRST, exempt_to=LAST), link("农", home="乙户", exempt_to=FIRST))),
    ("检查在元年 / a check in the year one", (check("09-05", 60), check("09-05", 60, name="元年", checked_at=EARLY))),
    ("检查在万年 / a check in the last year", (check("09-05", 60), check("09-05", 60, name="万年", checked_at=LATE))),
    ("检查的最后一天 / a check on the last day there is", (check("09-05", 60, checked_at="9999-12-31T10:00:00+08:00"),)),
    ("问题在元年发现 / a problem found in the year one", (problem(found_at=EARLY), *story(*BEGUN))),
    ("问题在万年发现 / a problem found in the last year", (problem(found_at=LATE), *story(*BEGUN))),
    ("期限到最后一天 / a deadline on the last day there is", (problem(), *story(*BEGUN[:2], BEGUN[2].then("09-03", **(dict(BEGUN[2].values) | {"due_date": LAST}))))),
    ("期限在元年 / a deadline on the first day there is", (problem(), *story(*BEGUN[:2], BEGUN[2].then("09-03", **(dict(BEGUN[2].values) | {"due_date": FIRST}))))),
    ("上报时间在元年 / reported in the year one", (problem(), *story(step("reported", "韦", at=EARLY)))),
    ("办理时间在元年 / a step in the year one", (problem(), *story(*BEGUN, step("escalated", "韦", tier="township", reason="难", at=EARLY)))),
    ("办理时间在万年 / a step in the last year", (problem(), *story(*BEGUN, step("escalated", "韦", tier="township", reason="难", at=LATE)))),
    ("层级不认识 / a tier nobody knows", (problem(tier="moon"), *story(*BEGUN, step("escalated", "韦", rank="moon", tier="moon", reason="难")))),
    ("一步什么也没写 / a step that says nothing", (problem(), *story(*BEGUN, step("fixed").then("09-08", **dict.fromkeys(KINDS["problem_step"].fields))))),
    ("活动从元年到最后一天 / a campaign through all time", (campaign("长", starts=FIRST, ends=LAST), A)),
    ("活动什么也没写 / a campaign that says nothing", (campaign("空").then("09-01", **dict.fromkeys(KINDS["campaign"].fields)), A)),
    ("农户什么也没写 / a household that says nothing", (RUN, household("甲户").then("09-01", **dict.fromkeys(KINDS["household"].fields)))),
    ("检查什么也没写 / a check that says nothing", (check("09-05", 60).then("09-06", **dict.fromkeys(KINDS["cleanup_check"].fields)),)),
    ("规则什么也没写 / a policy that says nothing", (policy("县1").then("09-01", **dict.fromkeys(KINDS["policy"].fields)), RUN, A)),
    ("评分项是别的字段 / a rubric of fields that are no points", (
        policy("县1", overrides={"cleanup": {"rubrics": {"household": {"items": [
            {"field": "checker", "full": 20, "label": {"zh": "好", "en": "good"}}, {"field": "red_lines", "full": 20, "label": {"zh": "好", "en": "good"}},
        ]}}}}), check("09-05", 60))),
    ("六必看没有一项 / a policy without checks", (policy("县1", overrides={"checks": []}), RUN, A, visit("09-05 10:00", "09-05 10:40"))),
    ("规则里天数大到最后一天以后 / days beyond the last day", (
        policy("县1", overrides={"cleanup": {"recheck_days": 999_999}, "problems": {"climb_days": 999_999}}), check("09-05", 60), problem(), *story(*BEGUN))),
]
# fmt: on


@pytest.mark.parametrize(("name", "wrote"), ODD, ids=[english(one) for one in ODD])
def test_one_odd_record_does_not_stop_the_rest(name: str, wrote: tuple[Write, ...], shelf: Shelf) -> None:
    mine, seen = household("丙户", "registered_poor"), household("丁户", "registered_poor")
    also = () if any(one.kind == "campaign" for one in wrote) else (RUN,)
    book = shelf.lay(*also, *wrote, mine, seen, visit("09-05 15:00", "09-05 15:40", home="丁户", by="黄"))
    everything(book)
    on_list = {place.household for place in due_list(book, NONG, NOW)}
    if RUN in (*also, *wrote) and not any(one.kind == "policy" for one in wrote):
        assert mine.id in on_list
        assert seen.id not in on_list


# --- any value that a field takes

TEXTS = st.sampled_from(["", " ", "家", "10:00", "township", "yes", "x" * 40])
MOMENTS = st.sampled_from(
    [EARLY, LATE, "2018-09-03T10:00:00+08:00", "2018-09-03T02:00Z", "1969-12-31T23:59:59.999999Z"]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.sampled_from([1e306, -1e306, 0.5])
    | TEXTS
    | MOMENTS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["from", "to", "from_mono", "to_mono", "visit"]), inner, max_size=3)
    ),
    max_leaves=6,
)
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS, "code": st.just("1-2"), "choice": st.sampled_from(["home", "fixed", "yes", "unheard_of", "village", "ok", "household"]),
    "choices": st.lists(st.sampled_from(["campaign", "party_link", "registered_poor", "sewage", "unheard_of"]), max_size=3),
    "list": st.lists(st.sampled_from(["农", "黄", "家"]), max_size=3), "object": ANYTHING, "boolean": st.booleans(),
    "integer": st.integers(0, 31), "number": st.sampled_from([0, 0.1, 20, 99.95, 100]), "link": st.just(ident("problem", "饮水")),
    "date": st.sampled_from([FIRST, LAST, "2018-09-03", "2018-02-28"]), "datetime": MOMENTS,
}  # fmt: skip


def field_value(kind: str, name: str) -> st.SearchStrategy[Any]:
    declared = KINDS[kind].fields[name]
    of_objects = getattr(declared, "of_objects", False)
    return st.none() | (st.lists(ANYTHING, max_size=3) if of_objects else BY_TYPE[declared.type_name])


def any_record(kind: str) -> st.SearchStrategy[Write]:
    fields = {name: field_value(kind, name) for name in sorted(NEEDS[kind])}
    home = st.sampled_from(["甲户", "乙户", None])
    return st.builds(
        lambda values, at, where, place: Write(kind, f"{kind} {place}", values, "农", at, None if kind == "household" else where),
        st.fixed_dictionaries({}, optional=fields), st.integers(ms("09-01"), ms("09-09")), home, st.integers(0, 3),
    )  # fmt: skip


RECORDS = st.lists(st.sampled_from(sorted(NEEDS)).flatmap(any_record), max_size=6, unique_by=lambda one: one.id)


@given(RECORDS)
def test_no_record_that_the_gate_takes_stops_a_rule(wrote: list[Write]) -> None:
    for one in wrote:
        assert KINDS[one.kind].errors(dict(one.values)) == {}, "the gate would take it"
    everything(Shelf().lay(RUN, A, PROBLEM, *story(*BEGUN), *wrote))


# --- who may undo what


def test_a_step_of_the_desk_is_not_undone_by_a_cadre(town_hall: TownHall) -> None:
    """The ledger is a history: once written a step stays, whoever would rather it had not been."""
    code = town_hall.found()
    steps = story(*BEGUN[:1], step("rejected", "陈", rank="township", reason="不属实"))
    town_hall.admit(code, stamped([problem(), *steps], code))
    undone = steps[1].then("09-08", by="韦", removed=True)
    (told,) = town_hall.admit(code, stamped([undone], code), roles=["cadre"])
    with town_hall.database.read(code) as store:
        kept = store.entries("problem_step", NEEDS["problem_step"])
        (one,) = store.entries("problem", NEEDS["problem"])
    assert stand(one, kept, preset().problems).state == "rejected"
    assert told.refused


def test_a_step_of_the_desk_is_not_rewritten_by_a_phone_whose_clock_is_slow(town_hall: TownHall) -> None:
    code = town_hall.found()
    steps = story(*BEGUN[:1], step("rejected", "陈", rank="township", reason="不属实", on="09-05"))
    town_hall.admit(code, stamped([problem(), *steps], code))
    earlier = steps[1].then("09-02", by="韦", received="09-08", step="reported")
    town_hall.admit(code, stamped([earlier], code), roles=["cadre"])
    with town_hall.database.read(code) as store:
        kept = store.entries("problem_step", NEEDS["problem_step"])
        (one,) = store.entries("problem", NEEDS["problem"])
    assert stand(one, kept, preset().problems).state == "rejected"


@pytest.mark.parametrize("make", [lambda one: book_of([one]), lambda one: book_of([one, one])], ids=["once", "twice"])
def test_a_book_of_one_record_is_read(make: Callable[[Any], Book]) -> None:
    everything(make(entry_of(visit("10:00", "10:40"))))
