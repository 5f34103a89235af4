"""Short visits that wait for the township: it reads the reason and says whether the visit counts (DOMAIN 4.1).

Leaves to others: what short means (`shared.rules.visits`), and who may ask for this (the command line is the administrator's).
"""

from typing import Any

from server.acts.desk import desk_writer, find_township, note
from server.reports.book import read_book
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.rules.coverage import in_campaign
from shared.rules.visits import judge_measured, measure_all
from shared.sync.gate import Gate


def list_short(database: Database, township: str) -> list[dict[str, Any]]:
    """Visits that would count if the township accepted their reason, by village and day; minutes are whole."""
    now = now_ms()
    with database.read(township) as store:
        book = read_book(store, ["visit", "campaign"])
        names = store.villages()
    campaigns = {campaign.id: campaign for campaign in book.campaigns}
    judged = []
    for one in measure_all(book.visits, book.policies, now=now):
        campaign = next((c for c in campaigns.values() if in_campaign(one.entry, c.id, c.values)), None)
        told = judge_measured(one, now=now, campaign=campaign.values if campaign else None)
        if told.waits:
            judged.append(told)
    ordered = sorted(judged, key=lambda one: (one.entry.village or "", one.day, one.entry.id))
    return [
        {
            "id": one.entry.id, "village": one.entry.village, "village_name": names.get(one.entry.village or "", ""),
            "household": one.entry.household, "day": one.day, "minutes": one.length.minutes, "why": list(one.why),
            "reason": one.entry.values.get("short_reason"),
        }
        for one in ordered
    ]  # fmt: skip


def review_short(database: Database, visit: str, accepted: bool, by: str, township: str | None = None) -> None:
    """Accept or decline a short visit's reason; its writers' phones learn of it at the next sync. AccessError when there is none."""
    place = find_township(database, "visit", visit, township)

    def work(store: TownshipStore) -> None:
        gate = Gate(database.kinds, store, now_ms)
        row = gate.write(
            desk_writer(place, by, "command"), "visit", visit, {"short_review": "accepted" if accepted else "declined"}
        )
        if row.refusal:
            raise RuntimeError(row.refusal.message)
        gate.close()
        note(store, by, "review", kind="visit", record=visit, details={"accepted": accepted})

    database.write(place, work)
