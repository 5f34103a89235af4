"""`ruhu report contact`: a month of contact visits, by village: links, what they owed, what was done. Never by person."""

from dataclasses import asdict
from typing import Any

from server.reports.book import read_book
from server.reports.report import Counts, Places, Report, Table, add
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of, last_day
from shared.rules.contact import ContactMonth, link_month
from shared.rules.coverage import percent
from shared.rules.due import Book
from shared.rules.entry import Entry

COLUMNS = {
    "links": Label("联户", "Links"),
    "owed": Label("应走访次数", "Visits owed"),
    "made": Label("已走访次数", "Visits made"),
    "percent": Label("完成率%", "Done %"),
    "met": Label("走够的联户", "Links done"),
    "open": Label("未走够的联户", "Links open"),
    "exempt": Label("免访", "Exempt"),
    "extra": Label("多走访次数", "Beyond"),
    "late": Label("迟报", "Arrived late"),
}
NEEDS = ("party_link", "contact_visit", "visit")


def contact_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The month's contact visits; this month's unless given. `now` in ms since 1970."""
    counted = count_contact(store, read_book(store, NEEDS), now, month or day_of(now)[:7])
    return contact_of(counted, Places(store.villages()))


def count_contact(store: TownshipStore, book: Book, now: int, month: str) -> Counts:
    """The month of every village."""
    policy = book.policies.on(min(last_day(month), day_of(now)))
    calls: dict[str | None, list[Entry]] = {}
    for visit in (*book.contact_visits, *book.visits):
        calls.setdefault(visit.household, []).append(visit)
    found: dict[str, ContactMonth] = {}
    for link in book.links:
        told = link_month(link, calls.get(link.household, ()), month, policy.contact, now)
        found.setdefault(link.village or "", ContactMonth()).add(told)
    return {
        "about": {"township": store.code, "month": month, "policy": policy.version},
        "villages": {code: asdict(one) for code, one in found.items()},
    }


def contact_of(counted: Counts, places: Places) -> Report:
    """The report on these villages."""
    villages = counted["villages"]
    codes = places.codes(villages)
    rows = [{"village": code, "name": places.names.get(code, code), **_row(villages.get(code, {}))} for code in codes]
    total = _row(add(villages.get(code, {}) for code in codes))
    note = Label(
        "按上海日期计，同一天只计一次；多走的不抵别户",
        "Distinct days in Shanghai; visits beyond what is owed make up for nobody else's",
    )
    about = dict(counted["about"])
    return Report("contact", Label("党员联户", "Contact visits"), about, Table(COLUMNS, rows), total, notes=[note])


def _row(counts: Counts) -> dict[str, Any]:
    row = {key: counts.get(key, 0) for key in COLUMNS}
    return {**row, "percent": percent(row["made"], row["owed"])}
