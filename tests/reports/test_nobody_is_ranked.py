"""No report names anybody, and none ranks: rows are places, categories, tiers or targets, in an order that no figure can change.

国办函〔2026〕12号 forbids league tables of cadres, and DESIGN promises none. Every report there is gets looked at, found by itself: the
functions of `server.reports`, and the subcommands of `ruhu report`. That the looking can fail is shown with reports that are made to.
"""

import importlib
import inspect
import itertools
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import server.reports
from server.cli import main
from server.reports.report import Report, Table
from shared.fields import Label
from tests.reports.awkward import make_awkward
from tests.reports.conftest import Office, Township, World, look, persons_of
from tests.reports.second_way import LADDER, TEXT
from tests.reports.strictness import offences, offences_in_print, report_commands, report_functions
from tests.sync.world import TOWN

MONTHS = (None, "2018-09", "2018-10")
VILLAGES = [f"{TOWN}{place:03d}" for place in (1, 2, *range(201, 230))]
ORDER = {
    "village": VILLAGES,
    "category": [*TEXT["categories"], *TEXT["problems"]["categories"]],
    "tier": list(LADDER),
    "target": ["household", "hamlet", "village"],
}


class Looked:
    """A made-up county on disk, and everybody in it."""

    def __init__(self, office: Office, persons: frozenset[str]) -> None:
        self.office = office
        self.persons = persons


@pytest.fixture
def county(county_instance: Path, office: Office, monkeypatch: pytest.MonkeyPatch) -> Looked:
    shutil.rmtree(office.folder)
    shutil.copytree(county_instance, office.folder)
    office.now = "2018-11-20T09:00:00"
    rows = office.rows("SELECT id, name FROM user_account")
    persons = {word for row in rows for word in row}
    persons |= {word for row in office.rows("SELECT id FROM device") for word in row}
    persons |= {word for row in office.rows("SELECT id, head_name FROM kind_household") for word in row}
    persons |= {word for row in office.rows("SELECT id, name FROM kind_member") for word in row}
    persons |= {word for row in office.rows("SELECT by_name, person FROM kind_problem_step") for word in row if word}
    assert len(persons) > 300
    return Looked(office, frozenset(persons))


# --- every report there is ------------------------------------------------------------------------------------------------


def test_the_four_reports_are_found_by_themselves() -> None:
    assert {name.rpartition(".")[2] for name in report_functions()} >= {
        "coverage_report", "contact_report", "cleanup_report", "problems_report",
    }  # fmt: skip
    assert report_commands().keys() >= {"coverage", "contact", "cleanup", "problems"}


def test_every_report_function_names_nobody_and_ranks_nothing(county: Looked) -> None:
    told = 0
    database = county.office.database
    for name, report in report_functions().items():
        for month in MONTHS:
            with database.read(TOWN) as store:
                made = ask(report, store, database.kinds, county.office.now, month)
            assert offences(json.loads(json.dumps(made.as_json())), county.persons, ORDER) == [], name
            assert offences_in_print(made.lines(), county.persons) == [], name
            told += 1
    assert told >= 12


def ask(report: Callable[..., Any], store: Any, kinds: Any, now: int, month: str | None) -> Any:
    """Call a report with what it asks for."""
    offered = {"store": store, "kinds": kinds, "now": now, "month": month, "township": TOWN}
    wanted = inspect.signature(report).parameters
    unknown = [name for name, one in wanted.items() if name not in offered and one.default is inspect.Parameter.empty]
    assert unknown == [], f"teach this test to call {report.__name__}: it asks for {unknown}"
    return report(**{name: offered[name] for name in wanted if name in offered})


def test_every_report_command_names_nobody_and_ranks_nothing(county: Looked) -> None:
    for name, command in report_commands().items():
        assert words_for(command, None), name
        for month in MONTHS:
            told = county.office.json("report", name, *words_for(command, month))
            assert offences(told, county.persons, ORDER) == [], name
            printed = county.office.says("report", name, *words_for(command, month))
            assert offences_in_print(printed.splitlines(), county.persons) == [], name


def words_for(command: click.Command, month: str | None) -> list[str]:
    """The options a subcommand needs: the township, and the month where it takes one."""
    taken = {option for parameter in command.params for option in parameter.opts}
    needed = {option for parameter in command.params if parameter.required for option in parameter.opts}
    assert needed <= {"--township", "--month"}, f"teach this test to run {command.name}: it needs {needed}"
    words = ["--township", TOWN] if "--township" in taken else []
    return [*words, "--month", month or "2018-10"] if "--month" in taken and (month or "--month" in needed) else words


@pytest.mark.parametrize("what", ["awkward 1", "county 22"])
def test_nobody_of_a_stranger_township_is_named_either(what: str, townships: Callable[[str, str], Township]) -> None:
    found = townships(what, "sqlite")
    order = ORDER | {"category": [*ORDER["category"], "a_new_sort"]}
    for key, told in found.told.items():
        assert offences(told, found.persons, order) == [], key
        assert offences_in_print(found.lines[key], found.persons) == [], key


def test_what_is_printed_is_the_same_rows_in_the_same_order_as_the_json(
    townships: Callable[[str, str], Township],
) -> None:
    found = townships("county 22", "sqlite")
    for key, told in found.told.items():
        tables = [table for name, table in told.items() if isinstance(table, list) and name != "notes"]
        names = [[row["name"] for row in table] for table in tables]
        parts = "\n".join(found.lines[key]).split("\n\n")[1 : 1 + len(tables)]
        printed = [[line.split()[0] for line in part.splitlines()[1:]] for part in parts]
        assert printed == [[*names[0], "合计"], *names[1:]], key


