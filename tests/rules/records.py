"""What people wrote, as plain data: the words the cases beside this are made of.

A case says who wrote what about whom and when; the names are of this paper only (甲户, 韦), ids and devices follow from them. Times are the
county's: ``10:00`` is 3 September 2018, ``09-05`` that day's noon, ``2018-12-31 23:59:59`` says it all. Nothing is judged here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.merge import DESK, fold, join
from shared.moments import milliseconds
from shared.record import Change, Key, Record

_NAMES = UUID("2f4d8f54-0c7e-5b58-9d0f-0a3a5a1b7c33")
_TIME = re.compile(r"(?:(\d{4})-)?(?:(\d\d)-(\d\d))? ?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
CONSOLE = "办公室"
"""Writes at the township's console: a device that all of the desk share."""
CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
HOUSEHOLD_ITEMS = {
    "e1_house": 20, "e2_yard": 20, "e3_weeds": 15, "e4_rubbish": 20, "e5_kitchen": 10, "e6_toilet": 10, "e7_animals": 5,
}  # fmt: skip
VILLAGE_ITEMS = {
    "w1_rules": 9, "w2_cleaners": 8, "w3_bins": 18, "w4_stacks": 15, "w5_roads": 10, "w6_ditches": 15, "w7_toilets": 15,
    "w8_yards": 10,
}  # fmt: skip


@cache
def moment(text: str) -> str:
    """A time of this paper as ISO text; what is ISO already stays."""
    if "T" in text:
        return text
    found = _TIME.fullmatch(text)
    assert found, text
    year, month, day, clock = found.groups()
    clock = clock or "12:00"
    return f"{year or '2018'}-{month or '09'}-{day or '03'}T{clock if clock.count(':') == 2 else f'{clock}:00'}+08:00"


@cache
def ms(text: str) -> int:
    return milliseconds(moment(text))


def day(text: str) -> str:
    """A day of this paper as ``YYYY-MM-DD``."""
    return moment(text)[:10]


@cache
def ident(kind: str, name: str) -> str:
    """The id that a name of this paper stands for."""
    return str(uuid5(_NAMES, f"{kind}/{name}"))


@cache
def device(person: str) -> str:
    """A person's own phone."""
    return f"phone-{uuid5(_NAMES, person).hex[:12]}"


@dataclass(frozen=True)
class Write:
    """One press of Save. `at` when it was written, `received` when the township had it (a minute later unless said), both in ms.

    `village` is the last three digits, None for what the township shares. `unseen`: the writer had not seen the words before.
    """

    kind: str
    name: str
    values: Mapping[str, Any]
    by: str
    at: int
    household: str | None = None
    village: str | None = "201"
    received: int = 0
    unseen: bool = False
    phone: str = ""

    @property
    def id(self) -> str:
        return ident(self.kind, self.name)

    @property
    def device(self) -> str:
        return device(self.phone or self.by)

    def then(self, on: str, by: str = "", received: str = "", unseen: bool = False, **values: Any) -> "Write":
        """A later change to the same record."""
        return replace(
            self, values=values, by=by or self.by, at=ms(on), received=ms(received) if received else 0, unseen=unseen
        )


