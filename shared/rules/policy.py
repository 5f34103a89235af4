"""The policy: what the campaign asks for, as data. Presets are files beside this one; a county may override any value.

A `policy` record says which preset is in force from which day, what the county sets otherwise, and carries the preset's whole text, so
that a phone with an older app judges as the township does. Promises: the same record gives the same rules everywhere; a value that
cannot be used is named in a `Finding` and the preset's stands, so no setting ever stops a phone. Leaves to others: keeping the records,
and saying which day it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

from shared.fields import Label
from shared.kind import POLICY_VERSION
from shared.moments import day_of
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.settings import DEFAULT, PRESETS, lay_settings, preset_text

__all__ = [
    "DEFAULT",
    "PRESETS",
    "CleanupRules",
    "ContactRules",
    "PhotoRules",
    "Policies",
    "Policy",
    "ProblemRules",
    "Rubric",
    "VisitRules",
    "preset",
    "preset_text",
    "read_policy",
]


@dataclass(frozen=True)
class VisitRules:
    """How a visit is judged; units are in the names."""

    minimum_minutes: int
    short_visits: str
    modes: tuple[str, ...]
    ask_after_hours: int
    close_after_hours: int
    drift_seconds: int
    future_minutes: int
    retro_days: int
    edit_reason_after_hours: int
    respondent_age: int
    not_home_limit: int
    visits_a_month: int


@dataclass(frozen=True)
class Check:
    """One of the six things to look at: `field` begins the names of its status and its note on a visit."""

    code: str
    field: str
    label: Label
    questions: tuple[Label, ...]

    @property
    def status(self) -> str:
        return f"{self.field}_status"

    @property
    def note(self) -> str:
        return f"{self.field}_note"


@dataclass(frozen=True)
class ContactRules:
    """How a month of contact visits is judged."""

    visits_a_month: int
    modes: tuple[str, ...]
    half_month_day: int
    late_day: int
    future_minutes: int
    exempt_reasons: tuple[str, ...]


class RubricItem(NamedTuple):
    """One line of a clean-up sheet: the field its points stand in, and the full mark."""

    field: str
    full: float
    label: Label


@dataclass(frozen=True)
class Rubric:
    """A clean-up sheet. Only checks by the same `version` may be compared."""

    version: str
    items: tuple[RubricItem, ...]


@dataclass(frozen=True)
class CleanupRules:
    """How a clean-up check is judged. `rubric_of` is target to rubric."""

    pass_mark: float
    good_mark: float
    rebound_days: int
    rebound_drop: float
    recheck_days: int
    rubric_of: Mapping[str, str]
    red_lines: Mapping[str, Label]
    rubrics: Mapping[str, Rubric]


@dataclass(frozen=True)
class ProblemRules:
    """How the ledger works. `tiers` climb in this order; `days` is what a tier has for a problem that climbed to it."""

    accept_days: int
    remind_days: int
    climb_days: int
    extensions: int
    reopen_days: int
    unreachable: int
    representatives: int
    three_persons: bool
    tiers: Mapping[str, Label]
    days: Mapping[str, int]
    categories: Mapping[str, Label]

    def rank(self, tier: str | None) -> int:
        """A tier's place on the ladder, from 0; a tier nobody knows counts as the lowest."""
        return list(self.tiers).index(tier) if tier is not None and tier in self.tiers else 0

    def above(self, tier: str | None) -> str | None:
        """The next tier up; None above the last."""
        ladder = list(self.tiers)
        place = self.rank(tier) + 1
        return ladder[place] if place < len(ladder) else None


@dataclass(frozen=True)
class PhotoRules:
    """How long the township keeps photographs. `keep_days` (30 or more) after a picture arrived, only the fact that it was there is left."""

    keep_days: int


@dataclass(frozen=True)
class Policy:
    """The rules of one version. `same_as` turns a category of other years into one of ours."""

    preset: str
    version: str
    name: Label
    must_visit: frozenset[str]
    categories: Mapping[str, Label]
    same_as: Mapping[str, str]
    visit: VisitRules
    checks: tuple[Check, ...]
    documents: Mapping[str, Label]
    contact: ContactRules
    cleanup: CleanupRules
    problems: ProblemRules
    photos: PhotoRules
    content: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """The fields in which the checks' answers stand, in order."""
        return tuple(check.status for check in self.checks)

    def read_categories(self, codes: Iterable[str] | None) -> frozenset[str]:
        """A household's categories in this policy's own words."""
        return frozenset(self.same_as.get(code, code) for code in codes or ())


