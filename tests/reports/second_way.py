"""The figures of every report, worked out a second time: plain loops over the records as a desk's phone pulls them, written from DOMAIN.

Shares no line with the product: it reads the API's JSON, the rows of the log as plain SQL gives them, and the preset's TOML for full marks
and words. Slow and simple on purpose; one household, one link, one target, one problem at a time. What it leaves out: how a change
is merged (the records are merged already, the log's categories follow the newest stamp), and policies that change more than a number.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Figures = dict[str, Any]

SHANGHAI = timezone(timedelta(hours=8))
TEXT = tomllib.loads(
    (Path(__file__).parents[2] / "shared/rules/presets/five_campaigns_2018.toml").read_text(encoding="utf-8")
)
SIX = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
LADDER = ("household", "village", "township", "county")
DESK = "desk-"


def ms_of(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def day_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).date().isoformat()


def end_of_day(day: str) -> int:
    return ms_of(f"{day}T23:59:59+08:00")


def plus_days(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_of_month(month: str) -> list[str]:
    day, found = f"{month}-01", []
    while day.startswith(month):
        found.append(day)
        day = plus_days(day, 1)
    return found


# --- what there is ------------------------------------------------------------------------------------------------------


@dataclass
class Raw:
    """A township as it can be had without its own code: `records` by kind as pulled over the API, `log` rows of kind, record, at,
    stamp and what was written (those that were taken, in log order), `villages` code to name.
    """

    villages: dict[str, str]
    records: dict[str, list[Record]]
    log: list[tuple[str, str, int, str, dict[str, Any]]]
    arrived: dict[str, int] = field(default_factory=dict)
    """When the township first had a record."""
    _at_once: set[str] | None = None

    def __post_init__(self) -> None:
        for _, record, at, _, _ in self.log:
            self.arrived[record] = min(at, self.arrived.get(record, at))

    def at_once(self) -> set[str]:
        """Ids of the visits in which somebody was in two households at once."""
        if self._at_once is None:
            visits = self.of("visit")
            pairs = [(one, other) for one in visits for other in visits if overlaps(one, other)]
            self._at_once = {visit["id"] for pair in pairs for visit in pair}
        return self._at_once

    def of(self, kind: str) -> list[Record]:
        """The records of a kind that were not removed."""
        return [record for record in self.records.get(kind, []) if record["values"].get("removed") is not True]


def first_stamp(record: Record) -> str:
    return min(stamp for stamp in record["stamps"].values() if isinstance(stamp, str))


# --- the policy: only its numbers -----------------------------------------------------------------------------------------


def rules_of(raw: Raw, version: str | None, day: str) -> dict[str, Any]:
    """Minutes and visits a month of the policy a record was written under, else of the one in force on its day."""
    standing = {"version": TEXT["version"], "minutes": 30, "visits": 2}
    shipped = standing
    policies = sorted(raw.of("policy"), key=lambda record: (in_force_from(record), record["values"]["version"]))
    named = None
    for record in policies:
        values = record["values"]
        visits = values.get("contact_visits_a_month")
        minutes = values.get("minimum_minutes")
        rules = {
            "version": values["version"],
            "minutes": 30 if minutes is None else minutes,
            "visits": 2 if visits is None else visits,
        }
        if values["version"] == version:
            named = rules
        if in_force_from(record) <= day:
            standing = rules
    if named:
        return named
    return shipped if version == shipped["version"] else standing


def in_force_from(policy: Record) -> str:
    """The day it says, else the day it was first written on."""
    return policy["values"].get("effective_from") or day_of(int(first_stamp(policy)[:12], 16))


# --- visits -----------------------------------------------------------------------------------------------------------------


def elapsed_of(values: dict[str, Any]) -> int | None:
    """Milliseconds from door to door; None while an end is missing."""
    if not values.get("started_at") or not values.get("ended_at"):
        return None
    if measured_by_timer(values):
        return round((values["ended_mono"] - values["started_mono"]) * 1000)
    return ms_of(values["ended_at"]) - ms_of(values["started_at"])


def measured_by_timer(values: dict[str, Any]) -> bool:
    start, end = values.get("started_mono"), values.get("ended_mono")
    if start is None or end is None or values.get("clock_flag") == "reboot":
        return False
    return bool(end >= start)  # a timer that went back was started anew


def closed_by_itself(values: dict[str, Any], elapsed: int) -> bool:
    return elapsed > 12 * 3_600_000 or values.get("clock_flag") == "auto_closed"


def paused_of(values: dict[str, Any], elapsed: int) -> int:
    """Milliseconds within the visit that some pause covers: cut the visit at every end of a pause and look at each piece."""
    spans = []
    for pause in values.get("pauses") or []:
        if measured_by_timer(values) and pause.get("from_mono") is not None:
            start = round((pause["from_mono"] - values["started_mono"]) * 1000)
            to = pause.get("to_mono")
            end = elapsed if to is None else round((to - values["started_mono"]) * 1000)
        else:
            begun = ms_of(values["started_at"])
            start = ms_of(pause["from"]) - begun
            end = elapsed if pause.get("to") is None else ms_of(pause["to"]) - begun
        spans.append((start, end))
    cuts = sorted({0, elapsed, *(cut for span in spans for cut in span if 0 < cut < elapsed)})
    total = 0
    for left, right in pairwise(cuts):
        if any(start <= left and right <= end for start, end in spans):
            total += right - left
    return total


def overlaps(one: Record, other: Record) -> bool:
    """Whether one person was in two households at once."""
    if one["household"] == other["household"]:
        return False
    if not set(one["values"].get("participants") or []) & set(other["values"].get("participants") or []):
        return False
    spans = []
    for record in (one, other):
        elapsed = elapsed_of(record["values"])
        if elapsed is None or elapsed <= 0 or record["values"].get("mode") not in ("home", "field"):
            return False
        if closed_by_itself(record["values"], elapsed):
            return False  # nobody knows when it ended
        began = ms_of(record["values"]["started_at"])
        watch = ms_of(record["values"]["ended_at"]) - began
        spans.append((began, began + min(elapsed, watch)))  # as long as both clocks say that somebody was there
    return max(spans[0][0], spans[1][0]) < min(spans[0][1], spans[1][1])


def verdict(raw: Raw, visit: Record, campaign: dict[str, Any]) -> str:
    """counts | not_at_home | unfinished | waiting | no: what becomes of one visit. Waiting are those that would count if accepted."""
    values = visit["values"]
    if values.get("mode") not in ("home", "field"):
        return "not_at_home"
    elapsed = elapsed_of(values)
    if elapsed is None:
        return "unfinished"
    if elapsed < 0 or closed_by_itself(values, elapsed):
        return "no"
    known = raw.arrived[visit["id"]]
    if ms_of(values["started_at"]) > known + 10 * 60_000:
        return "no"  # by a clock that is wrong
    # The end may have come in later than the visit itself.
    ended_was_written = int(visit["stamps"]["ended_at"][:12], 16)
    if ms_of(values["ended_at"]) > max(known, ended_was_written) + 10 * 60_000:
        return "no"
    rules = rules_of(raw, values.get("policy_version"), day_of(ms_of(values["started_at"])))
    minutes = rules["minutes"] if campaign.get("minimum_minutes") is None else campaign["minimum_minutes"]
    if not all(values.get(f"{name}_status") for name in SIX):
        return "no"
    long_enough = elapsed - paused_of(values, elapsed) >= minutes * 60_000
    alone = visit["id"] not in raw.at_once()
    if long_enough and alone:
        return "counts"
    if campaign.get("strict"):
        return "no"
    if values.get("short_review") == "accepted":
        return "counts"
    asked = values.get("short_review") is None and (values.get("short_reason") or "").strip()
    return "waiting" if asked and alone else "no"  # two at once are first of all to be corrected


# --- coverage -----------------------------------------------------------------------------------------------------------------


def belongs(visit: Record, campaign: Record) -> bool:
    values = visit["values"]
    if values.get("campaign"):
        return bool(values["campaign"] == campaign["id"])
    if "campaign" not in (values.get("purposes") or []) or not values.get("started_at"):
        return False
    day = day_of(ms_of(values["started_at"]))
    return bool(campaign["values"]["starts_on"] <= day <= (campaign["values"].get("ends_on") or "9999"))


def as_the_log_had(raw: Raw, household: str, name: str, until: int) -> Iterator[tuple[int, Any]]:
    """(moment, value): what stood in a household's field after each change of it up to a moment. The newest stamp stands."""
    newest, standing = "", None
    for kind, record, at, stamp, written in raw.log:
        if kind == "household" and record == household and at <= until and name in written:
            if stamp > newest:
                newest, standing = stamp, written[name]
            yield at, standing


