"""What the gate took and the desk should look at: incomplete records, choice codes no list here holds, changes that came late, and what
the rules call odd: doubled numbers, visits that do not count yet, settings that cannot be used.

None of these was refused, for a form binds its writer and not the gate. Names fields and codes, never what a person wrote. Leaves to
others: the rules (`shared.rules`), doubled numbers in a workbook (the importer says so), and mending what is listed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from server.reports.book import read_book
from server.rows import from_json
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.fields import Label
from shared.grants import TOWNSHIP
from shared.kind import REMOVED
from shared.moments import day_of
from shared.record import Record
from shared.rules.due import standings_of
from shared.rules.duplicates import ring_findings
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.policy import read_policy
from shared.rules.quality import SAYS, doubled_numbers, household_findings, member_findings, visit_oddities
from shared.rules.visits import judge_all

PAGE = 1000


def list_warnings(database: Database, township: str) -> list[dict[str, Any]]:
    """The warnings of a township: ``{"code", "kind", "id", "village", "fields", "says"}``, by kind and id; then what the rules find
    odd; late changes last. `says` is the sentence in ``{"zh", "en"}``.
    """
    with database.read(township) as store:
        odd = list(_oddities(store, database))
        found = [warning for record in _records(store, database) for warning in _of_record(database, record)]
        late = store.sql(
            "SELECT kind, record, village, written FROM changes WHERE township = ? AND late = 1 AND refusal IS NULL ORDER BY seq",
            township,
        )
    return (
        found
        + odd
        + [_warning("late", kind, id_, village, sorted(from_json(text))) for kind, id_, village, text in late]
    )


def _records(store: TownshipStore, database: Database) -> Iterator[Record]:
    for name, kind in database.kinds.items():
        after = ""
        while not kind.made_by_server and (page := store.fill(f"{TOWNSHIP}:{store.code}", name, after, PAGE)):
            yield from page
            after = page[-1].id


def _of_record(database: Database, record: Record) -> Iterator[dict[str, Any]]:
    kind = database.kinds[record.kind]
    if record.values.get(REMOVED) is True:
        return
    if missing := kind.missing(record.values):
        yield _warning("incomplete", record.kind, record.id, record.village, missing)
    if unknown := kind.unknown_codes(record.values):
        yield _warning("unknown_choice", record.kind, record.id, record.village, sorted(unknown))


def _oddities(store: TownshipStore, database: Database) -> Iterator[dict[str, Any]]:
    """What the rules find odd, household by household."""
    today = day_of(now_ms())
    homes = store.entries("household", _fields_of(database, "household"))
    gone = store.entries("household", ["categories", "left_reason"], removed=True)
    people = store.entries("member", _fields_of(database, "member"))
    book = read_book(store, ["problem", "problem_step"])
    called = store.entries("visit", _fields_of(database, "visit"), dated=True)
    members, visits = _by_household(people), _by_household(called)
    doubled = doubled_numbers(homes, people)
    for home in homes:
        yield from _told(home, household_findings(home, members.get(home.id, [])))
        if home.id in doubled:
            yield from _told(home, [doubled[home.id]])
    for home in gone:
        if not home.values.get("left_reason") and book.policies.on(today).read_categories(
            home.values.get("categories")
        ):
            yield from _told(home, [Finding("left_unsaid", SAYS["left_unsaid"], ("left_reason",))])
    for family in members.values():
        head = next((member for member in family if member.values.get("relation") == "head"), None)
        for member in family:
            yield from _told(member, member_findings(member, today, head))
            if member.id in doubled:
                yield from _told(member, [doubled[member.id]])
    for told in judge_all(called, book.policies, now=now_ms()):
        home_id = told.entry.household or ""
        yield from _told(
            told.entry, visit_oddities(told, visits.get(home_id, []), members.get(home_id, []), book.policies)
        )
    astray = ring_findings(standings_of(book))
    for problem in book.problems:
        if problem.id in astray:
            yield from _told(problem, [astray[problem.id]])
    for policy in store.entries("policy", _fields_of(database, "policy")):
        yield from _told(policy, read_policy(policy.values)[1])


def _fields_of(database: Database, kind: str) -> Iterable[str]:
    return database.kinds[kind].fields


def _by_household(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.household or "", []).append(entry)
    return found


def _told(entry: Entry, findings: Iterable[Finding]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        yield _warning(finding.code, entry.kind, entry.id, entry.village, list(finding.fields), finding.says)


_SAYS = {
    "incomplete": Label("还没有填全", "Not complete yet"),
    "unknown_choice": Label("有不认识的选项代码，已保留", "Holds a choice nobody here knows; it was kept"),
    "late": Label("授权收回之后才到，已收下", "Arrived after the grant had ended; it was taken"),
}


def _warning(
    code: str, kind: str, id_: str, village: str | None, fields: list[str], says: Label | None = None
) -> dict[str, Any]:
    told = (says or _SAYS[code])._asdict()
    return {"code": code, "kind": kind, "id": id_, "village": village or None, "fields": fields, "says": told}
