"""Two years of one township, to measure the console on: its real villages, made-up people and words, every change through the gate.

Day by day, a transaction each: phones send what was saved that day, then the desk writes. Promises: the counts of `Size` (steps and problems
about: the ledger's round adds its own), the last day is yesterday. Leaves to others:
serving it, and what is measured (`bench.console`). Values come from the demonstration's generators.
"""

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.days import Days, Size, Town
from server import access, audit
from server.acts.ledger import go_round
from server.audit import Actor
from server.demo.chance import Chance
from server.demo.diary import Saved, write, write_import
from server.demo.families import Registrar
from server.demo.homes import MUST_VISIT, HomeMaker
from server.demo.names import Names
from server.demo.people import Clerk, Holding, Phone
from server.demo.places import Place, hamlets
from server.demo.register import entries
from server.demo.season import HOUR, Season
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, read_areas
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.grants import HOUSEHOLD, VILLAGE, Grant
from shared.moments import day_of, days_after, iso
from shared.rules.policy import DEFAULT, preset, preset_text
from shared.sync.conflicts import CONFLICT
from shared.sync.gate import Gate

TOWNSHIP = "451422103"
CLERKS = ("韦桌员", "农桌员")
LEADER, VILLAGE_LEADER, OFFICER, ADMIN = "黄领导", "李村长", "陆县员", "管理员"
CADRES = 4
"""Of a village's phones, at least; the others are party members'."""
_LINKED = 5
_AUDITED = {"sign_in": 40, "unmask": 25, "sign_out": 12, "step": 10, "review": 8, "export": 4, "move": 1}


def build(database: Database, size: Size) -> float:
    """Fill an empty, upgraded database; seconds it took."""
    began = time.perf_counter()
    maker = _TwoYears(database, size)
    maker.settle()
    maker.play()
    maker.decide()
    maker.fill_trail()
    go_round(database, TOWNSHIP)  # or the server would begin with years of it
    print("\r" + " " * 60, end="\r", file=sys.stderr)
    return time.perf_counter() - began