def words_of(codes: list[str] | None) -> set[str]:
    """Categories in the words of 2018."""
    return {TEXT["same_as"].get(code, code) for code in codes or []}


def on_roster(raw: Raw, household: Record, campaign: Record, day: str) -> dict[str, str]:
    """Category to the day since when it stands on the roster ("" from the start), as seen at the end of a day."""
    frozen = ms_of(campaign["values"]["frozen_at"]) + 999  # written in whole seconds
    wanted = words_of(campaign["values"]["must_visit"])

    def stands(until: int) -> set[str]:
        """The must-visit words that the log knew for it at a moment; none of a household that had left."""
        last: dict[str, Any] = {}
        for name in ("categories", "left_reason", "left_on"):
            for _, value in as_the_log_had(raw, household["id"], name, until):
                last[name] = value
        left = last.get("left_reason") and (last.get("left_on") or "") <= day_of(until)
        return set() if left else words_of(last.get("categories")) & wanted

    since = dict.fromkeys(stands(frozen), "")
    moments = {at for kind, record, at, _, _ in raw.log if kind == "household" and record == household["id"]}
    for at in sorted(moments):
        if frozen < at <= end_of_day(day) + 999:
            for category in stands(at):
                since.setdefault(category, day_of(at))
    return since


def coverage(raw: Raw, now: int, month: str | None = None, campaign: str | None = None) -> Figures:
    day = min(day_of(now), days_of_month(month)[-1]) if month else day_of(now)
    begun = [one for one in raw.of("campaign") if one["values"]["starts_on"] <= day]
    chosen = max(begun, key=lambda one: (one["values"]["starts_on"], one["id"]))
    if campaign:
        (chosen,) = (one for one in raw.of("campaign") if one["id"] == campaign)
    order = [code for code in TEXT["categories"] if code in chosen["values"]["must_visit"]]
    own = [visit for visit in raw.of("visit") if belongs(visit, chosen)]
    told = {visit["id"]: verdict(raw, visit, chosen["values"]) for visit in own}
    places = {code: _no_coverage(order) for code in raw.villages}
    for household in raw.records.get("household", []):  # the removed ones too
        since = on_roster(raw, household, chosen, day)
        if since:
            calls = [visit for visit in own if visit["household"] == household["id"] and _day(visit) <= day]
            _one_household(places[household["village"]], household, since, calls, told, day)
    total = _no_coverage(order)
    for place in places.values():
        for name in (
            "households",
            "visited",
            "added",
            "left",
            "visits",
            "short_waiting",
            "not_home",
            "by_phone",
            "arrange",
        ):
            total[name] += place[name]
        for code, row in place["categories"].items():
            for name in row:
                total["categories"][code][name] += row[name]
    return {"day": day, "campaign": chosen["id"], "villages": places, "total": total}