def test_a_better_village_does_not_move_up(world: World) -> None:
    """The same report before and after one village did well: the rows stand where they stood."""
    make_awkward(world, 3, events=120)
    database = world.service.database
    orders = []
    for _ in range(2):
        with database.read(TOWN) as store:
            for name, report in report_functions().items():
                told = ask(report, store, database.kinds, world.now, "2018-10").as_json()
                orders.append((name, [row["village"] for row in told["villages"]]))
        world.sql("UPDATE kind_cleanup_check SET village = '451422103203'")
        world.sql("UPDATE kind_problem SET village = '451422103203'")
    assert len({tuple(order) for _, order in orders}) == 1
    assert persons_of(world, look(world))


# --- the looking can fail -----------------------------------------------------------------------------------------------------

GOOD = {
    "report": "bad",
    "township": TOWN,
    "villages": [
        {"village": VILLAGES[2], "name": "海湾", "visits": 3},
        {"village": VILLAGES[3], "name": "思州", "visits": 9},
    ],
    "total": {"visits": 12, "by_phone": 0},
    "notes": [{"zh": "一", "en": "one"}],
}


def worse(**more: Any) -> dict[str, Any]:
    return GOOD | more


def test_a_decent_report_has_no_offences() -> None:
    assert offences(GOOD, ["韦敏"], ORDER) == []


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (worse(villages=[*reversed(GOOD["villages"])]), "fixed order"),
        (worse(villages=[{"visitor": "x", "visits": 3}]), "not about villages"),
        (worse(cadres=[]), "about a person"),
        (worse(total={"visits": 12, "checker": None}), "about a person"),
        (worse(total={"visits": 12, "party_member": 1}), "about a person"),
        (worse(total={"found_by": 1}), "about a person"),
        (worse(villages=[{"village": VILLAGES[2], "by_name": {"甲": 1}}]), "about a person"),
        (worse(villages=[{"village": VILLAGES[2], "rank": 1}]), "ranks"),
        (worse(villages=[{"village": VILLAGES[2], "name": "海湾", "most": "韦敏 9"}]), "names somebody"),
        (worse(villages=[{"village": VILLAGES[2], "counts": {"韦敏": 9}}]), "names somebody"),
        (worse(notes=[{"zh": "韦敏最多", "en": "x"}]), "names somebody"),
        (worse(villages=[{"village": "0191-home", "visits": 1}]), "no village"),
        (worse(villages=[GOOD["villages"][0], GOOD["villages"][0]]), "twice"),
        (worse(households=[{"household": "x", "visits": 3}]), "not about villages"),
        (worse(tiers=[{"tier": "county"}, {"tier": "village"}]), "fixed order"),
        (worse(villages=[{"village": VILLAGES[2], "inside": [{"name": "甲", "visits": 1}]}]), "not about villages"),
    ],
)
def test_a_report_that_names_or_ranks_is_caught(told: dict[str, Any], says: str) -> None:
    assert any(says in offence for offence in offences(told, ["韦敏"], ORDER)), offences(told, ["韦敏"], ORDER)


def test_a_printed_name_is_caught() -> None:
    assert offences_in_print(["  海湾村委会  3", "  其中韦敏 2"], ["韦敏"])


BAD_REPORT = '''
from server.reports.report import Report, Table
from shared.fields import Label


def league_report(store, now, month=None):
    """Who visits most: just what must never be."""
    rows = store.sql("SELECT by_name, count(*) FROM kind_problem_step WHERE township = ? GROUP BY 1 ORDER BY 2 DESC", store.code)
    table = Table({"steps": Label("次数", "Steps")}, [{"name": name, "steps": steps} for name, steps in rows])
    return Report("league", Label("排行榜", "League"), {"township": store.code}, table, {})
'''


def test_a_new_report_is_looked_at_without_being_named_here(
    county: Looked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "league.py").write_text(BAD_REPORT, encoding="utf-8")
    monkeypatch.setattr(server.reports, "__path__", [*server.reports.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        assert "server.reports.league.league_report" in report_functions()
        with pytest.raises(AssertionError, match="names somebody"):
            test_every_report_function_names_nobody_and_ranks_nothing(county)
    finally:
        sys.modules.pop("server.reports.league", None)
        vars(server.reports).pop("league", None)


def test_a_new_subcommand_is_looked_at_without_being_named_here(
    county: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("league")
    @click.option("--township", required=True)
    @click.option("--json", "as_json", is_flag=True)
    def league(township: str, as_json: bool) -> None:
        somebody = min(county.persons)
        click.echo(json.dumps({"villages": []}) if as_json else f"  {township} {somebody}")

    monkeypatch.setitem(main.commands["report"].commands, "league", league)  # type: ignore[attr-defined]
    assert CliRunner().invoke(main, ["report", "league", "--township", "1", "--json"]).exit_code == 0
    with pytest.raises(AssertionError, match="names somebody"):
        test_every_report_command_names_nobody_and_ranks_nothing(county)


def test_a_report_sorted_by_its_figures_is_caught() -> None:
    """Whatever the figures are: of all the orders that three villages can stand in, only one is taken."""
    columns = {"visits": Label("走访", "Visits")}
    rows = [
        {"village": code, "name": code, "visits": visits} for code, visits in zip(VILLAGES[2:5], (7, 9, 8), strict=True)
    ]
    taken = 0
    for order in itertools.permutations(rows):
        made = Report("x", Label("一", "one"), {"township": TOWN}, Table(columns, order), {"visits": 24})
        taken += offences(made.as_json(), [], ORDER) == []
    assert taken == 1
