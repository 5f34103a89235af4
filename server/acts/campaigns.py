"""Beginning a campaign: its days, and the moment its roster is frozen.

Leaves to others: the roster itself, which the log knows (`reports.book`), and its rules (`shared.rules.coverage`).
"""

from uuid6 import uuid7

from server.acts.desk import desk_writer
from server.reports.book import read_policies
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.fields import is_date
from shared.moments import iso
from shared.rules.due import NEEDS
from shared.sync.gate import Gate


class CampaignError(RuntimeError):
    """The campaign cannot be; the message (Chinese / English) says why."""


def add_campaign(
    database: Database, township: str, name: str, *, starts_on: str, ends_on: str | None, strict: bool, by: str
) -> str:
    """Begin a campaign by the policy in force on its first day; its id. Its roster is frozen now. CampaignError in words."""
    for day in (starts_on, ends_on):
        if day is not None and not is_date(day):
            raise CampaignError(f"日期写法不对：{day}，应为 2018-09-01 / Not a day: {day}")
    if ends_on is not None and ends_on < starts_on:
        raise CampaignError("结束日期早于开始日期 / It ends before it begins.")
    id_ = str(uuid7())

    def work(store: TownshipStore) -> None:
        if not store.villages():
            raise CampaignError(f"没有这个乡镇，或还没有导入它的村：{township} / No such township with villages.")
        policy = read_policies(store.entries("policy", NEEDS["policy"])).on(starts_on)
        values = ({"ends_on": ends_on} if ends_on else {}) | {
            "name": name, "preset": policy.preset, "starts_on": starts_on, "state": "running",
            "must_visit": sorted(policy.must_visit), "strict": strict, "frozen_at": iso(now_ms()),
        }  # fmt: skip
        gate = Gate(database.kinds, store, now_ms)
        row = gate.write(desk_writer(township, by, "command"), "campaign", id_, values)
        if row.refusal:
            raise CampaignError(
                "；".join([row.refusal.message, *(s for told in row.refusal.fields.values() for s in told)])
            )
        gate.close()

    database.write(township, work)
    return id_