def _no_coverage(order: Iterable[str]) -> Figures:
    names = ("households", "visited", "added", "left", "visits", "short_waiting", "not_home", "by_phone", "arrange")
    return dict.fromkeys(names, 0) | {
        "categories": {code: {"households": 0, "visited": 0, "visits": 0} for code in order}
    }


def _day(visit: Record) -> str:
    started = visit["values"].get("started_at")
    return day_of(ms_of(started)) if started else ""


def _one_household(
    place: Figures, household: Record, since: dict[str, str], calls: list[Record], told: dict[str, str], day: str
) -> None:
    counted = [visit for visit in calls if told[visit["id"]] == "counts"]
    values = household["values"]
    gone = values.get("left_reason") and (not values.get("left_on") or values["left_on"] <= day)
    if gone and not counted:
        place["left"] += 1
        return
    place["households"] += 1
    place["visited"] += bool(counted)
    place["added"] += "" not in since.values()
    place["visits"] += len(counted)
    place["short_waiting"] += sum(told[visit["id"]] == "waiting" for visit in calls)
    not_home = sum(visit["values"].get("mode") == "not_home" for visit in calls)
    place["not_home"] += not_home
    place["by_phone"] += sum(visit["values"].get("mode") == "phone" for visit in calls)
    place["arrange"] += not_home >= 3 and not counted
    for category, first in since.items():
        row = place["categories"][category]
        row["households"] += 1
        row["visited"] += bool(counted)
        row["visits"] += sum(_day(visit) >= first for visit in counted)


