"""`ruhu report contact`: a month of contact visits, by village: links, what they owed, what was done. Never by person."""

from typing import Any

from server.reports.book import read_book
from server.reports.report import Report, Table
from server.store import TownshipStore
from shared.fields import Label
from shared.moments import day_of, last_day
from shared.rules.contact import ContactMonth, link_month
from shared.rules.coverage import percent
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


def contact_report(store: TownshipStore, now: int, month: str | None = None) -> Report:
    """The month's contact visits; this month's unless given. `now` in ms since 1970."""
    month = month or day_of(now)[:7]
    book = read_book(store, ["party_link", "contact_visit", "visit"])
    policy = book.policies.on(min(last_day(month), day_of(now)))
    calls: dict[str | None, list[Entry]] = {}
    for visit in (*book.contact_visits, *book.visits):
        calls.setdefault(visit.household, []).append(visit)
    names = store.villages()
    found = {code: ContactMonth() for code in names}
    total = ContactMonth()
    for link in book.links:
        told = link_month(link, calls.get(link.household, ()), month, policy.contact, now)
        found.setdefault(link.village or "", ContactMonth()).add(told)
        total.add(told)
    rows = [{"village": code, "name": names.get(code, code), **_row(found[code])} for code in sorted(found)]
    about = {"township": store.code, "month": month, "policy": policy.version}
    note = Label(
        "按上海日期计，同一天只计一次；多走的不抵别户",
        "Distinct days in Shanghai; visits beyond what is owed make up for nobody else's",
    )
    return Report(
        "contact", Label("党员联户", "Contact visits"), about, Table(COLUMNS, rows), _row(total), notes=[note]
    )


def _row(one: ContactMonth) -> dict[str, Any]:
    return {
        "links": one.links, "owed": one.owed, "made": one.made, "percent": percent(one.made, one.owed), "met": one.met,
        "open": one.open, "exempt": one.exempt, "extra": one.extra, "late": one.late,
    }  # fmt: skip