class _TwoYears:
    def __init__(self, database: Database, size: Size) -> None:
        self._database = database
        self._size = size
        chance = Chance(20)
        season = Season(days_after(day_of(now_ms()), -size.days), size.days)
        names = Names(chance, {*CLERKS, LEADER, VILLAGE_LEADER, OFFICER, ADMIN})
        self._town = Town(chance, season, preset(DEFAULT), names)

    # --- who lives and works there -----------------------------------------------------------------------------------

    def settle(self) -> None:
        """Areas, people, households, phones, links, the policy and the campaign."""
        import_areas(self._database, read_areas(NINGMING))
        villages = [a for a in read_areas(NINGMING) if a.parent_code == TOWNSHIP and a.level == "village"]
        places = [Place(area.code, area.name) for area in villages[: self._size.villages]]
        self._employ(places)
        self._set_rules()
        for order, place in enumerate(places):
            self._register(place, order)
        for order in range(self._size.phones):
            self._equip(places[order % len(places)], order // len(places) < CADRES)

    def _employ(self, places: list[Place]) -> None:
        first, township = self._town.season.on(-20), f"township:{TOWNSHIP}"
        office = {
            **dict.fromkeys(CLERKS, ("desk", township)),
            LEADER: ("leader", township), VILLAGE_LEADER: ("leader", f"village:{places[0].code}"),
            OFFICER: ("county", township), ADMIN: ("admin", township),
        }  # fmt: skip
        for name, (role, grant) in office.items():
            person = access.add_user(self._database, name, [role], [grant], first)
            if name in CLERKS:
                self._town.clerks.append(Clerk(TOWNSHIP, name, role, person))

    def _set_rules(self) -> None:
        town, season, clerk = self._town, self._town.season, self._town.clerks[0]
        at = season.on(-12, 9)
        town.campaign = town.chance.new_id(at)
        policy = {
            "name": town.policy.name.zh, "version": town.policy.version, "preset": DEFAULT,
            "effective_from": season.first_day, "content": preset_text(DEFAULT),
        }  # fmt: skip
        campaign = {
            "name": "大走访（测速）", "preset": DEFAULT, "starts_on": season.first_day,
            "ends_on": season.date(season.days + 30), "state": "running", "must_visit": list(MUST_VISIT),
            "frozen_at": iso(season.start),
        }  # fmt: skip
        for kind, id_, values in (("policy", town.chance.new_id(at), policy), ("campaign", town.campaign, campaign)):
            write(self._database, TOWNSHIP, at, [Saved(clerk, at, at, kind, id_, None, None, values)])

    def _register(self, place: Place, order: int) -> None:
        """A village's households and their members, as a roster brings them."""
        size, season = self._size, self._town.season
        chance, names = self._town.chance, self._town.names
        maker = HomeMaker(chance, names, Registrar(chance, names, season.first_day), season.date(-10))
        count = size.households // size.villages + (order < size.households % size.villages)
        named = hamlets(chance, names, place, count)
        at = season.on(-10, 9) + order * HOUR
        homes = [maker.make(place.code, n, named, at + n) for n in range(1, count + 1)]
        saved = write_import(self._database, self._town.clerks[0], at, entries(homes))
        stamps = {one.id: one.stamp for one in saved if one.kind == "household"}
        for home in homes:
            home.stamp = stamps[home.id]
        self._town.homes += homes
        self._tell(f"{place.name} {len(self._town.homes):,}")

    def _equip(self, place: Place, is_cadre: bool) -> None:
        """A person with an account and an enrolled phone."""
        chance, database, season = self._town.chance, self._database, self._town.season
        first, name = season.on(-8), self._town.names.user(place.stem)
        own = [home for home in self._town.homes if home.village == place.code]
        homes = [] if is_cadre else chance.sample(own, min(_LINKED, len(own)))
        grants = [Grant(VILLAGE, place.code)] if is_cadre else [Grant(HOUSEHOLD, home.id) for home in homes]
        role = "cadre" if is_cadre else "party_member"
        person = access.add_user(database, name, [role], [str(grant) for grant in grants], first)
        code = access.make_code(database, name, TOWNSHIP, first)
        made = access.enrol(database, code, {"name": name, "platform": "Android 8.1", "app": "0.1.0"}, first)
        boots = [(season.on(day), chance.boot_id()) for day in range(-8, season.days, 9)]
        phone = Phone(made.device, name, role, place.code, [Holding(grant, first) for grant in grants], [], boots)
        phone.person = person
        if is_cadre:
            self._town.cadres.setdefault(place.code, []).append(phone)
        links = [(chance.new_id(first), home, phone) for home in homes]
        self._town.links += links
        values = {"party_member": name, "from_date": season.first_day}
        clerk = self._town.clerks[0]
        write(
            database, TOWNSHIP, first,
            [Saved(clerk, first, first, "party_link", id_, place.code, home.id, values) for id_, home, _ in links],
        )  # fmt: skip

    def play(self) -> None:
        """Everything that happens, sent day by day."""
        days, done = Days(self._town, self._size), 0
        for day in range(self._size.days):
            saved = days.of(day)
            write(self._database, TOWNSHIP, self._town.season.on(day, 23), saved)
            done += len(saved)
            self._tell(f"{self._town.season.date(day)} {done:,}")

    # --- disagreements, and the trail --------------------------------------------------------------------------------

    def decide(self) -> None:
        """The desk goes through the disagreements until so many are left open."""
        database, at = self._database, self._town.season.on(self._size.days - 1, 23.5)
        with database.read(TOWNSHIP) as store:
            listed = store.sql(
                "SELECT id FROM kind_conflict WHERE township = ? AND status = 'open' ORDER BY id", TOWNSHIP
            )
        todo = [id_ for (id_,) in listed[self._size.open_conflicts :]]

        def work(batch: list[str], store: TownshipStore) -> None:
            gate = Gate(database.kinds, store, lambda: at)
            for id_ in batch:
                clerk, decision = (
                    self._town.chance.choice(self._town.clerks),
                    self._town.chance.choice(("losing", "standing")),
                )
                refusal = gate.decide(clerk.writer("console"), id_, {"decision": decision})
                assert refusal is None, refusal
                actor = Actor(clerk.person, clerk.name)
                audit.write(store, actor, "resolve", at, kind=CONFLICT, record=id_, details={"decision": decision})
            gate.close()

        for batch in _batches(todo, 200):
            database.write(TOWNSHIP, partial(work, batch))

    def fill_trail(self) -> None:
        """Rows of the audit trail until there are so many."""
        chance, season = self._town.chance, self._town.season

        def work(batch: list[int], store: TownshipStore) -> None:
            for at in batch:
                clerk, home = chance.choice(self._town.clerks), chance.choice(self._town.homes)
                about: dict[str, Any] = {
                    "kind": "household",
                    "record": home.id,
                    "details": {"fields": ["phone"], "reason": "核对"},
                }
                actor = Actor(clerk.person, clerk.name)
                action = chance.weighted(_AUDITED)
                audit.write(store, actor, action, at, **({} if action.startswith("sign") else about))

        with self._database.read(TOWNSHIP) as store:
            missing = self._size.audit_rows - audit.head(store)[0]
        moments = sorted(season.on(chance.randrange(season.days), 9) for _ in range(missing))
        for some in _batches(moments, 500):
            self._database.write(TOWNSHIP, partial(work, some))

    def _tell(self, text: str) -> None:
        print(f"\r  building: {text:<40}", end="", file=sys.stderr, flush=True)


def _batches(items: list[Any], count: int) -> Iterator[list[Any]]:
    return (items[at : at + count] for at in range(0, len(items), count))