# --- contact visits -----------------------------------------------------------------------------------------------------------


def contact(raw: Raw, now: int, month: str | None = None) -> Figures:
    month = month or day_of(now)[:7]
    names = ("links", "owed", "made", "met", "open", "exempt", "extra", "late")
    places = {code: dict.fromkeys(names, 0) for code in raw.villages}
    target = rules_of(raw, None, min(days_of_month(month)[-1], day_of(now)))["visits"]
    for link in raw.of("party_link"):
        place = places[link["village"]]
        owed, exempt = owed_by(link["values"], month, target)
        days = days_called(raw, link, month)
        made = len(days)
        place["links"] += bool(owed or exempt or made)
        place["owed"] += owed
        place["made"] += min(made, owed)
        place["extra"] += max(made - owed, 0)
        place["met"] += owed > 0 and made >= owed
        place["open"] += made < owed
        place["exempt"] += exempt and owed == 0
        place["late"] += sum(late for late in days.values())
    return {"month": month, "villages": places, "total": _summed(places.values(), names)}


def owed_by(values: dict[str, Any], month: str, target: int) -> tuple[int, bool]:
    """(owed, whether an exemption is why it is less): walk through the month's days and look at each."""
    running = [
        day
        for day in days_of_month(month)
        if values["from_date"] <= day and (not values.get("to_date") or day <= values["to_date"])
    ]
    live = [day for day in running if not exempt_on(values, day)]
    full, left = for_days(running, target), for_days(live, target)
    if live and live != running and len(live) < 15:
        left = min(1, target)  # an exemption that leaves less than half a month
    return left, left < full


def exempt_on(values: dict[str, Any], day: str) -> bool:
    since, until, reason = (values.get(f"exempt_{name}") for name in ("from", "to", "reason"))
    if not (since or until or reason) or (reason and reason not in ("ill", "away", "age", "other")):
        return False
    return bool((since or "") <= day <= (until or "9999"))


def for_days(days: list[str], target: int) -> int:
    if not days:
        return 0
    if int(days[0][-2:]) > 15 or int(days[-1][-2:]) < 15:
        return min(1, target)
    return min(target, len(days))


def days_called(raw: Raw, link: Record, month: str) -> dict[str, bool]:
    """Shanghai day to whether every call of that day arrived late."""
    values = link["values"]
    late_after = end_of_day(f"{plus_days(days_of_month(month)[-1], 1)[:7]}-05")
    found: dict[str, bool] = {}
    for kind in ("contact_visit", "visit"):
        for call in raw.of(kind):
            said = call["values"]
            if call["household"] != link["household"] or said.get("mode") != "home" or not said.get("started_at"):
                continue
            if kind == "visit" and "party_link" not in (said.get("purposes") or []):
                continue
            if said.get("link") != link["id"] and values["party_member"] not in (said.get("participants") or []):
                continue
            if ms_of(said["started_at"]) > raw.arrived[call["id"]] + 10 * 60_000:
                continue  # not made yet
            day = day_of(ms_of(said["started_at"]))
            if day[:7] == month and values["from_date"] <= day <= (values.get("to_date") or "9999"):
                found[day] = found.get(day, True) and raw.arrived[call["id"]] > late_after
    return found


