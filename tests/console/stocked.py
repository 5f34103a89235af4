"""An office that holds one of everything, in two villages of its township and in a neighbouring one: whatever a page can name is there.

`stock` fills every field of every kind through the gate; `words` says what is written into a text field (hereword, thereword or awayword, or something hostile).
Promises: ids by the name a route's argument has; with `LATIN` no datum holds a Chinese character, so that one on an English page is a
sentence nobody translated. Leaves to others: what may be opened (`matrix`), what is looked for (`crawl`).
"""

import dataclasses
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from uuid6 import uuid7

from server import access, audit, jobs
from server.access import caller_of
from server.acts.campaigns import add_campaign
from server.acts.desk import desk_writer
from server.app import create_app
from server.audit import Actor
from server.config import Config
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, read_areas
from server.imports.roster_job import CHECK, TASKS
from server.kept import Kept
from server.service import now_ms
from server.store import TownshipStore
from server.upkeep.upgrade import upgrade
from shared.fields import (
    Boolean,
    Choice,
    Choices,
    Code,
    Date,
    Datetime,
    Field,
    Integer,
    Link,
    List,
    Number,
    Object,
    Photos,
)
from shared.kind import REMOVED, Kind
from shared.kinds import KINDS
from shared.moments import day_of, iso
from shared.sync.gate import Gate
from shared.sync.wire import Sent
from tests.console.browser import OTHER_TOWN, OTHER_VILLAGE, SECOND_VILLAGE, TOWN, VILLAGE, Office
from tests.console.photographs import coming, keep

Words = Callable[[str, str, int], str]
"""(kind, field, length that fits) to what is written there."""

THIRD_TOWN, THIRD_VILLAGE = "451422100", "451422100001"
DAY = 86_400_000
PASSES = Actor("", "test", "command")

ROLES: Mapping[str, tuple[list[str], list[str]]] = {
    "desk": (["desk"], [f"township:{TOWN}"]),
    "leader": (["leader"], [f"township:{TOWN}"]),
    "village leader": (["leader"], [f"village:{VILLAGE}"]),
    "county": (["county"], [f"township:{TOWN}", f"township:{OTHER_TOWN}"]),
    "admin": (["admin"], [f"township:{TOWN}", f"township:{OTHER_TOWN}"]),
    "neighbour": (["desk"], [f"township:{OTHER_TOWN}"]),
    "cadre": (["cadre"], [f"village:{VILLAGE}"]),
    # Not asked in the matrix: they are there to be looked at, and to act beside the others.
    "second desk": (["desk"], [f"township:{TOWN}"]),
    "second cadre": (["cadre"], [f"village:{SECOND_VILLAGE}"]),
    "party member": (["party_member"], []),
    "far cadre": (["cadre"], [f"village:{OTHER_VILLAGE}"]),
    "gone": (["cadre"], [f"village:{VILLAGE}"]),
    "village desk": (["desk"], [f"village:{VILLAGE}"]),
    "stranger": (["cadre"], [f"village:{THIRD_VILLAGE}"]),
}
"""Whoever has an account, by what he is here called."""
CHINESE = {
    "desk": "韦桌员", "leader": "黄领导", "village leader": "李村长", "county": "陆县员", "admin": "管理员", "neighbour": "邻镇员",
    "cadre": "韦干部", "second desk": "农桌员", "second cadre": "农队员", "party member": "覃党员", "far cadre": "远干部", "gone": "离任者", "stranger": "外镇人", "village desk": "驻村员",
}  # fmt: skip
LATIN = {name: f"{name.title()} Person" for name in ROLES}


@dataclass
class Place:
    """A village with one of everything: ids by the name of the argument they are given in."""

    township: str
    village: str
    ids: dict[str, str] = field(default_factory=dict)


