"""Clean-up: what a check scored, whether it passed, and whether a place has slipped back (DOMAIN 4.7, 5.5).

A red line fails a check whatever its points. A rebound shows in the next check within so many days by the same rubric: it fell below the
pass mark after a pass, lost many points, or a red line came that was not there. A target has one problem however often it slips.
Promises: pure; the total is never entered, always counted. Leaves to others: writing the problem, showing the sheet.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from shared.fields import Label
from shared.moments import day_named, days_after, days_between, milliseconds
from shared.rules.entry import Entry
from shared.rules.policy import CleanupRules, Policies, Rubric

Target = tuple[str, ...]
"""What is checked: ("household", id), ("hamlet", village, hamlet's name) or ("village", village)."""

_PROBLEMS = UUID("5f1c2f0e-6a55-5d1b-8f0a-3d1f6f1b7c10")
END_OF_TIME = 2**62
FUTURE_MINUTES = 10
REBOUNDS = {
    "below_pass": Label("上次合格，这次不合格", "Passed last time, fails now"),
    "drop": Label("分数明显下降", "Many points lower"),
    "red_line": Label("出现新的红线问题", "A red line that was not there"),
}


class Score(NamedTuple):
    """`total` in points, of what was answered; `missing` items leave the check without a verdict unless a red line decides it."""

    total: float
    missing: tuple[str, ...]
    over: tuple[str, ...]
    red_lines: frozenset[str]
    passed: bool | None
    good: bool | None
    rubric: str

    @property
    def complete(self) -> bool:
        return not self.missing


class Checked(NamedTuple):
    """A check in its target's line: `prior` is the one it is compared with, `rebound` the codes of REBOUNDS that apply."""

    entry: Entry
    day: str
    score: Score
    prior: "Checked | None"
    rebound: tuple[str, ...]


def rubric_for(values: Any, rules: CleanupRules) -> Rubric | None:
    """The sheet a check was scored by: the one its version names, else its target's."""
    version = values.get("rubric_version")
    for rubric in rules.rubrics.values():
        if rubric.version == version:
            return rubric
    return rules.rubrics.get(rules.rubric_of.get(values.get("target"), ""))


def score(values: Any, rules: CleanupRules) -> Score:
    """Score a check's values. An item counts at most its full mark; what was entered above it is named in `over`."""
    rubric = rubric_for(values, rules)
    total, missing, over = 0.0, [], []
    for field, full, _ in rubric.items if rubric else ():
        points = values.get(field)
        if not isinstance(points, int | float) or isinstance(points, bool):  # a county may name any field in its sheet
            missing.append(field)
            continue
        if points > full:
            over.append(field)
        total += min(points, full)
    total = round(total, 2)  # points come in halves and tenths: a sum of them must not miss the mark by a hair
    red_lines = frozenset(values.get("red_lines") or ())
    judged = rubric is not None and bool(rubric.items) and not missing
    return Score(
        total,
        tuple(missing),
        tuple(over),
        red_lines,
        False if red_lines else total >= rules.pass_mark if judged else None,
        False if red_lines else total >= rules.good_mark if judged else None,
        values.get("rubric_version") or (rubric.version if rubric else ""),
    )


def target_of(entry: Entry) -> Target | None:
    """What a check was about; None when it does not say, or its place is missing."""
    target = entry.values.get("target")
    if target == "household" and entry.household:
        return ("household", entry.household)
    if target == "hamlet" and entry.village and (entry.values.get("hamlet") or "").strip():
        return ("hamlet", entry.village, entry.values["hamlet"].strip())
    if target == "village" and entry.village:
        return ("village", entry.village)
    return None


def lines(checks: Iterable[Entry], policies: Policies, now: int = END_OF_TIME) -> dict[Target, list[Checked]]:
    """Every target's checks, oldest first, each judged by the policy it was written under and compared with the one before.

    A check dated after it was written down comes from a wrong clock and is left out, or it would stand last for years. `now` in ms since
    1970, where nothing tells when one was written.
    """
    found: dict[Target, list[Entry]] = {}
    for entry in checks:
        target, checked = target_of(entry), entry.values.get("checked_at")
        if target and checked and not entry.lies_ahead(milliseconds(checked), FUTURE_MINUTES, now):
            found.setdefault(target, []).append(entry)
    return {target: _line(line, policies) for target, line in found.items()}


def _line(line: list[Entry], policies: Policies) -> list[Checked]:
    judged: list[Checked] = []
    for entry in sorted(line, key=lambda e: (milliseconds(e.values["checked_at"]), e.id)):
        day = day_named(entry.values["checked_at"])
        rules = policies.of(entry.values, day).cleanup
        result = score(entry.values, rules)
        same = [other for other in reversed(judged) if other.score.rubric == result.rubric]
        prior = next((other for other in same if other.score.complete), same[0] if same else None)
        slipped = _rebound(prior, same[0], day, result, rules) if prior else ()
        judged.append(Checked(entry, day, result, prior, slipped))
    return judged


def _rebound(prior: Checked, last: Checked, day: str, now: Score, rules: CleanupRules) -> tuple[str, ...]:
    """`prior` is the last one scored to the end, `last` the one just before, which may not have been."""
    told = []
    if days_between(prior.day, day) <= rules.rebound_days:
        if prior.score.passed and now.passed is False:
            told.append("below_pass")
        drop = round(prior.score.total - now.total, 2)
        if now.complete and prior.score.complete and drop >= rules.rebound_drop:
            told.append("drop")
    if days_between(last.day, day) <= rules.rebound_days and now.red_lines - last.score.red_lines:
        told.append("red_line")
    return tuple(told)


def standing_rebound(line: list[Checked]) -> Checked | None:
    """The check that shows how a target slipped back, while no later one has passed; else None."""
    for one in reversed(line):
        if one.rebound:
            return one
        if one.score.passed:
            return None
    return None


def recheck_by(line: list[Checked], rules: CleanupRules) -> str | None:
    """The day until which a target is to be looked at again, because its last check failed or slipped back; else None."""
    told = next((one for one in reversed(line) if one.score.passed is not None or one.rebound), None)
    if told is None or (told.score.passed is not False and not told.rebound):
        return None
    return days_after(told.day, rules.recheck_days)


def rebound_problem(target: Target, earlier: int = 0) -> str:
    """The id of the one problem of a target that slips back, the same for whoever opens it.

    `earlier`: how many such problems of this target are over for good (closed, and too long ago to be reopened).
    """
    return str(uuid5(_PROBLEMS, "/".join((*target, str(earlier)))))