@dataclass(frozen=True)
class Stamped:
    """A write with the stamp it got and what its writer was looking at."""

    write: Write
    stamp: str
    base: Mapping[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> Change:
        return Change(self.stamp, dict(self.write.values), dict(self.base))

    @property
    def received(self) -> int:
        return self.write.received or self.write.at + 60_000


def stamped(writes: Iterable[Write], township: str = "451422103") -> list[Stamped]:
    """Every write with its stamp, oldest first."""
    taken: dict[tuple[int, str], int] = {}
    found: list[Stamped] = []
    for write in sorted(writes, key=lambda one: one.at):
        name = f"{DESK}{township}" if CONSOLE in (write.by, write.phone) else write.device
        counter = taken[write.at, name] = taken.get((write.at, name), -1) + 1
        held = record_of(write.id, found) if any(one.write.id == write.id for one in found) else None
        seen = {} if held is None or write.unseen else {n: s for n, s in held.stamps.items() if n in write.values}
        found.append(Stamped(write, format_stamp(write.at, counter, name), seen))
    return found


def record_of(id_: str, stamps: Sequence[Stamped], township: str = "451422103") -> Record:
    """What the words about one record come to."""
    own = [one for one in stamps if one.write.id == id_]
    first = own[0].write
    kind, record = KINDS[first.kind], Record(first.kind, id_, *place_of(first, township))
    if not all(join(kind, record, one.change) for one in own):
        folded = fold(kind, (one.change for one in own))
        record.values, record.stamps = folded.values, folded.stamps
    return record


def place_of(write: Write, township: str = "451422103") -> tuple[str | None, str | None]:
    """The village and the household of the envelope."""
    village = None if write.village is None else f"{township}{write.village}"
    return village, ident("household", write.household) if write.household else None


def records(stamps: Sequence[Stamped]) -> dict[Key, Record]:
    keys = dict.fromkeys(Key(one.write.kind, one.write.id) for one in stamps)
    return {key: record_of(key.id, stamps) for key in keys}


# --- visits ------------------------------------------------------------------------------------------------------------


def visit(
    begin: str, end: str = "", *, home: str = "甲户", by: str = "韦", others: Sequence[str] = (), on: str = "",
    received: str = "", timer: str = "", pauses: Sequence[Any] = (), without: Sequence[str] = (),
    name: str = "", village: str = "201", **values: Any,
) -> Write:  # fmt: skip
    """A visit from `begin` to `end`, all six checks fine.

    `timer`: how long by the phone's timer, ``mm:ss``, which began at 5000 seconds. `pauses`: (from, to) by the clock, or as written.
    """
    written = {
        "purposes": ["campaign"], "mode": "home", "entry_mode": "live", "started_at": moment(begin),
        "participants": [by, *others], **{f"{check}_status": "ok" for check in CHECKS},
    }  # fmt: skip
    if end:
        written["ended_at"] = moment(end)
    if timer:
        minutes, _, seconds = timer.partition(":")
        written |= {"started_mono": 5000.0, "ended_mono": 5000.0 + int(minutes) * 60 + float(seconds or 0)}
    if pauses:
        written["pauses"] = [
            dict(zip(("from", "to"), map(moment, pause), strict=False)) if isinstance(pause, tuple) else pause
            for pause in pauses
        ]
    written = {key: value for key, value in (written | values).items() if key not in without}
    at = ms(on or end or begin)
    return Write(
        "visit", name or f"{by} {home} {begin}", written, by, at, home, village, ms(received) if received else 0
    )


def contact(begin: str, *, home: str | None = "甲户", by: str = "陆", others: Sequence[str] = (), of: Write | None = None,
            mode: str = "home", on: str = "", received: str = "", name: str = "", **values: Any) -> Write:  # fmt: skip
    """A party member's call. `of`: the link that it names; `on`: when it was written, if not as it began."""
    written = {"mode": mode, "started_at": moment(begin), "participants": [by, *others], **values}
    if of is not None:
        written["link"] = of.id
    return Write(
        "contact_visit", name or f"{by} {home} {begin} {mode}", written, by, ms(on or begin), home,
        received=ms(received) if received else 0,
    )  # fmt: skip


def link(member: str = "陆", *, home: str = "甲户", since: str = "2018-01-01", until: str = "", **values: Any) -> Write:
    """A party member linked to a household."""
    written = {"party_member": member, "from_date": day(since), **({"to_date": day(until)} if until else {}), **values}
    return Write("party_link", f"{member} {home}", written, CONSOLE, ms("2018-01-01"), home)


def household(home: str = "甲户", *categories: str, on: str = "2018-06-01", by: str = "登记", village: str = "201",
              received: str = "", **values: Any) -> Write:  # fmt: skip
    written = {"head_name": home, "categories": list(categories), **values}
    return Write("household", home, written, by, ms(on), None, village, ms(received) if received else 0)


def campaign(
    name: str = "大走访", *, starts: str = "09-01", ends: str = "09-30", on: str = "2018-08-01", **values: Any
) -> Write:
    written = {"name": name, "starts_on": day(starts), **({"ends_on": day(ends)} if ends else {}), **values}
    return Write("campaign", name, written, CONSOLE, ms(on), None, None)


def policy(
    version: str = "县1", *, effective: str = "2018-01-01", on: str = "2018-01-01", name: str = "", **values: Any
) -> Write:
    written = {"name": name or version, "version": version, "effective_from": day(effective), **values}
    return Write("policy", name or version, written, CONSOLE, ms(on), None, None)


# --- clean-up ----------------------------------------------------------------------------------------------------------


def check(on: str, points: float, *, target: str = "household", home: str | None = "甲户", red: Sequence[str] = (),
          unscored: Sequence[str] = (), version: str = "", name: str = "", saved: str = "", **values: Any) -> Write:  # fmt: skip
    """A clean-up check of so many points, laid on the items from the first on. `saved`: when it was written, if not on the spot."""
    items = HOUSEHOLD_ITEMS if target == "household" else VILLAGE_ITEMS
    left = points
    scores: dict[str, float] = {}
    for item, full in items.items():
        scores[item] = round(min(full, left), 2)
        left = max(0, left - full)
    sheet = "household-2018.1" if target == "household" else "village-2018.1"
    written: dict[str, Any] = {
        "target": target, "rubric_version": version or sheet, "checked_at": moment(on), "checker": "黄",
        **{item: score for item, score in scores.items() if item not in unscored}, "red_lines": list(red), **values,
    }  # fmt: skip
    at = home if target == "household" else None
    return Write("cleanup_check", name or f"{target} {at} {on} {points}", written, "黄", ms(saved or on), at)


# --- the ledger --------------------------------------------------------------------------------------------------------


def problem(
    name: str = "饮水", *, home: str | None = "甲户", tier: str = "", found: str = "09-01", **values: Any
) -> Write:
    written: dict[str, Any] = {"source": "visit", "category": "water", "description": "缺水", "found_at": moment(found)}
    return Write(
        "problem", name, written | ({"tier": tier} if tier else {}) | values, "韦", ms("2018-08-31 08:00"), home
    )


def step(what: str, by: str = "", *, on: str = "", rank: str = "", phone: str = "", at: str = "", due: str = "",
         of: str = "饮水", home: str | None = "甲户", name: str = "", **values: Any) -> Write:  # fmt: skip
    """A step of the ledger. `rank`: the tier of who takes it; `at`: when it was taken, where that was not when it was written."""
    written: dict[str, Any] = {"problem": ident("problem", of), "step": what}
    if by:
        written["by_name"] = by
    if rank:
        written["by_tier"] = rank
    if due:
        written["due_date"] = day(due)
    if at:
        written["at"] = moment(at)
    when = ms(on) if on else 0
    return Write("problem_step", name or f"{what} {by} {on}", written | values, by or "韦", when, home, phone=phone)


def story(*steps: Write, home: str | None = "甲户") -> tuple[Write, ...]:
    """Steps one after the other: each without a day of its own was written the day after the one before, from 1 September on."""
    told: list[Write] = []
    last = ms("08-31")
    for place, one in enumerate(steps, 1):
        last = one.at or last + 24 * 3_600_000
        told.append(replace(one, at=last, name=f"{place} {one.name}", household=home))
    return tuple(told)


def reported(by: str = "韦", **more: Any) -> Write:
    return step("reported", by, **more)


def accepted(by: str = "陈", **more: Any) -> Write:
    return step("accepted", by, rank="township", **more)


def assigned(to: str = "农", due: str = "09-20", by: str = "陈", **more: Any) -> Write:
    return step("assigned", by, rank="township", due=due, **{"unit": "村委会", "person": to, **more})


def started(by: str = "农", **more: Any) -> Write:
    return step("started", by, **more)


def fixed(by: str = "农", **more: Any) -> Write:
    return step("fixed", by, **{"proof_note": "接通了水管", **more})


def verified(by: str = "黄", **more: Any) -> Write:
    return step("verified", by, **more)


def failed(by: str = "黄", **more: Any) -> Write:
    return step("gate_failed", by, **{"reason": "水还是浑的", **more})


def asked(by: str = "陆", answer: str = "yes", method: str = "home", **more: Any) -> Write:
    return step("satisfied", by, answer=answer, method=method, **more)


def explained(by: str = "陈", **more: Any) -> Write:
    return step("explained", by, rank="township", **{"reason": "不在政策范围内，已书面答复", **more})


def escalated(to: str, by: str = "韦", **more: Any) -> Write:
    return step("escalated", by, **{"tier": to, "reason": "村里没有钱修", **more})


def extended(due: str, by: str = "陈", rank: str = "township", **more: Any) -> Write:
    return step("extended", by, rank=rank, due=due, **{"reason": "等雨停", **more})


def duplicate(of_other: str = "另一个", by: str = "陈", **more: Any) -> Write:
    return step("duplicate", by, rank="township", **{"duplicate_of": ident("problem", of_other), **more})


def rejected(by: str = "陈", **more: Any) -> Write:
    return step("rejected", by, rank="township", **{"reason": "不属实", **more})


def reopened(by: str = "韦", **more: Any) -> Write:
    return step("reopened", by, **{"reason": "水又断了", **more})
