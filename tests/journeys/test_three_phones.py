"""Three real phones and a township in memory, any history: in the end all see the same, and no word anyone wrote is missing.

The phones are the real notebook, store and conversation; the township is the real gate and reader over `tests.stores`. Between them a
line that loses requests, loses replies and delivers old requests again. Meanwhile the desk moves households, takes and gives grants and
decides disagreements, and one phone's clock runs ahead. Then the line is good again, and after at most three rounds of syncs:

- nothing waits, and every phone shows exactly what the township holds under its grants;
- every word any phone wrote is in its record's log and merged, or was refused and stands on its writer's to-mend list;
- every value that was overwritten unseen has its conflict.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mobile.notebook import Doors, Notebook, NothingWritten
from mobile.store import Store
from mobile.syncing import Syncing
from shared.grants import LATE_DAYS, Grant
from shared.kinds import KINDS
from shared.merge import fold
from shared.moments import DAY_MS, iso
from shared.record import Key, Record
from shared.sync.answer import Reader
from shared.sync.conflicts import CONFLICT, conflict_id
from shared.sync.gate import Gate, Writer, desk_device
from shared.sync.phone import CutShort, Offline, SyncError, Written
from shared.sync.wire import PROTOCOL, read_change, read_envelope
from tests.stores import MemoryTownship

TOWN = "451422103"
VILLAGES = {f"{TOWN}201": "百马村", f"{TOWN}202": "那练村"}
V1, V2 = VILLAGES
HOMES = [f"0190a8a0-0000-7000-8000-00000000000{n}" for n in (1, 2, 3)]
GRANTS = [f"village:{V1}", f"village:{V2}", *(f"household:{home}" for home in HOMES)]
EPOCH = "epoch-1"
FAST_MS = 3_600_000


def visit_id(home: int, visit: int) -> str:
    return f"0190a8a0-0000-7000-8000-0000000001{home}{visit}"


# --- the stage -----------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody with a phone. `held` is grant to since when it is not held any more (None: still held)."""

    name: str
    role: str
    held: dict[str, int | None]

    def writer(self, now: int) -> Writer:
        since = now - LATE_DAYS * DAY_MS
        held = tuple(Grant.read(text) for text, until in self.held.items() if until is None)
        ended = tuple(Grant.read(text) for text, until in self.held.items() if until is not None and until > since)
        return Writer(self.name, f"person {self.name}", self.name, frozenset({self.role}), held, ended)


@dataclass
class Office:
    """The township: what a server does with a request, and its desk. `page` is the most records it sends at once."""

    page: int
    ms: int = 1_535_940_900_000
    people: dict[str, Person] = field(default_factory=dict)
    town: MemoryTownship = field(default_factory=lambda: MemoryTownship(TOWN, VILLAGES))

    def now(self) -> int:
        self.ms += 1
        return self.ms

    def sync(self, device: str, data: str) -> dict[str, Any]:
        request, changes = read_envelope(json.loads(data))
        writer = self.people[device].writer(self.ms)
        with self.gate() as gate:
            admitted = gate.admit([read_change(raw, KINDS) for raw in changes], writer)
        cursors = request.cursors if request.epoch == EPOCH else {}
        page = Reader(KINDS, self.town, writer.grants).page(cursors, min(request.limit, self.page))
        grants = [str(grant) for grant in writer.grants]
        reply = {
            "protocol": PROTOCOL, "epoch": EPOCH, "time": iso(self.now()), "next": admitted.next,
            "restamped": {str(number): stamp for number, stamp in admitted.restamped.items()},
            "refused": [refusal.wire(number) for number, refusal in admitted.refused.items()],
            "grants": grants, "dropped": [grant for grant in request.cursors if grant not in grants],
            "records": page.records, "cursors": page.cursors, "more": page.more,
        }  # fmt: skip
        read: dict[str, Any] = json.loads(json.dumps(reply))
        return read

    @contextmanager
    def gate(self) -> Iterator[Gate]:
        gate = Gate(KINDS, self.town, self.now)
        yield gate
        gate.close()

    @property
    def desk(self) -> Writer:
        grants = (Grant.read(f"township:{TOWN}"),)
        return Writer(desk_device(TOWN), "desk", "农主任", frozenset({"desk"}), grants, via="console")

    def holds(self, device: str) -> dict[Key, dict[str, Any]]:
        """What this device's person may see of everything, as a reply carries it."""
        reader = Reader(KINDS, self.town, self.people[device].writer(self.ms).grants)
        found = {}
        for record in self.records():
            hidden = reader.hidden(record)
            if hidden is not None:
                found[record.key] = record.wire(hidden)
        return found

    def records(self) -> list[Record]:
        return [record for kind in KINDS for record in self.town.fill(f"township:{TOWN}", kind, "", 10_000)]