class Stocked(Office):
    """An office with one of everything. `here` and `there` are two villages of one township, `away` is another township's."""

    def __init__(self, folder: Path, names: Mapping[str, str], places: Mapping[str, Place]) -> None:
        super().__init__(folder)
        self.service.config = dataclasses.replace(self.service.config, server_name="Ruhu test server")
        self.database.compute = None  # figures are added up in place, so that pages show them at once
        self.names = names
        self.here, self.there, self.away = places["here"], places["there"], places["away"]
        self._watch = sqlite3.connect(folder / "ruhu.db", isolation_level=None)
        self._pristine = sqlite3.connect(":memory:")
        self._watch.backup(self._pristine)
        self._files = self.files()

    def as_role(self, role: str) -> Any:
        return self.browser(self.names.get(role, ""))

    def version(self) -> int:
        """Another number whenever anybody has written to the database."""
        ((found,),) = self._watch.execute("PRAGMA data_version")
        return int(found)

    def tables(self) -> dict[str, int]:
        """Every table's rows as one number: what changed shows by its name."""
        names = [
            name for (name,) in self._watch.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return {name: hash(tuple(sorted(map(repr, self._watch.execute(f'SELECT * FROM "{name}"'))))) for name in names}

    def files(self) -> dict[str, bytes]:
        """What lies in the instance folder, but for the database itself."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("ruhu.db"))
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def looks(self) -> dict[str, tuple[int, int]]:
        """The same at a glance: size and time of each file."""
        found = {}
        for path in self.folder.rglob("*"):
            if not path.name.startswith("ruhu.db") and path.is_file():
                about = path.stat()
                found[str(path.relative_to(self.folder))] = (about.st_size, about.st_mtime_ns)
        return found

    def keep(self) -> None:
        """From now on `put_back` comes back to what is there now."""
        self._watch.backup(self._pristine)
        self._files = self.files()

    def put_back(self) -> None:
        """As it was."""
        self._pristine.backup(self._watch)
        self.database.kept = Kept()
        there = self.files()
        for name in there.keys() - self._files.keys():
            (self.folder / name).unlink(missing_ok=True)  # a job that still runs changes its own files
        for name in [name for name, content in self._files.items() if there.get(name) != content]:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(self._files[name])

    def close(self) -> None:
        self._watch.close()
        super().close()


def make_stocked(folder: Path, *, latin: bool = False, words: Words | None = None) -> Stocked:
    """Set up an office in the folder and put one of everything into it."""
    names = LATIN if latin else CHINESE
    app = create_app(Config.at(folder))
    upgrade(app)
    database = app.extensions["ruhu"].database
    import_areas(database, read_areas(NINGMING))
    if latin:
        with database.transaction() as connection:
            TownshipStore(database, connection, "").sql("UPDATE area SET name = 'Area ' || code")
    for role, (roles, grants) in ROLES.items():
        access.add_user(database, names[role], roles, grants, now_ms())
    database.engine.dispose()
    places = {
        "here": Place(TOWN, VILLAGE),
        "there": Place(TOWN, SECOND_VILLAGE),
        "away": Place(OTHER_TOWN, OTHER_VILLAGE),
    }
    office = Stocked(folder, names, places)
    filler = Filler(office, words)
    for name, place in places.items():
        filler.fill(place, name)
    office.keep()
    return office


class Filler:
    """Writes one of everything."""

    def __init__(self, office: Stocked, words: Words | None = None) -> None:
        self.office = office
        self.words = words or self._plainly
        self.where = self._photo = ""
        self.township = TOWN
        self._numbers: dict[str, int] = {}
        self._last = 0
        self._gate: Gate | None = None

    def at_once(self, place: Place, work: Callable[[], None]) -> None:
        """What `work` adds is written in one transaction."""

        def run(store: TownshipStore) -> None:
            self._gate = Gate(self.office.database.kinds, store, now_ms)
            work()
            self._gate.close()
            self._gate = None

        self.office.database.write(place.township, run)

    def _plainly(self, kind: str, name: str, length: int) -> str:
        """A word that says where it stands."""
        return f"{self.where}word {kind} {name}"[:length]

    # --- one field -------------------------------------------------------------------------------------------------

    def value(self, kind: Kind, name: str, links: Mapping[str, str]) -> Any:
        """Something that the field keeps; None where nothing fits."""
        one = kind.fields[name]
        if isinstance(one, Link):
            return links.get(f"{kind.name}.{name}")
        if isinstance(one, List):
            return self._list(kind, name, one, links)
        if isinstance(one, Object):
            return {"note": self.words(kind.name, name, 900)}
        return self._plain(kind, name, one)

    def _list(self, kind: Kind, name: str, one: List, links: Mapping[str, str]) -> Any:
        if one.widget == "links":
            return [links["problem"]] if "problem" in links else None
        if isinstance(one, Photos):
            return self._photographs(self.words(kind.name, name, 200))
        if one.of_objects:
            return [{"from": iso(now_ms() - DAY), "to": iso(now_ms() - DAY + 60_000)}]
        return [self.words(kind.name, name, 200)]

    def _photographs(self, word: str) -> list[str]:
        """One that is here, one that is on its way, and one whose time is over."""
        service = self.office.service
        self._photo, over = (keep(service, f"{word}{more}", self.township) for more in ("", " over"))
        service.photos.retire(self.township, over, now_ms())
        return [self._photo, coming(word), over]

    def _plain(self, kind: Kind, name: str, one: Field) -> Any:
        if isinstance(one, Choices):
            return list(one.choices)[:2]
        if isinstance(one, Choice):
            return next(iter(one.choices))
        if isinstance(one, Code):
            return CODES.get(name)
        if isinstance(one, Integer | Number):
            return max(one.low, min(one.high, 3))
        if isinstance(one, Boolean):
            return True
        if isinstance(one, Date):
            return day_of(now_ms() - DAY)
        if isinstance(one, Datetime):
            return iso(now_ms() - DAY)
        return self.words(kind.name, name, getattr(one, "length", 200))

    def values(self, kind: str, links: Mapping[str, str], **given: Any) -> dict[str, Any]:
        """Every field of the kind filled in; `given` stand as they are, None leaves one out."""
        declared = KINDS[kind]
        left_out = {REMOVED, "joined_into", "left_reason", "left_on", "short_review", declared.numbered}
        made = {name: self.value(declared, name, links) for name in declared.fields if name not in left_out}
        return {name: value for name, value in (made | given).items() if value is not None}

    # --- records ---------------------------------------------------------------------------------------------------

    def add(self, place: Place, kind: str, links: Mapping[str, str], household: str | None = None, **given: Any) -> str:
        """A record of the desk's."""
        village = None if KINDS[kind].shared else place.village
        by, values = self.words("user", "name", 100), self.values(kind, links, **given)
        if self._gate is None:
            return self.office.write(kind, values, village, household, by=by, township=place.township)
        id_ = str(uuid7())
        writer = desk_writer(place.township, by, "test")
        row = self._gate.write(writer, kind, id_, values, village=village, household=household)
        assert row.refusal is None, row.refusal
        return id_

    def fill(self, place: Place, name: str) -> None:
        """One of everything in a village; what a township shares comes with it."""
        ids, self.where, self.township = place.ids, name, place.township
        ids |= {"township": place.township, "village": place.village}
        if name != "there":
            ids["campaign"] = self._campaign(place)
            ids["policy"] = self.add(
                place, "policy", {}, preset="five_campaigns_2018", version="2018.1", effective_from="2018-09-01",
                overrides=None, content=None,
            )  # fmt: skip
        links = {"visit.campaign": ids.get("campaign", "")} if ids.get("campaign") else {}
        home = ids["household"] = self.add(place, "household", {})
        twin = ids["twin"] = self.add(place, "household", {})
        member = ids["member"] = self.add(place, "member", {}, home, relation="head", status="active")
        self.add(place, "member", {}, twin, relation="head", status="active")
        self.office.write(
            "household", {"head_member": member}, place.village, id=home, township=place.township, by="words"
        )
        problem = ids["problem"] = self.add(place, "problem", {}, home)
        links |= {"visit.respondent": member, "problem": problem}
        self._calls(place, home, links)
        self._steps(place, home, problem)
        ids["cleanup_check"] = self.add(place, "cleanup_check", {}, home, target="household")
        self.add(
            place, "cleanup_check", {"cleanup_check.prior": ids["cleanup_check"]}, home, target="household", e1_house=1
        )
        self.add(place, "cleanup_check", {}, target="village")
        ids["feedback"] = self.add(place, "feedback", {}, reply=None)
        self._people(place, name)
        self._disagree(place, home)
        self._trail(place)
        if name != "there":
            self._jobs(place)
        else:
            ids |= {
                shared: self.office.here.ids[shared]
                for shared in ("campaign", "policy", "job", "area_job", "request", "own_request")
            }
        ids |= {"kind": "household", "record": home}

    def _campaign(self, place: Place) -> str:
        name = self.words("campaign", "name", 100)
        return add_campaign(
            self.office.database,
            place.township,
            name,
            starts_on="2018-09-01",
            ends_on="2099-12-31",
            strict=False,
            by="words",
        )

    def _calls(self, place: Place, home: str, links: dict[str, str]) -> None:
        ids, now = place.ids, now_ms()

        def lasting(minutes: float, days: int = 1) -> dict[str, Any]:
            start = now - days * DAY - 3_600_000
            return {
                "started_at": iso(start), "ended_at": iso(start + int(minutes * 60_000)), "pauses": [],
                "started_mono": 1.0, "ended_mono": 1.0 + minutes * 60,
            }  # fmt: skip

        ids["visit"] = self.add(place, "visit", links, home, mode="home", **lasting(12))
        ids["photo"] = self._photo
        ids["twin_visit"] = self.add(place, "visit", links, home, mode="home", **lasting(13))
        self.add(place, "visit", links, home, mode="home", **lasting(45, 2))
        ids["not_home"] = self.add(place, "visit", links, home, mode="not_home", **lasting(1, 3))
        link = ids["party_link"] = self.add(
            place, "party_link", {}, home, from_date="2018-09-01", to_date=None, exempt_from=None, exempt_to=None,
            exempt_reason=None,
        )  # fmt: skip
        ids["contact_visit"] = self.add(
            place, "contact_visit", links | {"contact_visit.link": link}, home, **lasting(20)
        )

    def _steps(self, place: Place, home: str, problem: str) -> None:
        """A problem that was reported, accepted and given to somebody; a second one that nobody has looked at."""
        at, due = now_ms() - DAY, day_of(now_ms() - 40 * DAY)
        links = {"problem_step.problem": problem}
        for order, step in enumerate(("reported", "accepted", "assigned")):
            extra = {"tier": "village", "due_date": due} if step == "assigned" else {"tier": None, "due_date": None}
            place.ids["problem_step"] = self.add(
                place, "problem_step", links, home, step=step, at=iso(at + order * 60_000), by_tier="township",
                answer=None, method=None, witnesses=None, **extra,
            )  # fmt: skip
        place.ids["new_problem"] = self.add(place, "problem", {}, home)

    def _people(self, place: Place, name: str) -> None:
        office, ids = self.office, place.ids
        cadre = {"here": "cadre", "there": "second cadre", "away": "far cadre"}[name]
        with office.database.read(place.township) as store:
            ids["person"], _ = access.person_named(store, office.names[cadre])
        now = now_ms()
        code = access.make_code(office.database, office.names[cadre], place.township, now)
        about = {part: self.words("device", part, 40) for part in ("name", "platform", "app")}
        phone = access.enrol(office.database, code, about, now)
        ids["device"], ids["token"] = phone.device, phone.token
        access.make_code(office.database, office.names[cadre], place.township, now)
        ids["read_token"] = access.add_token(
            office.database, self.words("token", "name", 100), [f"village:{place.village}"], now
        )

    def _disagree(self, place: Place, home: str) -> None:
        """The phone writes what it did not see the desk write: one conflict that waits, one that is quiet, one that its writer opens."""
        self.phone_writes(
            place,
            "household",
            home,
            {"categories": ["key"], "remark": "phone " + self.words("household", "remark", 900)},
        )
        self.phone_writes(place, "household", home, {"hamlet": "phone"})
        with self.office.database.read(place.township) as store:
            found = store.sql(
                "SELECT id, field FROM kind_conflict WHERE township = ? AND record = ?", place.township, home
            )
        by_field = {field: id_ for id_, field in found}
        place.ids["conflict"] = by_field["categories"]
        self.phone_writes(place, "conflict", by_field["remark"], {"status": "open"})

    def _jobs(self, place: Place) -> None:
        """A roster that was compared and waits to be confirmed, one of the day before yesterday, and a list of areas."""
        now, instance = now_ms(), self.office.folder
        names = dict.fromkeys(("headed", "named", "file"), "")
        names = {part: self.words("roster", part, 60) for part in names}
        with self.office.database.read(place.township) as store:
            village = store.villages()[place.village]
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["村名", "户编号", "户主姓名", "姓名", "与户主关系", "身份证号", "备注"])
        sheet.append([village, "R-1", names["headed"], names["headed"], "户主", "", self.words("roster", "remark", 90)])
        sheet.append(
            [village, "R-1", names["headed"], names["named"], self.words("roster", "relation", 30), "nonsense", ""]
        )
        sheet.append([names["named"], "R 2?", names["headed"], names["named"], "户主", "451422196205010015", ""])
        for key, township, at in (
            ("job", place.township, now),
            ("old_job", place.township, now - 2 * DAY),
            ("area_job", "", now),
        ):
            job = jobs.create(
                instance, jobs.About(township, "x", self.words("user", "name", 60), f"{names['file']}.xlsx", at)
            )
            place.ids[key] = job.id
            if key == "area_job":
                job.upload.write_text(
                    NINGMING.read_text().replace("百马", names["file"][:20].replace('"', "'").replace(",", " "))
                )
                continue
            book.save(job.upload)
            job.save("progress.json", jobs.Progress(CHECK, jobs.RUNNING))
            assert jobs.run(self.office.service, job, TASKS), job.progress()

    def phone_writes(
        self, place: Place, kind: str, id_: str, values: Mapping[str, Any], household: str | None = None,
        base: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """A change from the village's phone, which saw nothing of what stands (or what `base` says)."""
        token, database = place.ids["token"], self.office.database
        number = self._numbers[token] = self._numbers.get(token, 0) + 1
        self._last = max(self._last + 1, now_ms())
        stamp = f"{self._last:012x}-0000-{place.ids['device']}"

        def work(store: TownshipStore) -> None:
            gate = Gate(database.kinds, store, now_ms)
            caller = caller_of(store, token, now_ms())
            sent = Sent(number, stamp, kind, id_, place.village, household, dict(values), dict(base or {}))
            admitted = gate.admit([sent], caller.writer())
            assert not admitted.refused, admitted.refused
            gate.close()

        database.write(place.township, work)

    def _trail(self, place: Place) -> None:
        """A row of every action, and exports that were asked for, agreed to and turned down."""
        now, ids = now_ms(), place.ids
        with self.office.database.transaction() as connection:
            store = TownshipStore(self.office.database, connection, place.township)
            for action in audit.ACTIONS:
                about = {
                    "fields": ["identity"],
                    "reason": self.words("audit", "reason", 200),
                    "name": self.words("audit", "name", 100),
                }
                audit.write(store, PASSES, action, now, kind="member", record=ids["member"], details=about)
            own = "neighbour" if place.township == OTHER_TOWN else "desk"
            asked = (("second desk", None), (own, "approved"), (own, "declined"), ("second desk", "approved"))
            for order, (role, decision) in enumerate(asked):
                person, name = access.person_named(store, self.office.names[role])
                request = str(uuid7())
                store.sql(
                    "INSERT INTO export_request (township, id, listing, filters, whole, persons, reason, person, asked_by, asked_at,"
                    " decision, decider, decided_by, decided_at) VALUES (?, ?, 'members', '{}', 0, 500, ?, ?, ?, ?, ?, ?, ?, ?)",
                    place.township, request, self.words("export_request", "reason", 200), person, name, now - order,
                    decision, decision and "x", decision and self.words("export_request", "decided_by", 100), decision and now,
                )  # fmt: skip
                ids.setdefault("request" if role == "second desk" else "own_request", request)


CODES = {
    "household_no": "45142210300100001", "phone": "13877112233", "birth_month": "1962-05",
    "identity": "451422196205010015", "disability_cert": "45142219620501001541",
}  # fmt: skip