def _summed(rows: Iterable[Figures], names: Iterable[str]) -> Figures:
    kept = list(rows)
    return {name: sum(row[name] for row in kept) for name in names}


# --- clean-up -----------------------------------------------------------------------------------------------------------------


def cleanup(raw: Raw, now: int, month: str | None = None) -> Figures:
    month = month or day_of(now)[:7]
    own: list[tuple[Record, Figures]] = []
    for line in lines_of(raw).values():
        scored: list[tuple[Record, Figures]] = []
        for check in line:
            mark = mark_of(check["values"])
            mark["rebound"] = slipped(scored, check, mark)
            scored.append((check, mark))
        own += [(check, mark) for check, mark in scored if _checked_on(check)[:7] == month]
    villages = {
        code: _marks([(check, mark) for check, mark in own if check["village"] == code]) for code in raw.villages
    }
    targets = {
        target: _marks([(check, mark) for check, mark in own if check["values"]["target"] == target])
        for target in ("household", "hamlet", "village")
    }
    return {"month": month, "villages": villages, "targets": targets, "total": _marks(own)}


def target_of(check: Record) -> tuple[str, ...] | None:
    values = check["values"]
    if values.get("target") == "household" and check["household"]:
        return "household", check["household"]
    if values.get("target") == "hamlet" and (values.get("hamlet") or "").strip():
        return "hamlet", check["village"], values["hamlet"].strip()
    return ("village", check["village"]) if values.get("target") == "village" else None


def lines_of(raw: Raw) -> dict[tuple[str, ...], list[Record]]:
    """Every target's checks, oldest first."""
    found: dict[tuple[str, ...], list[Record]] = {}
    for check in sorted(raw.of("cleanup_check"), key=lambda one: one["id"]):
        target, checked = target_of(check), check["values"].get("checked_at")
        if not target or not checked:
            continue
        known = max(raw.arrived[check["id"]], int(check["stamps"]["checked_at"][:12], 16))
        if ms_of(checked) <= known + 10 * 60_000:  # else by a clock that is wrong
            found.setdefault(target, []).append(check)
    for line in found.values():
        line.sort(key=lambda check: ms_of(check["values"]["checked_at"]))
    return found


def mark_of(values: dict[str, Any]) -> Figures:
    rubrics = TEXT["cleanup"]["rubrics"]
    rubric = rubrics["household" if values["target"] == "household" else "village"]
    for one in rubrics.values():
        if one["version"] == values.get("rubric_version"):
            rubric = one
    total, complete = Fraction(0), True
    for item in rubric["items"]:
        points = values.get(item["field"])
        if points is None:
            complete = False
        else:
            total += Fraction(str(min(points, item["full"])))
    red = set(values.get("red_lines") or [])
    return {
        "rubric": values.get("rubric_version") or rubric["version"],
        "total": total,
        "complete": complete,
        "red": red,
        "passed": complete and not red and total >= 80,
        "good": complete and not red and total >= 90,
        "failed": bool(red) or (complete and total < 80),
    }


def slipped(before: list[tuple[Record, Figures]], check: Record, mark: Figures) -> bool:
    """Against the last one that was scored to the end; a red line against the last one of all."""
    day = date.fromisoformat(_checked_on(check))
    alike = [
        (its, (day - date.fromisoformat(_checked_on(other))).days <= 90)
        for other, its in before
        if its["rubric"] == mark["rubric"]
    ]
    if not alike:
        return False
    last, recent = alike[-1]
    if recent and mark["red"] - last["red"]:
        return True
    whole = [one for one in alike if one[0]["complete"]]
    if not whole:
        return False
    last, recent = whole[-1]
    fell = last["passed"] and mark["failed"]
    dropped = mark["complete"] and last["total"] - mark["total"] >= 10
    return bool(recent and (fell or dropped))