@dataclass
class Line:
    """The way between one phone and the office. `faults` come in order, one a request; an echo delivers the request before again."""

    office: Office
    device: str
    faults: list[str] = field(default_factory=list)
    before: str = ""

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        user = {"id": f"person {code}", "name": code, "roles": [self.office.people[code].role]}
        server = {"name": "海渊镇", "epoch": EPOCH, "time": iso(self.office.now()), "key": ""}
        return {"device": code, "token": code, "township": TOWN, "user": user, "server": server}

    def sync(self, request: Mapping[str, Any]) -> dict[str, Any]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "request lost":
            raise Offline
        if fault == "echo" and self.before:
            self.office.sync(self.device, self.before)
        self.before = json.dumps(request, ensure_ascii=False)
        reply = self.office.sync(self.device, self.before)
        if fault == "twice":
            reply = self.office.sync(self.device, self.before)
        if fault == "reply lost":
            raise CutShort
        return reply


class Phone:
    """A real phone of one person, enrolled. `lead` is how far its clock is ahead, in ms."""

    def __init__(self, office: Office, person: Person, folder: Path, lead: int) -> None:
        office.people[person.name] = person
        self.line = Line(office, person.name)
        self.store = Store(folder, ballast_bytes=0)
        self.store._run("PRAGMA synchronous = OFF")  # no power is cut here
        doors = Doors(now=lambda: office.now() + lead, mono=lambda: office.ms / 1000)
        self.notebook = Notebook(self.store, KINDS, doors)
        self.syncing = Syncing(self.store, KINDS, doors.now, lambda _: self.line)
        self.syncing.enrol("http://127.0.0.1:9", person.name, "手机", "test")
        self.wrote: list[Written] = []

    def write(self, key: Key, values: dict[str, Any], household: str | None = None) -> None:
        with suppress(NothingWritten):
            written = self.notebook.write(*key, values, household=household)
            self.wrote += [written] if written else []

    def sync(self, *faults: str) -> None:
        self.line.faults = list(faults)
        with suppress(SyncError):
            self.syncing.once()
        self.line.faults = []

    def shows(self) -> dict[Key, dict[str, Any]]:
        """Every record the person can find on the phone, removed ones too."""
        found = (self.notebook.shown(key) for key, _, _ in self.store.places())
        return {shown.record.key: shown.record.wire() for shown in found if shown}


# --- what may happen -----------------------------------------------------------------------------------------------


