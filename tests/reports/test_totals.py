"""Every figure of every report equals the one worked out a second time from the raw records (`second_way`): village by village, in total,
by category, tier and target, for September, for October and for today.

The made-up county is what a campaign looks like; the awkward township is what the rules have edges for. On PostgreSQL each is built again,
and the reports must say the same as on SQLite.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from tests.reports import second_way
from tests.reports.conftest import Township
from tests.reports.second_way import Figures

COUNTIES = ("county 4", "county 22", "county 23")
AWKWARD = ("awkward 1", "awkward 3", "awkward 18")
ON_SQLITE = [(what, "sqlite") for what in (*COUNTIES, *AWKWARD)]
ON_POSTGRES = [
    pytest.param((what, "postgres"), marks=pytest.mark.postgres, id=f"{what} postgres")
    for what in ("county 22", "awkward 1")
]
EACH = [*(pytest.param(one, id=" ".join(one)) for one in ON_SQLITE), *ON_POSTGRES]

PLACE = frozenset({"village", "name", "category", "tier", "target", "categories", "percent"})


def differences(where: str, row: Figures, mine: Figures, share: tuple[str, ...] = ()) -> list[str]:
    """Where a report's row and the second way differ. `share`: the names whose first is the part and whose sum or last is the whole."""
    told = []
    assert row.keys() - PLACE == mine.keys() - PLACE, "a column that the second way does not know"
    for name in sorted(mine.keys() - PLACE):
        same = row[name] == mine[name]
        if name == "average":
            same = is_rounded(row[name], mine[name])
        if not same:
            told.append(f"{where} {name}: {row[name]}, the second way {mine[name]}")
    if share:
        part, whole = mine[share[0]], sum(mine[name] for name in share[1:])
        exact = Fraction(100 * part, whole) if whole else None
        if not is_rounded(row["percent"], exact) or (part < whole and row["percent"] == 100):
            told.append(f"{where} percent: {row['percent']}, the second way {exact}")
    return told


def is_rounded(told: float | None, exact: Fraction | None) -> bool:
    """Whether a figure is the exact one to one decimal; only the whole is a hundred."""
    if told is None or exact is None:
        return told is exact
    if told == 99.9 and 99 < exact < 100:
        return True
    return abs(Fraction(str(told)) - exact) <= Fraction(1, 20) and round(told, 1) == told


def check(rows: list[Figures], key: str, mine: dict[str, Figures], share: tuple[str, ...]) -> list[str]:
    assert [row[key] for row in rows] == list(mine), "other rows, or in another order"
    return [told for row in rows for told in differences(row[key], row, mine[row[key]], share)]


@pytest.fixture
def town(request: pytest.FixtureRequest, townships: Callable[[str, str], Township]) -> Township:
    return townships(*request.param)


each = pytest.mark.parametrize("town", EACH, indirect=True)


@each
def test_coverage_is_the_same_both_ways(town: Township) -> None:
    share = ("visited", "households")
    for month in town.months:
        for campaign in town.campaigns:
            report = town.told["coverage", month, campaign]
            mine = second_way.coverage(town.raw, town.now, month, campaign)
            assert report["day"] == mine["day"]
            assert report["campaign_record"]["id"] == mine["campaign"]
            assert check(report["villages"], "village", mine["villages"], share) == [], month
            assert differences("total", report["total"], mine["total"], share) == [], month
            assert check(report["categories"], "category", mine["total"]["categories"], share) == [], month


@each
def test_coverage_by_category_is_the_same_both_ways_in_every_village(town: Township) -> None:
    for month in town.months:
        for campaign in town.campaigns:
            report = town.told["coverage", month, campaign]
            mine = second_way.coverage(town.raw, town.now, month, campaign)
            for row in (*report["villages"], report["total"]):
                counted = mine["villages"].get(row.get("village"), mine["total"])["categories"]
                if not row["categories"]:  # nobody was ever on this village's roster
                    assert not any(category["households"] for category in counted.values())
                    continue
                for code, category in counted.items():
                    found = row["categories"][code]
                    assert (found["households"], found["visited"]) == (category["households"], category["visited"])


@each
def test_a_month_of_contact_visits_is_the_same_both_ways(town: Township) -> None:
    share = ("made", "owed")
    for month in town.months:
        report, mine = town.told["contact", month, None], second_way.contact(town.raw, town.now, month)
        assert report["month"] == mine["month"]
        assert check(report["villages"], "village", mine["villages"], share) == [], month
        assert differences("total", report["total"], mine["total"], share) == [], month


@each
def test_a_month_of_clean_up_is_the_same_both_ways(town: Township) -> None:
    share = ("passed", "passed", "failed")
    for month in town.months:
        report, mine = town.told["cleanup", month, None], second_way.cleanup(town.raw, town.now, month)
        assert report["month"] == mine["month"]
        assert check(report["villages"], "village", mine["villages"], share) == [], month
        assert check(report["targets"], "target", mine["targets"], share) == [], month
        assert differences("total", report["total"], mine["total"], share) == [], month


@each
def test_the_ledger_is_the_same_both_ways(town: Township) -> None:
    for month in town.months:
        share = () if month else ("solved", "found")
        report, mine = town.told["problems", month, None], second_way.problems(town.raw, town.now, month)
        assert report["day"] == mine["day"]
        for table, key in (("villages", "village"), ("tiers", "tier"), ("categories", "category")):
            assert check(report[table], key, mine[table], share) == [], month
            assert not month or {row["percent"] for row in report[table]} <= {None}, "a month solves what others found"
        assert differences("total", report["total"], mine["total"], share) == [], month


# --- the townships are worth comparing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["coverage", "contact", "cleanup", "problems"])
def test_every_column_counts_something_somewhere(name: str, townships: Callable[[str, str], Township]) -> None:
    counted: dict[str, Any] = {}
    for what in AWKWARD:
        for (report, _, _), told in townships(what, "sqlite").told.items():
            if report == name:
                for column, figure in told["total"].items():
                    counted[column] = counted.get(column) or figure
    assert [column for column, figure in counted.items() if not figure] == []


def test_most_guards_of_the_ledger_were_met_by_somebody(townships: Callable[[str, str], Township]) -> None:
    met = set()
    for what in AWKWARD:
        raw = townships(what, "sqlite").raw
        for problem in raw.of("problem"):
            steps = [step for step in raw.of("problem_step") if step["values"]["problem"] == problem["id"]]
            met |= {why for _, why in second_way.card_of(problem, steps).refused}
    assert met >= {
        "no such step", "state", "who", "duty", "extend instead", "proof", "assign first", "the fixer", "lower", "answer",
        "representatives", "one tier", "last tier", "why", "no deadline", "not later", "one tier up approves", "of which",
    }  # fmt: skip


def test_in_a_made_up_county_who_sends_a_problem_up_names_no_day_beyond_those_of_the_next_tier(
    townships: Callable[[str, str], Township],
) -> None:
    named = 0
    for what in COUNTIES:
        for step in townships(what, "sqlite").raw.of("problem_step"):
            values = step["values"]
            if values["step"] == "escalated" and values.get("due_date"):
                named += 1
                days = second_way.TEXT["problems"]["days"][values["tier"]]
                taken = second_way.day_of(second_way.time_of_step(step))
                assert values["due_date"] <= second_way.plus_days(taken, days)
    assert named


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["county 22", "awkward 1"])
def test_both_databases_say_the_same(what: str, townships: Callable[[str, str], Township]) -> None:
    one, other = townships(what, "sqlite"), townships(what, "postgres")
    assert one.told == other.told
    assert one.lines == other.lines
