"""One household with everything that hangs on it: members, visits and what the rules say of them, problems, checks, conflicts, who calls there.

Reads this household's records alone, by index, and, of other households' visits, those at which one of its visitors was meanwhile. Promises:
what lies in a village that is not the reader's is left out, also when the household itself has moved. Leaves to others: the rules
(`shared.rules`), how a problem stands (`standings`), masks and words (the pages).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from server.reading.standings import Problem, ledger_of
from server.reports.book import read_policies
from server.sight import Sight
from server.store import Database, TownshipStore
from shared.grants import HOUSEHOLD, Grant
from shared.kind import REMOVED
from shared.moments import DAY_MS, iso, milliseconds
from shared.record import Key, Record
from shared.rules import cleanup
from shared.rules.cleanup import Checked
from shared.rules.contact import runs_on
from shared.rules.coverage import in_campaign
from shared.rules.due import NEEDS
from shared.rules.entry import Entry
from shared.rules.length import length_of
from shared.rules.policy import Policies
from shared.rules.visits import Judged, judge_measured, measure_all
from shared.sync.conflicts import CONFLICT

_WHEN = {"visit": "started_at", "contact_visit": "started_at", "cleanup_check": "checked_at"}


@dataclass(frozen=True)
class Dossier:
    """A household's file. Visits and checks newest first, of `visit_count` visits those asked for; removed records are left out, but for the
    household itself.
    """

    home: Record
    members: Sequence[Record]
    visits: Sequence[Judged]
    visit_count: int
    contacts: Sequence[Entry]
    problems: Sequence[Problem]
    checks: Sequence[tuple[Entry, Checked | None]]
    links: Sequence[Entry]
    conflicts: Sequence[Record]
    holders: Sequence[tuple[str, str]]
    """(id, name) of those who hold a grant for this household."""
    joined_into: Record | None
    joined_from: Sequence[Record]

    @property
    def removed(self) -> bool:
        return self.home.values.get(REMOVED) is True

    def running(self, day: str) -> list[Entry]:
        """The party links in force on a day."""
        return [link for link in self.links if runs_on(link.values, day)]


def read_dossier(
    database: Database, store: TownshipStore, sight: Sight, home: Record, now: int, most: int | None = None
) -> Dossier:
    """The file of a household that is the reader's to see, with its `most` newest visits (None: all). `now` in ms since 1970."""
    by_kind: dict[str, list[Record]] = {}
    for record in store.of_household(home.id):
        if record.values.get(REMOVED) is not True and sight.record(store, record):
            by_kind.setdefault(record.kind, []).append(record)
    visits = sorted(map(Entry.of, by_kind.pop("visit", ())), key=_when, reverse=True)
    entries = {kind: [Entry.of(record) for record in records] for kind, records in by_kind.items()}
    policies = read_policies(store.entries("policy", NEEDS["policy"]))
    ledger = ledger_of(database, store).problems.values()
    return Dossier(
        home,
        sorted(by_kind.get("member", ()), key=lambda one: (one.values.get("relation") != "head", one.id)),
        _judged(store, visits[:most], policies, now),
        len(visits),
        sorted(entries.get("contact_visit", ()), key=_when, reverse=True),
        sorted(
            (p for p in ledger if p.entry.household == home.id and sight.sees(store.code, p.entry.village)),
            key=lambda one: (not one.standing.open, one.number),
        ),
        _checked(entries.get("cleanup_check", []), policies, now),
        sorted(entries.get("party_link", ()), key=lambda one: (str(one.values.get("from_date") or ""), one.id)),
        _conflicts(store, sight, home),
        _holders(store, home.id),
        _joined_into(store, sight, home),
        _joined_from(store, sight, home),
    )


def _when(entry: Entry) -> tuple[int, str]:
    told = entry.values.get(_WHEN[entry.kind])
    return (milliseconds(told) if told else 0, entry.id)


# --- visits ------------------------------------------------------------------------------------------------------------