class Journey:
    """A cadre of each village and a party member with one household; every method is a step that a history may hold."""

    def __init__(self, folder: Path, page: int, lead: int) -> None:
        self.office = Office(page)
        with self.office.gate() as gate:
            for home, village in zip(HOMES, (V1, V1, V2), strict=True):
                gate.write(self.office.desk, "household", home, {"head_name": "韦大山"}, village=village)
        people = [
            Person("wei", "cadre", {f"village:{V1}": None}),
            Person("huang", "cadre", {f"village:{V2}": None}),
            Person("nong", "party_member", {f"household:{HOMES[0]}": None}),
        ]
        self.phones = [Phone(self.office, one, folder / one.name, lead if one.name == "wei" else 0) for one in people]
        for phone in self.phones:
            phone.sync()

    def write_household(self, who: int, home: int, values: dict[str, Any]) -> None:
        phone, key = self.phones[who], Key("household", HOMES[home])
        if phone.notebook.shown(key):
            phone.write(key, values)

    def write_visit(self, who: int, home: int, visit: int, values: dict[str, Any]) -> None:
        phone = self.phones[who]
        if phone.notebook.shown(Key("household", HOMES[home])):
            phone.write(Key("visit", visit_id(home, visit)), values, HOMES[home])

    def reopen(self, who: int, which: int) -> None:
        phone = self.phones[who]
        conflicts = phone.notebook.conflicts()
        if conflicts:
            written = phone.notebook.reopen(conflicts[which % len(conflicts)].shown.record.id)
            phone.wrote += [written] if written else []

    def sync(self, who: int, faults: list[str]) -> None:
        self.phones[who].sync(*faults)

    def move(self, home: int, village: str) -> None:
        with self.office.gate() as gate:
            gate.move(self.office.desk, HOMES[home], village)

    def give(self, who: int, grant: str) -> None:
        list(self.office.people.values())[who].held[grant] = None

    def take(self, who: int, grant: str) -> None:
        held = list(self.office.people.values())[who].held
        if held.get(grant, 0) is None:
            held[grant] = self.office.now()

    def decide(self, which: int, values: dict[str, Any]) -> None:
        conflicts = [record.id for record in self.office.records() if record.kind == CONFLICT]
        if conflicts:
            with self.office.gate() as gate:
                gate.decide(self.office.desk, conflicts[which % len(conflicts)], values)

    def desk_writes(self, home: int, values: dict[str, Any]) -> None:
        with self.office.gate() as gate:
            gate.write(self.office.desk, "household", HOMES[home], values)

    def days_pass(self, days: int) -> None:
        self.office.ms += days * DAY_MS


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Values for at least one of these fields."""
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


WORDS = st.sampled_from(["一", "二", "三", None])
HOUSEHOLD = some(
    head_name=WORDS, remark=WORDS, risk_note=WORDS, exit_status=st.sampled_from(["exited", "not_exited", None]),
    help_measures=st.lists(st.sampled_from(["job", "water", "road"]), unique=True), removed=st.booleans(),
    well=st.sampled_from([None, 1, True, {"深": [12.5]}]),
)  # fmt: skip
VISIT = some(
    started_at=st.sampled_from(["2018-09-03T10:15:00+08:00", "2018-09-03T10:20:00+08:00"]), remark=WORDS,
    participants=st.lists(st.sampled_from(["韦一", "黄二", "农三"]), unique=True), removed=st.booleans(),
)  # fmt: skip
DECISION = st.sampled_from([{"decision": "losing"}, {"decision": "standing"}, {"value": "裁定"}, {"value": None}])
FAULTS = st.lists(st.sampled_from(["", "request lost", "reply lost", "twice", "echo"]), max_size=3)
WHO, HOME, WHICH, GRANT = st.integers(0, 2), st.integers(0, 2), st.integers(0, 9), st.sampled_from(GRANTS)
STEPS = st.one_of(
    st.tuples(st.just("write_household"), WHO, HOME, HOUSEHOLD),
    st.tuples(st.just("write_household"), WHO, st.just(0), HOUSEHOLD),
    st.tuples(st.just("write_visit"), WHO, HOME, st.integers(0, 1), VISIT),
    st.tuples(st.just("write_visit"), WHO, st.just(0), st.just(0), VISIT),
    st.tuples(st.just("reopen"), WHO, WHICH),
    st.tuples(st.just("sync"), WHO, FAULTS),
    st.tuples(st.just("sync"), WHO, FAULTS),
    st.tuples(st.just("move"), HOME, st.sampled_from([V1, V2])),
    st.tuples(st.just("give"), WHO, GRANT),
    st.tuples(st.just("take"), WHO, GRANT),
    st.tuples(st.just("decide"), WHICH, DECISION),
    st.tuples(st.just("desk_writes"), HOME, HOUSEHOLD),
    st.tuples(st.just("days_pass"), st.sampled_from([1, 20, 40])),
)


# --- what must hold ------------------------------------------------------------------------------------------------


MOVED_UNDER_A_NEW_VISIT = [("write_visit", 1, 2, 0, {"remark": "一"}), ("move", 2, V1)]
ONLY_ONE_HOUSEHOLD_IS_LEFT = [
    ("give", 2, f"village:{V1}"), ("sync", 2, []), ("write_household", 0, 0, {"risk_note": "一"}),
    ("write_household", 2, 0, {"risk_note": "二"}), ("sync", 0, []), ("sync", 2, []), ("take", 2, f"village:{V1}"),
]  # fmt: skip
MOVED_OUT_OF_A_VILLAGE_BUT_NOT_OUT_OF_SIGHT = [*ONLY_ONE_HOUSEHOLD_IS_LEFT[:-1], ("sync", 2, []), ("move", 0, V2)]
MORE_THAN_A_PAGE = [("write_household", 0, 0, {"remark": "一"}), ("write_household", 0, 1, {"remark": "二"})] * 4


@example(steps=MOVED_UNDER_A_NEW_VISIT, page=500, lead=0)
@example(steps=MOVED_OUT_OF_A_VILLAGE_BUT_NOT_OUT_OF_SIGHT, page=500, lead=0)
@example(steps=ONLY_ONE_HOUSEHOLD_IS_LEFT, page=500, lead=0)
@example(steps=MORE_THAN_A_PAGE, page=1, lead=0)
@given(steps=st.lists(STEPS, max_size=25), page=st.sampled_from([1, 3, 500]), lead=st.sampled_from([0, FAST_MS]))
def test_whatever_happens_every_phone_ends_with_what_the_township_holds(
    steps: list[tuple[Any, ...]], page: int, lead: int
) -> None:
    with TemporaryDirectory() as folder:
        journey = Journey(Path(folder), page, lead)
        for name, *arguments in steps:
            getattr(journey, name)(*arguments)
        for _ in range(3):
            for phone in journey.phones:
                phone.syncing.once()
        for phone in journey.phones:
            assert_nothing_waits_and_the_same_is_shown(journey.office, phone)
            assert_no_word_is_missing(journey.office, phone)
            phone.store.close()
        assert_every_unseen_loss_has_its_conflict(journey.office.town)


def assert_nothing_waits_and_the_same_is_shown(office: Office, phone: Phone) -> None:
    assert phone.notebook.waiting() == []
    held = office.holds(phone.line.device)
    to_mend = {Key(mend.kind, mend.id) for mend in phone.notebook.mends()}
    shown = {key: body for key, body in phone.shows().items() if key in held or key not in to_mend}
    assert shown == held


def assert_no_word_is_missing(office: Office, phone: Phone) -> None:
    rows = office.town.logged(phone.line.device, 1, 10**6)
    to_mend = [(Key(mend.kind, mend.id), mend.set) for mend in phone.notebook.mends()]
    for written in phone.wrote:
        row = rows.pop(written.number)
        assert (row.key, row.set) == (written.key, written.set)
        if row.refusal is not None:
            assert (written.key, written.set) in to_mend
    assert not rows, "a phone wrote these and knows nothing of it"


def assert_every_unseen_loss_has_its_conflict(town: MemoryTownship) -> None:
    """Each record is what its log makes, and each loser has one row, not said to be seen."""
    history = town.history({row.key for row in town.log if row.kind != CONFLICT})
    kept = town.load(history)
    for key, rows in history.items():
        made = fold(KINDS[key.kind], (row.change for row in rows))
        assert (kept[key].values, kept[key].stamps) == (made.values, made.stamps)
        ids = {conflict_id(*key, loser.field, loser.stamp) for loser in made.lost}
        conflicts = town.load(Key(CONFLICT, id_) for id_ in ids)
        assert len(conflicts) == len(ids)
        assert all(record.values["status"] != "seen" for record in conflicts.values())
