"""A made-up county: the register, the people, sixty days of visits, calls, checks and problems, played through the gate.

Promises: the same seed makes the same county on the same database (accounts' ids excepted); every change passes the gate at its simulated
moment; nothing is written where data stands already. Townships one after the other, so memory is bounded by one township's campaign.
Leaves to others: words and arguments (`server.cli`).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from server.demo import cleanup, contacts, register, visits
from server.demo.chance import Chance
from server.demo.diary import Diary, write_import
from server.demo.families import Registrar
from server.demo.homes import MUST_VISIT, HomeMaker, how_many
from server.demo.ledger import Ledger, Office
from server.demo.names import Names
from server.demo.people import PAIRS, Clerk, Recruiter, enlist
from server.demo.places import DemoDataError, Place, choose, hamlets, lay_out, refuse_what_is_in_use
from server.demo.season import HOUR, MINUTE, Season
from server.demo.village import Village
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.fields import is_date
from shared.moments import iso
from shared.rules.policy import DEFAULT, preset, preset_text

Progress = Callable[[str, int, int], None]

_RULES_DAY, _IMPORT_DAY = -12, -10
_FEWEST_DAYS, _MOST_DAYS = 21, 366
_FEWEST_HOUSEHOLDS, _MOST_HOUSEHOLDS = 8, 2000


@dataclass
class Made:
    """What was made, counted. `people` by role; `townships` by code."""

    townships: list[str] = field(default_factory=list)
    villages: int = 0
    households: int = 0
    members: int = 0
    party_links: int = 0
    visits: int = 0
    contact_visits: int = 0
    cleanup_checks: int = 0
    problems: int = 0
    steps: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def count(self, made: Counter[str]) -> None:
        """Add new records, by kind."""
        self.party_links += made["party_link"]
        self.visits += made["visit"]
        self.contact_visits += made["contact_visit"]
        self.cleanup_checks += made["cleanup_check"]
        self.problems += made["problem"]
        self.steps += made["problem_step"]


def make_county(
    database: Database,
    *,
    villages: int,
    seed: int,
    households: int = 480,
    start: str = "2018-09-01",
    days: int = 60,
    progress: Progress | None = None,
) -> Made:
    """Make `villages` villages of about `households` (median) each, and a campaign of `days` days from `start` (``YYYY-MM-DD``).

    `progress` is told ("register", villages imported, villages in all), then ("campaign", villages played, villages in all).
    DemoDataError in words when the wishes make no sense, the campaign is not over yet, or a township holds data.
    """
    season = _season(start, days, households)
    chosen = choose(villages)
    refuse_what_is_in_use(database, list(chosen))
    with database.engine.connect() as connection:
        taken = {name for (name,) in TownshipStore(database, connection, "").sql("SELECT name FROM user_account")}
    chance = Chance(seed)
    names = Names(chance, taken)
    laid = lay_out(database, names, chosen)
    maker = _Maker(database, chance, names, season, households, villages, progress)
    for township, places in laid.items():
        maker.make(township, places)
    return maker.made


def _season(start: str, days: int, households: int) -> Season:
    if not is_date(start):
        raise DemoDataError(f"开始日期不对：{start} / Not a date: {start}")
    for what, given, low, high in (
        ("天数 / days", days, _FEWEST_DAYS, _MOST_DAYS),
        ("每村户数 / households a village", households, _FEWEST_HOUSEHOLDS, _MOST_HOUSEHOLDS),
    ):
        if not low <= given <= high:
            raise DemoDataError(f"{what}：应在 {low} 到 {high} 之间 / must be between {low} and {high}")
    season = Season(start, days)
    if season.last_sync > now_ms():
        raise DemoDataError(
            "活动及其后两周须已过去，请提前开始日期。 / The campaign and the two weeks after it must be over; begin earlier."
        )
    return season


class _Maker:
    """Makes one township after the other."""

    def __init__(
        self, database: Database, chance: Chance, names: Names, season: Season, median: int, total: int,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self._database = database
        self._chance = chance
        self._names = names
        self._season = season
        self._median = median
        self._total = total
        self._progress = progress
        self._recruiter = Recruiter(chance, names, season)
        self._homes = HomeMaker(chance, names, Registrar(chance, names, season.first_day), season.date(_IMPORT_DAY))
        self._policy = preset(DEFAULT)
        self._officer: Clerk | None = None
        self._people: Counter[str] = Counter()
        self.made = Made()

    def make(self, township: str, places: list[Place]) -> None:
        """One township from its rules to the last phone's last sync."""
        clerks = [self._recruiter.clerk(township, "乡镇") for _ in range(2)]
        county = self._recruiter.clerk(township, "县", "county") if self._officer is None else self._officer
        office = Office(clerks, Clerk(township, county.name, county.role, county.person), self._names)
        people = [self._settle(place, evening) for evening, place in enumerate(places)]
        changes = [register.choose_changes(self._chance, village.homes) for village in people]
        for village in people:
            contacts.link(self._chance, self._season, village)
        diary = Diary(self._season)
        campaign = self._set_rules(diary, clerks[0])
        for order, village in enumerate(people):
            self._import(village, clerks[order % 2], order)
        phones = [phone for village in people for phone in (*village.cadres, *village.party)]
        enlist(self._database, township, phones, [*clerks, office.county], self._season)
        self._officer = office.county
        self._plan(diary, office, people, changes, campaign)
        before = self.made.villages - len(people)
        diary.play(self._database, township, self._tell("campaign", before, len(people)))
        self._count(township, people, diary)

    def _settle(self, place: Place, order: int) -> Village:
        """A village's households and people, on paper so far."""
        chance, season = self._chance, self._season
        count = how_many(chance, self._median)
        village = Village(place, hamlets(chance, self._names, place, count), [])
        ms = season.on(_IMPORT_DAY, 9)
        village.homes = [self._homes.make(place.code, n, village.hamlets, ms + n) for n in range(1, count + 1)]
        evening = 20 * HOUR + (5 + order) * MINUTE
        village.cadres = [self._recruiter.cadre(place.code, place.stem, evening) for _ in range(2 * PAIRS)]
        village.party = [
            self._recruiter.party_member(place.code, place.stem, evening) for _ in range(chance.between(6, 10))
        ]
        for home in village.homes:
            if "registered_poor" in home.categories:
                home.values["help_contact"] = chance.choice(village.cadres).name
        return village

    def _set_rules(self, diary: Diary, clerk: Clerk) -> str:
        """The policy in force and the campaign, as drafted before it begins and as it runs; returns the campaign's id."""
        season = self._season
        at = season.on(_RULES_DAY, 9)
        policy = {
            "name": self._policy.name.zh, "version": self._policy.version, "preset": DEFAULT,
            "effective_from": season.first_day, "content": preset_text(DEFAULT),
        }  # fmt: skip
        campaign = {
            "name": "五大活动·大走访（演示）", "preset": DEFAULT, "starts_on": season.first_day,
            "ends_on": season.date(season.days - 1), "state": "draft", "must_visit": list(MUST_VISIT),
        }  # fmt: skip
        running = {"state": "running", "frozen_at": iso(season.start)}
        id_ = self._chance.new_id(at)
        diary.by_desk(clerk, at, "policy", self._chance.new_id(at), None, None, policy)
        diary.by_desk(clerk, at, "campaign", id_, None, None, campaign)
        diary.play(self._database, clerk.township)
        diary.by_desk(clerk, season.on(0, 8), "campaign", id_, None, None, running, known=True)
        return id_

    def _import(self, village: Village, clerk: Clerk, order: int) -> None:
        at = self._season.on(_IMPORT_DAY, 9) + order * 10 * MINUTE
        saved = write_import(self._database, clerk, at, register.entries(village.homes))
        stamps = {one.id: one.stamp for one in saved if one.kind == "household"}
        for home in village.homes:
            home.stamp = stamps[home.id]
        self.made.villages += 1
        self.made.households += len(village.homes)
        self.made.members += sum(len(home.members) for home in village.homes)
        if self._progress:
            self._progress("register", self.made.villages, self._total)

    def _plan(
        self, diary: Diary, office: Office, people: list[Village], changes: list[dict[str, list[Any]]], campaign: str
    ) -> None:
        """Enter the township's whole campaign in the diary, village by village."""
        chance, version = self._chance, self._policy.version
        ledger = Ledger(chance, diary, office, self._policy)
        for village, chosen in zip(people, changes, strict=True):
            calls = visits.Rounds(chance, self._season, village, campaign, version).plan()
            ledger.save(village, calls)
            visits.save(chance, diary, office.clerks, calls)
            contacts.save_links(chance, diary, office.clerks, village)
            contacts.save_calls(chance, diary, village, version)
            cleanup.CheckRound(chance, diary, village, self._policy).save()
            register.save_changes(chance, diary, office.clerks, village, chosen)

    def _tell(self, stage: str, before: int, villages: int) -> Callable[[int, int], None]:
        """Tells the progress in villages, though all of a township's are played side by side."""
        told = -1

        def tell(done: int, total: int) -> None:
            nonlocal told
            share = villages * done // total
            if self._progress and share != told:
                told = share
                self._progress(stage, before + share, self._total)

        return tell

    def _count(self, township: str, people: list[Village], diary: Diary) -> None:
        self.made.townships.append(township)
        self.made.count(diary.made)
        self._people["cadre"] += sum(len(village.cadres) for village in people)
        self._people["party_member"] += sum(len(village.party) for village in people)
        self._people["desk"] += 2
        self._people["county"] = 1
        self.made.people = dict(self._people)
