"""Which visits count, and why one does not (DOMAIN 4.1, 4.2, 4.4).

Counted: at home or in the field, ended, all six checks answered, not closed by itself; and long enough, or its reason for being short
accepted by the township. Two visits of one person in two households at once have no length that can be believed, so both are treated as
short. Promises: pure; nothing is refused or lengthened; a longer visit never counts less. Leaves to others: coverage, months, the report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.moments import DAY_MS, day_of, milliseconds
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.length import AUTO_CLOSED, DRIFT, HOUR_MS, NEGATIVE, REBOOT, UNFINISHED, Length, length_of
from shared.rules.policy import Policies, Policy

REASONS = {
    "mode": Label("不是入户走访，单独统计", "Not a visit at home; counted apart"),
    UNFINISHED: Label("走访还没有结束", "The visit has not ended"),
    NEGATIVE: Label("结束早于开始，请改正时间", "It ends before it begins; correct the times"),
    "future": Label("开始时间在将来，请检查手机时钟", "It begins in the future; check the phone's clock"),
    AUTO_CLOSED: Label("超过12小时没有结束，已自动结束", "It lay open too long and closed by itself"),
    "checks": Label("六必看还没有看全", "Not all six checks are answered"),
    "overlapping": Label(
        "同一人同一时间在两户，请改正其中一次", "The same person was in two households at once; correct one"
    ),
    "short_unexplained": Label("时间不足，请写明原因", "Short; say why"),
    "short_waiting": Label("时间不足，等乡镇认定", "Short; the township has not looked at the reason yet"),
    "short_declined": Label("时间不足，乡镇没有认可原因", "Short; the township did not accept the reason"),
    "short": Label("时间不足，本次活动不计入", "Short; this campaign does not count it"),
}
"""Why a visit does not count, worst first."""

REMARKS = {
    DRIFT: Label("手机时钟途中被改动，按计时器算", "The clock was changed on the way; the timer's word is taken"),
    REBOOT: Label("手机途中重启，按钟表时间算", "The phone restarted on the way; the clock's word is taken"),
    "late_entry": Label("超过7天才补录", "Entered from paper after more than seven days"),
    "edited_late": Label("走访三天后改动，没有写原因", "Changed more than three days after, without a reason"),
    "note": Label("有问题的一项没有写说明", "A check found an issue and has no note"),
}
"""What is worth a look though it counts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A visit with what the rules say of it. `why` is empty when it counts, else codes of REASONS, worst first."""

    entry: Entry
    length: Length
    day: str
    is_short: bool
    why: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        return not self.why

    def findings(self) -> list[Finding]:
        """All that there is to say, in sentences."""
        fields = {"checks": self.missing, "short_unexplained": ("short_reason",), "edited_late": ("edit_reason",)}
        told = [*((code, REASONS[code]) for code in self.why), *((code, REMARKS[code]) for code in self.remarks)]
        return [Finding(f"visit_{code}", says, fields.get(code, ())) for code, says in told]


def judge(
    entry: Entry, policy: Policy, *, now: int, overlapping: bool = False, campaign: Mapping[str, Any] | None = None
) -> Judged:
    """Judge one visit. `now` in ms since 1970; `campaign` its campaign's values, whose minutes and strictness outrank the policy's."""
    values, rules = entry.values, policy.visit
    campaign = campaign or {}
    length = length_of(values, rules.drift_seconds * 1000, rules.close_after_hours * HOUR_MS)
    minimum = campaign.get("minimum_minutes")
    is_short = overlapping or length.ms < (rules.minimum_minutes if minimum is None else minimum) * 60_000
    missing = tuple(check.status for check in policy.checks if not values.get(check.status))
    started = values.get("started_at")
    why: list[str] = []
    if values.get("mode") not in rules.modes:  # a call or a closed door is no visit that lacks something
        day = day_of(milliseconds(started)) if started else ""
        return Judged(entry, length, day, False, ("mode",))
    why += [flag for flag in (UNFINISHED, NEGATIVE) if flag in length.flags]
    if started and milliseconds(started) > (entry.received or now) + rules.future_minutes * 60_000:
        why.append("future")
    if AUTO_CLOSED in length.flags:
        why.append(AUTO_CLOSED)
    if missing:
        why.append("checks")
    if is_short and UNFINISHED not in length.flags and NEGATIVE not in length.flags:
        why += _short(values, "never" if campaign.get("strict") else rules.short_visits, overlapping)
    day = day_of(milliseconds(started)) if started else ""
    return Judged(entry, length, day, is_short, tuple(why), tuple(_remarks(entry, policy, length)), missing)


def judge_all(
    visits: Iterable[Entry], policies: Policies, *, now: int, campaign: Mapping[str, Any] | None = None
) -> list[Judged]:
    """Judge visits together, so that those at the same time are seen; each by the policy it was written under."""
    listed = list(visits)
    at_once = overlapping(listed)
    judged = []
    for entry in listed:
        started = entry.values.get("started_at")
        policy = policies.of(entry.values, day_of(milliseconds(started) if started else now))
        judged.append(judge(entry, policy, now=now, overlapping=entry.id in at_once, campaign=campaign))
    return judged


def _short(values: Mapping[str, Any], treatment: str, overlapping: bool) -> list[str]:
    """Why a short visit does not count; nothing when it does all the same."""
    told = ["overlapping"] if overlapping else []
    if treatment == "count" and not overlapping:
        return []
    if treatment == "never":
        return [*told, "short"]
    review = values.get("short_review")
    if review == "accepted":
        return []
    if review == "declined":
        return [*told, "short_declined"]
    if overlapping:
        return told
    return ["short_waiting" if (values.get("short_reason") or "").strip() else "short_unexplained"]


def _remarks(entry: Entry, policy: Policy, length: Length) -> list[str]:
    values, rules = entry.values, policy.visit
    told = [flag for flag in (DRIFT, REBOOT) if flag in length.flags]
    ended = values.get("ended_at") or values.get("started_at")
    if ended and entry.first:
        end = milliseconds(ended)
        if values.get("entry_mode") == "retro" and entry.written_at > end + rules.retro_days * DAY_MS:
            told.append("late_entry")
        late = milliseconds_of(entry.last) > max(end, entry.written_at) + rules.edit_reason_after_hours * HOUR_MS
        if late and not values.get("edit_reason") and not values.get("short_review"):
            told.append("edited_late")  # the township's own word on a short visit needs no reason
    if any(values.get(c.status) == "issue" and not (values.get(c.note) or "").strip() for c in policy.checks):
        told.append("note")
    return told


# --- at the same time ------------------------------------------------------------------------------------------------


def _span(entry: Entry) -> tuple[int, int] | None:
    started = entry.values.get("started_at")
    length = length_of(entry.values)
    if not started or length.elapsed_ms <= 0:
        return None
    began = milliseconds(started)
    return began, began + length.elapsed_ms


def overlapping(visits: Iterable[Entry], modes: Iterable[str] = ("home", "field")) -> frozenset[str]:
    """Ids of visits in which somebody was in two households at once, by the length that was measured. Back to back is no overlap."""
    lines: dict[str, list[tuple[int, int, Entry]]] = {}
    allowed = frozenset(modes)
    for entry in visits:
        span = _span(entry) if entry.values.get("mode") in allowed else None
        if span:
            for person in set(entry.values.get("participants") or ()):
                lines.setdefault(person, []).append((*span, entry))
    found: set[str] = set()
    for line in lines.values():
        line.sort(key=lambda one: (one[0], one[1], one[2].id))
        running: list[tuple[int, Entry]] = []
        for began, ended, entry in line:
            running = [(end, other) for end, other in running if end > began]
            for _, other in running:
                if other.household != entry.household:
                    found |= {other.id, entry.id}
            running.append((ended, entry))
    return frozenset(found)


def doubled(visits: Iterable[Entry]) -> list[tuple[str, str]]:
    """Pairs of visits to one household at the same time on two phones: one visit written twice, for the desk to join. Smaller id first."""
    lines: dict[str, list[tuple[int, int, str]]] = {}
    for entry in visits:
        span = _span(entry)
        if span and entry.household:
            lines.setdefault(entry.household, []).append((*span, entry.id))
    pairs: set[tuple[str, str]] = set()
    for line in lines.values():
        line.sort()
        for place, (_, ended, id_) in enumerate(line):
            for began, _, other in line[place + 1 :]:
                if began >= ended:
                    break
                pairs.add((min(id_, other), max(id_, other)))
    return sorted(pairs)
