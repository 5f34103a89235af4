"""Which visits count, and why one does not (DOMAIN 4.1, 4.2, 4.4).

Counted: at home or in the field, ended, all six checks answered, not closed by itself; and long enough, or its reason for being short
accepted by the township. Two visits of one person in two households at once have no length that can be believed, so both are treated as
short. Promises: pure; nothing is refused or lengthened; a longer visit never counts less. Leaves to others: coverage, months, the report.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.moments import DAY_MS, day_named, day_of, milliseconds
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.length import AUTO_CLOSED, DRIFT, HOUR_MS, NEGATIVE, REBOOT, UNFINISHED, Length, length_of
from shared.rules.policy import Policies, Policy

REASONS = {
    "mode": Label("不是入户走访，单独统计", "Not a visit at home; counted apart"),
    UNFINISHED: Label("走访还没有结束", "The visit has not ended"),
    NEGATIVE: Label("结束早于开始，请改正时间", "It ends before it begins; correct the times"),
    "future": Label("时间在将来，请检查手机时钟", "It lies in the future; check the phone's clock"),
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

WAITING = frozenset({"short_waiting", "overlapping"})

REMARKS = {
    DRIFT: Label("手机时钟途中被改动，按计时器算", "The clock was changed on the way; the timer's word is taken"),
    REBOOT: Label("手机途中重启，按钟表时间算", "The phone restarted on the way; the clock's word is taken"),
    "late_entry": Label("超过7天才补录", "Entered from paper after more than seven days"),
    "edited_late": Label("走访三天后改动，没有写原因", "Changed more than three days after, without a reason"),
    "note": Label("有问题的一项没有写说明", "A check found an issue and has no note"),
}
"""What is worth a look though it counts."""


class Judged(NamedTuple):
    """A visit with what the rules say of it. `why` is empty when it counts, else codes of REASONS, worst first."""

    entry: Entry
    policy: Policy
    length: Length
    day: str
    is_short: bool
    why: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        return not self.why

    @property
    def waits(self) -> bool:
        """Whether it would count if only the township accepted its reason."""
        return bool(self.why) and WAITING.issuperset(self.why)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Codes of REMARKS: what is worth a look though it may count."""
        return tuple(_remarks(self.entry, self.policy, self.length))

    def findings(self) -> list[Finding]:
        """All that there is to say, in sentences."""
        fields = {"checks": self.missing, "short_unexplained": ("short_reason",), "edited_late": ("edit_reason",)}
        told = [*((code, REASONS[code]) for code in self.why), *((code, REMARKS[code]) for code in self.remarks)]
        return [Finding(f"visit_{code}", says, fields.get(code, ())) for code, says in told]


def judge(
    entry: Entry,
    policy: Policy,
    *,
    now: int,
    overlapping: bool = False,
    campaign: Mapping[str, Any] | None = None,
    length: Length | None = None,
) -> Judged:
    """Judge one visit. `now` in ms since 1970; `campaign` its campaign's values, whose minutes and strictness outrank the policy's.

    `length` where it was measured already.
    """
    values, rules = entry.values, policy.visit
    length = length or _measure(values, policy)
    started = values.get("started_at")
    day = day_named(started) if started else ""
    if values.get("mode") not in rules.modes:  # a call or a closed door is no visit that lacks something
        return Judged(entry, policy, length, day, False, ("mode",))
    minimum = (campaign or {}).get("minimum_minutes")
    is_short = overlapping or length.ms < (rules.minimum_minutes if minimum is None else minimum) * 60_000
    missing = tuple([name for name in policy.statuses if not values.get(name)])
    flags = length.flags
    why = [flag for flag in (UNFINISHED, NEGATIVE) if flag in flags] if flags else []
    unknown = bool(why)
    if entry.lies_ahead(length.until, rules.future_minutes, now):
        why.append("future")
    if AUTO_CLOSED in flags:
        why.append(AUTO_CLOSED)
    if missing:
        why.append("checks")
    if is_short and not unknown:
        why += _short(values, "never" if (campaign or {}).get("strict") else rules.short_visits, overlapping)
    return Judged(entry, policy, length, day, is_short, tuple(why), missing)


