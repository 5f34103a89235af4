"""Two rounds of one township at the same moment: two threads of one server, two servers on one database. One step comes of it.

Nobody sleeps: each round is held at the place where it has seen what is to be done and has not locked yet, until the other is there too.
"""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import server.acts.ledger
from server.acts.ledger import Round, go_round
from server.app import create_app
from server.schedule import rounds
from server.store import Database
from shared.moments import DAY_MS, iso
from tests.sync.world import START, TOWN, V1, World

HOUSE = {"e1_house": 20, "e2_yard": 20, "e3_weeds": 15, "e4_rubbish": 20, "e5_kitchen": 10, "e6_toilet": 10, "e7_animals": 5}  # fmt: skip
NIGHT = START + 40 * DAY_MS
NONE = {"climbed": [], "opened": [], "reopened": []}


def write(world: World, kind: str, values: dict[str, Any], household: str | None = None) -> str:
    id_ = str(uuid.uuid4())
    row = world.at_the_gate(
        lambda gate, writer: gate.write(writer, kind, id_, values, village=V1, household=household)
    )  # fmt: skip
    assert row.refusal is None
    return id_


def overdue(world: World) -> str:
    problem = write(world, "problem", {"category": "infra", "found_at": iso(START), "tier": "village"})
    for step in ("reported", "accepted", "assigned"):
        duty = {"unit": "村委会", "person": "农", "due_date": "2018-09-10"}
        write(world, "problem_step", {"problem": problem, "step": step, "at": iso(START), "by_name": "陈"} | duty)
    return problem


def slipped_back(world: World) -> None:
    home = write(world, "household", {"head_name": "甲"})
    for share in (0.95, 0.5):
        marks = {name: full * share for name, full in HOUSE.items()}
        write(world, "cleanup_check", {"target": "household", "checked_at": iso(world.now)} | marks, home)
        world.later(days=1)


@pytest.fixture
def two_servers(world: World, tmp_path: Path) -> Any:
    """The world's database twice: as its own server has it, and as another with connections of its own."""
    config = world.service.config
    other = create_app(config).extensions["ruhu"].database
    yield world.service.database, other
    other.engine.dispose()


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Runs rounds at the same moment; each has looked without a lock before any goes on."""

    def run(*doings: Callable[[], Any]) -> list[Any]:
        door = threading.Barrier(len(doings), timeout=30)
        looked = threading.local()
        read = server.acts.ledger.read_book

        def read_and_wait(*words: Any) -> Any:
            book = read(*words)
            if not getattr(looked, "once", False):
                looked.once = True
                door.wait()
            return book

        monkeypatch.setattr(server.acts.ledger, "read_book", read_and_wait)
        told: list[Any] = [None] * len(doings)

        def work(place: int) -> None:
            try:
                told[place] = doings[place]()
            except Exception as error:
                told[place] = error

        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(doings))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        monkeypatch.setattr(server.acts.ledger, "read_book", read)
        failed = [error for error in told if isinstance(error, Exception)]
        assert failed == []
        return told

    return run


def said(told: list[Round]) -> list[dict[str, list[str]]]:
    return sorted((one.as_json() for one in told), key=lambda one: -len(str(one)))


def test_two_threads_of_one_server_climb_one_step(world: World, together: Callable[..., list[Any]]) -> None:
    problem, database = overdue(world), world.service.database
    told = together(*[lambda: go_round(database, TOWN, NIGHT)] * 2)
    assert said(told) == [NONE | {"climbed": [problem]}, NONE]
    assert world.sql("SELECT count(*) FROM kind_problem_step WHERE step = 'escalated'") == [(1,)]
    assert world.sql("SELECT count(*) FROM changes WHERE via = 'round'") == [(1,)]
    world.verify()


def test_two_servers_on_one_database_climb_one_step(
    world: World, two_servers: tuple[Database, Database], together: Callable[..., list[Any]]
) -> None:
    problem = overdue(world)
    told = together(*[lambda one=one: go_round(one, TOWN, NIGHT) for one in two_servers])
    assert said(told) == [NONE | {"climbed": [problem]}, NONE]
    assert world.sql("SELECT count(*) FROM kind_problem_step WHERE step = 'escalated'") == [(1,)]
    assert world.sql("SELECT count(*) FROM changes WHERE via = 'round'") == [(1,)]
    world.verify()


def test_two_rounds_of_a_minute_apart_on_two_servers_climb_one_step(
    world: World, two_servers: tuple[Database, Database], together: Callable[..., list[Any]]
) -> None:
    """The clocks of two servers never agree to the millisecond, so neither may the step's id hang on them."""
    problem = overdue(world)
    midnight = START - START % DAY_MS + 40 * DAY_MS - 8 * 3_600_000
    first, second = two_servers
    told = together(
        lambda: go_round(first, TOWN, midnight + DAY_MS - 30_000),
        lambda: go_round(second, TOWN, midnight + DAY_MS + 30_000),
    )
    assert said(told) == [NONE | {"climbed": [problem]}, NONE]
    assert world.sql("SELECT count(*) FROM kind_problem_step WHERE step = 'escalated'") == [(1,)]


def test_two_servers_open_one_problem_for_a_place_that_slipped_back(
    world: World, two_servers: tuple[Database, Database], together: Callable[..., list[Any]]
) -> None:
    slipped_back(world)
    told = together(*[lambda one=one: go_round(one, TOWN, START + 3 * DAY_MS) for one in two_servers])
    assert sorted(len(one.opened) for one in told) == [0, 1]
    assert world.sql("SELECT count(*) FROM kind_problem") == [(1,)]
    assert world.sql("SELECT step FROM kind_problem_step") == [("reported",)]
    world.verify()


def test_four_nights_at_once_over_many_problems_take_each_step_once(
    world: World, two_servers: tuple[Database, Database], together: Callable[..., list[Any]]
) -> None:
    problems = {overdue(world) for _ in range(6)}
    slipped_back(world)
    world.now = NIGHT
    together(*[lambda one=one: rounds(one) for one in two_servers * 2])
    taken = world.sql("SELECT problem, count(*) FROM kind_problem_step WHERE step = 'escalated' GROUP BY problem")
    assert dict(taken) == dict.fromkeys(problems, 1)
    assert world.sql("SELECT count(*) FROM changes WHERE via = 'round'") == [(8,)]
    world.verify()


def test_a_round_looks_again_once_it_has_locked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has seen an overdue problem; before it locks, the word comes in that it was fixed and verified."""
    problem, database = overdue(world), world.service.database
    lock = database.write

    def a_phone_comes_first(township: str, work: Any) -> Any:
        monkeypatch.setattr(database, "write", lock)
        write(world, "problem_step", {"problem": problem, "step": "fixed", "by_name": "农", "proof_note": "已修"})
        write(world, "problem_step", {"problem": problem, "step": "verified", "by_name": "黄"})
        return lock(township, work)

    monkeypatch.setattr(database, "write", a_phone_comes_first)
    world.now = NIGHT
    assert go_round(database, TOWN, NIGHT + 60_000).as_json() == NONE
    assert world.sql("SELECT count(*) FROM kind_problem_step WHERE step = 'escalated'") == [(0,)]