def _judged(store: TownshipStore, visits: Sequence[Entry], policies: Policies, now: int) -> list[Judged]:
    """Each visit judged by its policy and campaign, and beside those its visitors made elsewhere at the same time."""
    received = _received(store, [visit.id for visit in visits])
    own = {visit.id: replace(visit, received=received.get(visit.id)) for visit in visits}
    campaigns = store.entries("campaign", NEEDS["campaign"])
    judged = {}
    for one in measure_all([*own.values(), *_elsewhere(store, visits)], policies, now=now):
        if one.entry.id in own:
            campaign = next((c.values for c in campaigns if in_campaign(one.entry, c.id, c.values)), None)
            judged[one.entry.id] = judge_measured(one, now=now, campaign=campaign)
    return [judged[id_] for id_ in own]


def _received(store: TownshipStore, ids: list[str]) -> Mapping[str, int]:
    """When the township first had each of these records, ms since 1970."""
    rows = store.sql(
        "SELECT record, min(at) FROM changes /* INDEXED BY ix_changes_township_record_seq */"
        " WHERE township = ? AND record IN ?? AND village IS NOT NULL GROUP BY record",
        store.code, ids,
    )  # fmt: skip
    return dict(map(tuple, rows))


def _elsewhere(store: TownshipStore, visits: Sequence[Entry]) -> list[Entry]:
    """Visits to other households around these, by the same people. Texts are compared: half a day to spare, whatever offset they have."""
    ids: set[str] = set()
    for visit in visits:
        people, length = set(visit.values.get("participants") or ()), length_of(visit.values)
        if not people or length.there_ms <= 0:
            continue
        rows = store.sql(
            "SELECT id, participants FROM kind_visit /* INDEXED BY ix_kind_visit_township_started_at */"
            " WHERE township = ? AND started_at > ? AND started_at < ? AND household <> ?",
            store.code, iso(length.began - DAY_MS), iso(length.began + length.there_ms + DAY_MS // 2), visit.household,
        )  # fmt: skip
        ids |= {id_ for id_, there in rows if there and any(_names(there, name) for name in people)}
    return store.entries("visit", NEEDS["visit"], ids=sorted(ids)) if ids else []


def _names(participants: str, name: str) -> bool:
    """Whether a list as it is stored may hold a name: a quick look, the rules look again."""
    return name in participants or not name.isprintable() or '"' in name or "\\" in name


# --- the rest ----------------------------------------------------------------------------------------------------------


def _checked(checks: Sequence[Entry], policies: Policies, now: int) -> list[tuple[Entry, Checked | None]]:
    """Each check with its score, compared with the one before; None for one that stands in no line (a wrong clock, no target)."""
    told = {one.entry.id: one for line in cleanup.lines(checks, policies, now).values() for one in line}
    return [(check, told.get(check.id)) for check in sorted(checks, key=_when, reverse=True)]


def _conflicts(store: TownshipStore, sight: Sight, home: Record) -> list[Record]:
    """Open conflicts about the household or anything that hangs on it."""
    rows = store.sql(
        "SELECT id FROM kind_conflict WHERE township = ? AND household = ? AND status = 'open' ORDER BY id",
        store.code, home.id,
    )  # fmt: skip
    found = store.load([Key(CONFLICT, id_) for (id_,) in rows])
    return [record for record in found.values() if sight.record(store, record)]


def _holders(store: TownshipStore, household: str) -> list[tuple[str, str]]:
    rows = store.sql(
        "SELECT u.id, u.name FROM access_grant g JOIN user_account u ON u.id = g.person"
        " WHERE g.township = ? AND g.scope = ? AND g.until IS NULL ORDER BY u.name",
        store.code, str(Grant(HOUSEHOLD, household)),
    )  # fmt: skip
    return [(id_, name) for id_, name in rows]


def _joined_into(store: TownshipStore, sight: Sight, home: Record) -> Record | None:
    key = Key(home.kind, home.values.get("joined_into") or "")
    return sight.record(store, store.load([key]).get(key))


def _joined_from(store: TownshipStore, sight: Sight, home: Record) -> list[Record]:
    rows = store.sql("SELECT id FROM kind_household WHERE township = ? AND joined_into = ?", store.code, home.id)
    found = store.load([Key(home.kind, id_) for (id_,) in rows])
    return [record for record in found.values() if sight.record(store, record)]