# --- presets and policy records ----------------------------------------------------------------------------------------


@cache
def preset(name: str = DEFAULT) -> Policy:
    """The rules of a shipped preset as it is. KeyError when there is no such preset."""
    return _build(preset_text(name))


def read_policy(values: Mapping[str, Any]) -> tuple[Policy, list[Finding]]:
    """The rules a policy record sets, and what in it cannot be used (`settings.lay_settings`)."""
    text, findings = lay_settings(values)
    return _build(text), findings


def _build(text: Mapping[str, Any]) -> Policy:
    cleanup, problems = text["cleanup"], text["problems"]
    return Policy(
        preset=text["preset"],
        version=text["version"],
        name=Label(**text["name"]),
        must_visit=frozenset(text["same_as"].get(code, code) for code in text["must_visit"]),
        categories=_labels(text["categories"]),
        same_as=dict(text["same_as"]),
        visit=VisitRules(**{**text["visit"], "modes": tuple(text["visit"]["modes"])}),
        checks=tuple(
            Check(c["code"], c["field"], Label(**c["label"]), tuple(Label(**q) for q in c["questions"]))
            for c in text["checks"]
        ),
        documents={d["code"]: Label(**d["label"]) for d in text["documents"]},
        contact=ContactRules(
            **{
                **text["contact"],
                "modes": tuple(text["contact"]["modes"]),
                "exempt_reasons": tuple(text["contact"]["exempt_reasons"]),
            }
        ),
        cleanup=CleanupRules(
            **{
                **cleanup,
                "red_lines": _labels(cleanup["red_lines"]),
                "rubrics": {name: _rubric(rubric) for name, rubric in cleanup["rubrics"].items()},
            }
        ),
        problems=ProblemRules(
            **{**problems, "tiers": _labels(problems["tiers"]), "categories": _labels(problems["categories"])}
        ),
        photos=PhotoRules(**text["photos"]),
        content=text,
    )


def _labels(table: Mapping[str, Any]) -> dict[str, Label]:
    return {code: Label(**label) for code, label in table.items()}


def _rubric(text: Mapping[str, Any]) -> Rubric:
    items = (RubricItem(i["field"], i["full"], Label(**i["label"])) for i in text["items"])
    return Rubric(text["version"], tuple(items))


# --- the policies of a township ----------------------------------------------------------------------------------------


class Policies:
    """The policy records of a township. With none, the default preset is in force."""

    def __init__(self, records: Iterable[Mapping[str, Any]] = (), written_on: Iterable[str] = ()) -> None:
        """`records` in the order they were written; `written_on` the day on which each was, empty where nothing tells it."""
        self.findings: list[Finding] = []
        self._by_day: list[tuple[str, str, Policy]] = []
        texts = list(records)
        for values, written in zip(texts, list(written_on) or [""] * len(texts), strict=True):
            policy, findings = read_policy(values)
            self.findings += findings
            self._by_day.append((values.get("effective_from") or written or "", policy.version, policy))
        self._by_day.sort(key=lambda one: one[0])  # of two for one day the one written later stands
        shipped = {preset(name).version: preset(name) for name in PRESETS}
        self._by_version = shipped | {version: policy for _, version, policy in self._by_day}

    @classmethod
    def of_entries(cls, entries: Iterable[Entry]) -> "Policies":
        """The policies of these records, in whatever order. One that does not say from when is in force from the day it was first
        written, not from the beginning of time: what was done before was done under other rules.
        """
        ordered = sorted(entries, key=lambda entry: (entry.first, entry.id))
        days = [day_of(entry.written_at) if entry.first else "" for entry in ordered]
        return cls([entry.values for entry in ordered], days)

    def on(self, day: str) -> Policy:
        """The policy in force on a day: the newest whose first day is not after it; before the first, the default."""
        found = preset()
        for effective, _, policy in self._by_day:
            if effective > day:
                break
            found = policy
        return found

    def of(self, values: Mapping[str, Any], day: str) -> Policy:
        """The policy a record was written under: the version it carries, else the one in force on its day."""
        return self._by_version.get(values.get(POLICY_VERSION) or "") or self.on(day)