def _checked_on(check: Record) -> str:
    return day_of(ms_of(check["values"]["checked_at"]))


def _marks(own: list[tuple[Record, Figures]]) -> Figures:
    totals = [mark["total"] for _, mark in own if mark["complete"]]
    return {
        "checks": len(own),
        "targets": len({target_of(check) for check, _ in own}),
        "average": sum(totals) / len(totals) if totals else None,
        "passed": sum(mark["passed"] for _, mark in own),
        "good": sum(mark["good"] for _, mark in own),
        "failed": sum(mark["failed"] for _, mark in own),
        "red_lines": sum(bool(mark["red"]) for _, mark in own),
        "incomplete": sum(not mark["complete"] for _, mark in own),
        "rebounds": sum(mark["rebound"] for _, mark in own),
    }


# --- the ledger -----------------------------------------------------------------------------------------------------------------

LEDGER = ("found", "solved", "explained", "open", "overdue", "reopened", "duplicate", "rejected")
OPEN = ("accepted", "assigned", "in_progress", "fixed", "reopened")
"""Open, and the second gate not passed: here a deadline can pass."""


@dataclass
class Card:
    """A problem's card in the ledger as it is filled in, step by step."""

    state: str
    tier: str
    tier_said: bool = False
    person: str = ""
    due: str = ""
    extensions: int = 0
    unreachable: int = 0
    fixer: tuple[str, str, str] | None = None
    over: int = 0
    over_known: int = 0
    """When that was written down."""
    reopened: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(step, why in a word), in order."""


def written_at(step: Record) -> int:
    return int(first_stamp(step)[:12], 16)


def time_of_step(step: Record) -> int:
    """As it says itself, but nobody writes down what has not happened yet."""
    said = step["values"].get("at")
    return min(ms_of(said), written_at(step)) if said else written_at(step)


def card_of(problem: Record, steps: list[Record]) -> Card:
    tier = problem["values"].get("tier")
    card = Card("draft", tier, True) if tier in LADDER else Card("draft", "village")
    for step in sorted(steps, key=lambda one: (first_stamp(one), one["id"])):
        refused = take(card, problem, step)
        if refused:
            card.refused.append((step["values"].get("step") or "", refused))
        elif card.over and not card.over_known:
            card.over_known = written_at(step)
    return card


def unexplained_jump(card: Card, tier: str | None, values: dict[str, Any]) -> bool:
    """A tier left out on the way up, or one that somebody had named sent down, and not a word why."""
    if tier is None or said(values, "reason"):
        return False
    way = LADDER.index(tier) - LADDER.index(card.tier)
    return way >= 2 or (way < 0 and card.tier_said)


def name_tier(card: Card, tier: str | None) -> None:
    if tier is not None:
        card.tier, card.tier_said = tier, True


def said(values: dict[str, Any], name: str) -> bool:
    return bool((values.get(name) or "").strip())


def same_person(one: tuple[str, str, str], other: tuple[str, str, str] | None) -> bool:
    if other is None:
        return False
    return one[0] == other[0] or (one[1] == other[1] and not one[1].startswith(DESK))


def take(card: Card, problem: Record, step: Record) -> str:
    """Take one step, or say in a word why it has no effect."""
    values, at = step["values"], time_of_step(step)
    name = values.get("step")
    signer = (
        (values.get("by_name") or "").strip(),
        first_stamp(step)[18:],
        values.get("by_tier")
        if values.get("by_tier") in LADDER
        else "household"
        if values.get("by_tier")
        else "village",
    )
    rank = LADDER.index
    named_tier = values.get("tier") if values.get("tier") in LADDER else None
    state = card.state

    if name == "reported":
        if state != "draft":
            return "state"
        card.state = "reported"
        name_tier(card, named_tier)
        return ""
    if name == "accepted":
        if state not in ("draft", "reported"):
            return "state"
        if unexplained_jump(card, named_tier, values):
            return "why"
        card.state = "accepted"
        name_tier(card, named_tier)
        return ""
    if name == "assigned":
        if state not in ("accepted", "assigned", "in_progress", "reopened"):
            return "state"
        if not said(values, "unit") or not said(values, "person") or not values.get("due_date"):
            return "duty"
        handed_out = state in ("assigned", "in_progress") and card.person and card.due
        if handed_out and values["due_date"] > card.due:
            return "extend instead"
        if unexplained_jump(card, named_tier, values):
            return "why"
        card.state, card.person, card.due = "assigned", values["person"], values["due_date"]
        name_tier(card, named_tier)
        return ""
    if name == "started":
        if state != "assigned":
            return "state"
        card.state = "in_progress"
        return ""
    if name == "fixed":
        if state not in ("draft", "reported", "accepted", "assigned", "in_progress"):
            return "state"
        if not signer[0]:
            return "who"
        if state in ("draft", "reported", "accepted") and card.tier not in ("household", "village"):
            return "assign first"
        if not said(values, "proof_note"):
            return "proof"
        card.state, card.fixer, card.unreachable = "fixed", signer, 0
        return ""
    if name == "verified":
        if state != "fixed":
            return "state"
        if not signer[0]:
            return "who"
        if same_person(signer, card.fixer):
            return "the fixer"
        if card.fixer and rank(signer[2]) < rank(card.fixer[2]):
            return "lower"
        card.state = "verified"
        return ""
    if name == "gate_failed":
        if state not in ("fixed", "verified"):
            return "state"
        if not said(values, "reason"):
            return "why"
        card.state = "in_progress"
        return ""
    if name == "satisfied":
        return _third_gate(card, problem, values, signer, at)
    if name == "explained":
        if state not in ("accepted", "assigned", "in_progress", "fixed", "verified", "reopened"):
            return "state"
        if not said(values, "reason"):
            return "why"
        card.state, card.over = "explained", at
        return ""
    if name == "escalated":
        if state in ("draft", "closed", "explained", "duplicate", "rejected"):
            return "state"
        if card.tier == LADDER[-1]:
            return "last tier"
        if values.get("tier") != LADDER[rank(card.tier) + 1]:
            return "one tier"
        if not said(values, "reason"):
            return "why"
        name_tier(card, values["tier"])
        if state in ("accepted", "assigned", "in_progress", "reopened"):
            card.state, card.person = "assigned", values.get("person") or ""
        if state != "reported":
            card.due = plus_days(day_of(at), TEXT["problems"]["days"][card.tier])
            if values.get("due_date") and values["due_date"] < card.due:
                card.due = values["due_date"]  # sooner is theirs to say, later is for an extension
        return ""
    if name == "extended":
        if state not in ("assigned", "in_progress", "fixed", "reopened"):
            return "state"
        if not card.due:
            return "no deadline"
        if card.extensions == 2:
            return "no more"
        if rank(signer[2]) < min(rank(card.tier) + 1, 3):
            return "one tier up approves"
        if not values.get("due_date") or values["due_date"] <= card.due:
            return "not later"
        if not said(values, "reason"):
            return "why"
        card.due = values["due_date"]
        card.extensions += 1
        return ""
    if name in ("duplicate", "rejected"):
        if state not in ("draft", "reported", "accepted"):
            return "state"
        if name == "duplicate" and values.get("duplicate_of") in (None, problem["id"]):
            return "of which"
        if name == "rejected" and not said(values, "reason"):
            return "why"
        card.state, card.over = name, at
        return ""
    if name == "reopened":
        if state not in ("closed", "explained", "duplicate", "rejected"):
            return "state"
        since = date.fromisoformat(day_of(card.over_known))
        if date.fromisoformat(day_of(written_at(step))) - since > timedelta(days=180):
            return "too old"
        if not said(values, "reason"):
            return "why"
        card.state, card.over, card.over_known, card.due = "reopened", 0, 0, ""
        card.reopened.append(at)
        return ""
    return "no such step"


def _third_gate(card: Card, problem: Record, values: dict[str, Any], signer: tuple[str, str, str], at: int) -> str:
    if card.state != "verified":
        return "state"
    if not signer[0]:
        return "who"
    if same_person(signer, card.fixer):
        return "the fixer"
    answer, method = values.get("answer"), values.get("method")
    if answer not in ("yes", "no", "unreachable"):
        return "answer"
    names = {name.strip() for name in values.get("witnesses") or [] if name.strip()}
    if card.fixer and card.fixer[0] in names:
        return "the fixer"
    if problem["household"] is None:
        if method != "representatives" or len(names) < 3:
            return "representatives"
    elif method == "representatives":
        return "the household"
    elif method == "witness" and card.unreachable < 3:
        return "too early for a witness"
    elif method == "witness" and not names:
        return "which witness"
    if answer == "unreachable":
        card.unreachable += 1
    elif answer == "no":
        card.state = "in_progress"
    else:
        card.state, card.over = "closed", at
    return ""


def problems(raw: Raw, now: int, month: str | None = None) -> Figures:
    until = min(now, end_of_day(days_of_month(month)[-1])) if month else now
    places = {code: dict.fromkeys(LEDGER, 0) for code in raw.villages}
    tiers = {code: dict.fromkeys(LEDGER, 0) for code in LADDER}
    categories: dict[str, Figures] = {}
    for problem in raw.of("problem"):
        found = problem["values"].get("found_at")
        found_on = day_of(ms_of(found) if found else int(first_stamp(problem)[:12], 16))
        if found_on > day_of(until):
            continue
        steps = [step for step in raw.of("problem_step") if step["values"].get("problem") == problem["id"]]
        card = card_of(problem, [step for step in steps if time_of_step(step) <= until])
        counted = _count(card, found_on, until, month or "")
        category = problem["values"].get("category") or "other"
        rows = places[problem["village"]], tiers[card.tier], categories.setdefault(category, dict.fromkeys(LEDGER, 0))
        for row in rows:
            for name, number in counted.items():
                row[name] += number
    order = [*(c for c in TEXT["problems"]["categories"] if c in categories)]
    order += sorted(set(categories) - set(order))
    return {
        "day": day_of(until),
        "villages": places,
        "tiers": tiers,
        "categories": {code: categories[code] for code in order},
        "total": _summed(places.values(), LEDGER),
    }


def _count(card: Card, found_on: str, until: int, month: str) -> Figures:
    row = dict.fromkeys(LEDGER, 0)
    over_now = card.state in ("closed", "explained", "duplicate", "rejected")
    in_month = over_now and day_of(card.over).startswith(month)
    if card.state in ("duplicate", "rejected"):
        row[card.state] += in_month
        return row
    row["found"] += found_on.startswith(month)
    row["solved"] += card.state == "closed" and in_month
    row["explained"] += card.state == "explained" and in_month
    row["open"] += not over_now
    row["overdue"] += bool(card.state in OPEN and card.due and until > end_of_day(card.due))
    row["reopened"] += sum(day_of(at).startswith(month) for at in card.reopened)
    return row


# --- getting at it -----------------------------------------------------------------------------------------------------------------


def raw_of(pulled: Iterable[Record], rows: Iterable[tuple[Any, ...]], areas: Iterable[tuple[str, str]]) -> Raw:
    """`pulled` are the API's records, `rows` are (kind, record, at, stamp, written) of the log, `areas` (code, name) of the villages."""
    records: dict[str, list[Record]] = {}
    for record in pulled:
        records.setdefault(record["kind"], []).append(record)
    log = [(kind, record, at, stamp, json.loads(written or "{}")) for kind, record, at, stamp, written in rows]
    return Raw(dict(sorted(areas)), records, log)