def _measure(values: Mapping[str, Any], policy: Policy) -> Length:
    return length_of(values, policy.visit.drift_seconds * 1000, policy.visit.close_after_hours * HOUR_MS)


def judge_all(
    visits: Iterable[Entry], policies: Policies, *, now: int, campaign: Mapping[str, Any] | None = None
) -> Iterator[Judged]:
    """Judge visits together, so that those at the same time are seen; each by the policy it was written under, when it is asked for."""
    return (judge_measured(one, now=now, campaign=campaign) for one in measure_all(visits, policies, now=now))


class Measured(NamedTuple):
    """A visit with its policy and its length, and whether somebody was elsewhere at the same time."""

    entry: Entry
    policy: Policy
    length: Length
    at_once: bool


def judge_measured(one: Measured, *, now: int, campaign: Mapping[str, Any] | None = None) -> Judged:
    """Judge a visit that was measured among others."""
    return judge(one.entry, one.policy, now=now, overlapping=one.at_once, campaign=campaign, length=one.length)


def measure_all(visits: Iterable[Entry], policies: Policies, *, now: int) -> list[Measured]:
    """What judging a visit needs of all the others."""
    measured = []
    for entry in visits:
        started = entry.values.get("started_at")
        policy = policies.of(entry.values, day_named(started) if started else day_of(now))
        measured.append((entry, policy, _measure(entry.values, policy)))
    at_once = _at_once([(e, length) for e, policy, length in measured if e.values.get("mode") in policy.visit.modes])
    return [Measured(*one, one[0].id in at_once) for one in measured]


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


def overlapping(visits: Iterable[Entry], modes: Iterable[str] = ("home", "field")) -> frozenset[str]:
    """Ids of visits in which somebody was in two households at once, by the length that was measured.

    Back to back is no overlap, and what closed by itself, its length unknown, overlaps nothing.
    """
    allowed = frozenset(modes)
    return _at_once([(v, length_of(v.values)) for v in visits if v.values.get("mode") in allowed])


def _at_once(visits: Iterable[tuple[Entry, Length]]) -> frozenset[str]:
    lines: dict[str, list[tuple[int, int, str, str | None]]] = {}
    for entry, length in visits:
        if length.there_ms > 0:
            one = (length.began, length.began + length.there_ms, entry.id, entry.household)
            for person in entry.values.get("participants") or ():
                lines.setdefault(person, []).append(one)
    found: set[str] = set()
    for line in lines.values():
        line.sort()
        running: list[tuple[int, int, str, str | None]] = []
        until = 0
        for one in line:
            began, ended, id_, household = one
            if began >= until:
                running, until = [one], ended  # nobody else is anywhere
                continue
            running = [other for other in running if other[1] > began]
            for _, _, other_id, where in running:
                if where != household:
                    found |= {other_id, id_}
            running.append(one)
            until = max(until, ended)
    return frozenset(found)


def doubled(visits: Iterable[Entry]) -> list[tuple[str, str]]:
    """Pairs of visits to one household at the same time on two phones: one visit written twice, for the desk to join. Smaller id first."""
    lines: dict[str, list[tuple[int, int, str]]] = {}
    for entry in visits:
        length = length_of(entry.values)
        if length.there_ms > 0 and entry.household:
            lines.setdefault(entry.household, []).append((length.began, length.began + length.there_ms, entry.id))
    pairs: set[tuple[str, str]] = set()
    for line in lines.values():
        line.sort()
        for place, (_, ended, id_) in enumerate(line):
            for began, _, other in line[place + 1 :]:
                if began >= ended:
                    break
                pairs.add((min(id_, other), max(id_, other)))
    return sorted(pairs)
