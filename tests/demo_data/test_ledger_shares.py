"""How far problems come, over many villages at once: planned on paper, folded by the ledger's own rules, no database needed."""

from collections import Counter
from functools import cache

from server.demo.chance import Chance
from server.demo.diary import Diary, Saved
from server.demo.homes import Home
from server.demo.ledger import Ledger, Office
from server.demo.names import Names
from server.demo.people import Phone, Recruiter
from server.demo.places import DEMO_TOWNSHIP, Place
from server.demo.season import DAY, HOUR, Season
from server.demo.village import Village
from server.demo.visits import Visit
from shared.hlc import format_stamp
from shared.rules.entry import Entry
from shared.rules.ledger import Standing, stand
from shared.rules.policy import preset

SEASON = Season("2018-09-01", 60)
VILLAGES = 400
POLICY = preset()


def visits_of(village: Village, chance: Chance) -> list[Visit]:
    """A visit a day, each to a household of its own."""
    made = []
    for day in range(SEASON.days):
        started = SEASON.on(day, 10)
        home = Home(chance.new_id(started), village.code, 0, ["registered_poor"])
        phone = village.cadres[day % 6]
        made.append(
            Visit(chance.new_id(started), home, phone, started, started + HOUR, started + HOUR, {"mode": "home"})
        )
    return made


@cache
def standings() -> list[tuple[Entry, Standing]]:
    """Every problem with how it stands at the campaign's end."""
    chance = Chance(2)
    names = Names(chance)
    recruiter = Recruiter(chance, names, SEASON)
    clerks = [recruiter.clerk(DEMO_TOWNSHIP, "乡镇") for _ in range(2)]
    diary = Diary(SEASON)
    book = Ledger(chance, diary, Office(clerks, recruiter.clerk(DEMO_TOWNSHIP, "县", "county"), names), POLICY)
    for number in range(VILLAGES):
        code = f"451422103{number + 1:03d}"
        village = Village(Place(code, f"第{number}村"), ["那怀屯"], [])
        village.cadres = [recruiter.cadre(code, str(number), 20 * HOUR) for _ in range(6)]
        book.save(village, visits_of(village, chance))
    entries = [entry_of(saved) for saved in diary.entries]
    steps: dict[str, list[Entry]] = {}
    for entry in entries:
        steps.setdefault(entry.values.get("problem", ""), []).append(entry)
    problems = [entry for entry in entries if entry.kind == "problem"]
    return [(problem, stand(problem, steps[problem.id], POLICY.problems)) for problem in problems]


def entry_of(saved: Saved) -> Entry:
    stamp = saved.stamp if isinstance(saved.by, Phone) else format_stamp(saved.at, 0, "desk-451422103")
    return Entry(saved.kind, saved.id, saved.village, saved.household, saved.values, stamp, stamp, saved.received)


def share(wanted: int) -> float:
    return wanted / len(standings())


def test_two_or_three_problems_a_village_with_a_heavy_tail() -> None:
    villages = Counter(problem.village for problem, _ in standings())
    assert 2.1 < len(standings()) / VILLAGES < 2.9
    assert max(villages.values()) >= 10
    assert VILLAGES - len(villages) > 40, "villages without any"
    assert 0.4 < share(sum(problem.household is not None for problem, _ in standings())) < 0.6


def test_about_half_are_closed_some_are_overdue_and_some_only_explained() -> None:
    states = Counter(standing.state for _, standing in standings())
    assert 0.46 < share(states["closed"]) < 0.58
    assert 0.08 < share(sum(standing.overdue(SEASON.end) for _, standing in standings())) < 0.16
    assert set(states) >= {
        "reported", "accepted", "assigned", "in_progress", "fixed", "verified", "closed", "explained", "duplicate", "rejected",
        "reopened",
    }  # fmt: skip
    assert 0.01 < share(states["explained"]) < 0.07


def test_problems_are_solved_at_every_tier_as_in_the_county() -> None:
    solved = Counter(standing.tier for _, standing in standings() if standing.solved)
    for tier, wanted in {"household": 0.15, "village": 0.45, "township": 0.30, "county": 0.10}.items():
        assert abs(solved[tier] / sum(solved.values()) - wanted) < 0.06, tier


def test_the_third_gate_says_no_now_and_then() -> None:
    asked = [
        standing
        for _, standing in standings()
        if any(t.entry.values["step"] == "satisfied" and t.entry.values["answer"] == "no" for t in standing.steps)
    ]
    assert 0.02 < share(len(asked)) < 0.08
    assert {standing.closed_by for _, standing in standings()} >= {"household", "witness", "representatives"}


def test_a_few_steps_are_without_effect_and_only_such_as_people_really_take() -> None:
    taken = [(one.entry.values["step"], one.why) for _, standing in standings() for one in standing.steps]
    illegal = Counter(one for one in taken if one[1])
    assert 0.002 < sum(illegal.values()) / len(taken) < 0.03
    assert set(illegal) == {("verified", "fixer"), ("started", "state")}


def test_the_desk_alone_sorts_and_signs_for_the_township() -> None:
    for _, standing in standings():
        for one in standing.steps:
            device, tier = one.entry.first[18:], one.entry.values["by_tier"]
            assert device.startswith("desk-") == (tier in ("township", "county"))


def test_nothing_happens_after_the_campaign() -> None:
    assert max(one.at for _, standing in standings() for one in standing.steps) < SEASON.end
    assert SEASON.end == SEASON.start + 60 * DAY
