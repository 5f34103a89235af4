"""The policy: what the campaign asks for, as data. Presets are files beside this one; a county may override any value.

A `policy` record says which preset is in force from which day, what the county sets otherwise, and carries the preset's whole text, so
that a phone with an older app judges as the township does. Promises: the same record gives the same rules everywhere; a value that
cannot be used is named in a `Finding` and the preset's stands, so no setting ever stops a phone. Leaves to others: keeping the records,
and saying which day it is.
"""

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

from shared.fields import Label
from shared.kind import POLICY_VERSION
from shared.rules.finding import Finding

DEFAULT = "five_campaigns_2018"
PRESETS = (DEFAULT, "monitoring_2021", "normal_help_2026")
SHORT_VISITS = ("count", "when_accepted", "never")

_WORDS = frozenset({"categories", "same_as", "cleanup.red_lines", "problems.categories"})
"""Tables of a county's own words: any key may be added, null takes one out."""
_OWN_FIELDS = {"minimum_minutes": ("visit", "minimum_minutes"), "contact_visits_a_month": ("contact", "visits_a_month")}
"""Settings that the policy's form asks for by a field of their own: it outranks `overrides`."""


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
    content: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """The fields in which the checks' answers stand, in order."""
        return tuple(check.status for check in self.checks)

    def read_categories(self, codes: Iterable[str] | None) -> frozenset[str]:
        """A household's categories in this policy's own words."""
        return frozenset(self.same_as.get(code, code) for code in codes or ())


# --- presets -----------------------------------------------------------------------------------------------------------


@cache
def _text_of(name: str) -> dict[str, Any]:
    own = tomllib.loads(files("shared.rules").joinpath(f"presets/{name}.toml").read_text("utf-8"))
    base = own.pop("base", None)
    return _on_base(_text_of(base), own) if base else own


def preset_text(name: str) -> dict[str, Any]:
    """A shipped preset's whole text, as plain JSON values. KeyError when there is no such preset."""
    if name not in PRESETS:
        raise KeyError(name)
    return deepcopy(_text_of(name))


@cache
def preset(name: str = DEFAULT) -> Policy:
    """The rules of a shipped preset as it is. KeyError when there is no such preset."""
    return _build(preset_text(name))


def _on_base(base: Mapping[str, Any], own: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """A preset on the one it differs from: tables of words are its own, of other tables it says only what differs."""
    laid = dict(base)
    for key, value in own.items():
        place = f"{path}{key}"
        nested = isinstance(value, dict) and isinstance(laid.get(key), dict) and place not in _WORDS
        laid[key] = _on_base(laid[key], value, f"{place}.") if nested else value
    return laid


# --- a policy record ---------------------------------------------------------------------------------------------------


def read_policy(values: Mapping[str, Any]) -> tuple[Policy, list[Finding]]:
    """The rules a policy record sets, and what in it cannot be used.

    Its `content` (else the shipped preset it names, else the default), then `overrides`, then the form's own fields.
    """
    findings: list[Finding] = []
    text = _content(values, findings)
    overrides = values.get("overrides")
    if overrides is not None and not isinstance(overrides, Mapping):
        findings.append(_unusable("overrides", "应为 名称: 值", "must be names and values"))
    laid = _lay(text, _mapping(overrides), findings)
    own: dict[str, Any] = {}
    for name, (table, key) in _OWN_FIELDS.items():
        if values.get(name) is not None:
            own.setdefault(table, {})[key] = values[name]
    laid = _lay(laid, own, findings)
    if values.get("version"):
        laid["version"] = values["version"]
    elif laid != text:  # it must not pass for the preset, by whose version older records are judged
        laid["version"] = f"{laid['version']}@{values.get('effective_from') or ''}"
    if values.get("name"):
        laid["name"] = {"zh": values["name"], "en": values["name"]}
    _check_whole(laid, text, findings)
    return _build(laid), findings


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _content(values: Mapping[str, Any], findings: list[Finding]) -> dict[str, Any]:
    name = values.get("preset") or DEFAULT
    if name not in PRESETS and not values.get("content"):
        findings.append(_unusable("preset", f"没有这个预设方案：{name}", f"there is no such preset: {name}"))
    shipped = preset_text(name if name in PRESETS else DEFAULT)
    content = _mapping(values.get("content"))
    return _lay(shipped, content, findings, whole=True) if content else shipped


def _lay(
    below: Mapping[str, Any], above: Mapping[str, Any], findings: list[Finding], path: str = "", whole: bool = False
) -> dict[str, Any]:
    """`above` on `below`, value by value; what has another shape than the value under it is named and left out.

    `whole`: `above` is a preset's whole text, so its tables of words replace those below.
    """
    laid = dict(below)
    for key, value in above.items():
        place = f"{path}{key}"
        if path.rstrip(".") in _WORDS:
            _lay_word(laid, key, value, place, findings)
        elif key not in below:
            findings.append(_unusable(place, "没有这项设置", "there is no such setting"))
        elif isinstance(below[key], dict) and isinstance(value, dict):
            under = {} if whole and place in _WORDS else below[key]
            laid[key] = _lay(under, value, findings, f"{place}.", whole)
        elif _fits(value, below[key], place):
            laid[key] = value
        else:
            findings.append(_unusable(place, "写法不对", "is not of the right form"))
    return laid


def _lay_word(laid: dict[str, Any], key: str, value: Any, place: str, findings: list[Finding]) -> None:
    same_as = place.startswith("same_as.")
    if value is None:
        laid.pop(key, None)
    elif isinstance(value, str) if same_as else _is_label(value):
        laid[key] = value
    else:
        findings.append(_unusable(place, "应写明中文和英文", 'must say {"zh": …, "en": …}'))


def _fits(value: Any, below: Any, place: str) -> bool:
    """Whether a setting can stand where another stood: of its shape, no negative number, a known word."""
    if place == "visit.short_visits":
        return value in SHORT_VISITS
    if isinstance(below, int | float) and not isinstance(below, bool) and place[:7] != "cleanup":
        return _same_shape(value, below) and value == int(value)
    return _same_shape(value, below)


def _same_shape(value: Any, like: Any) -> bool:
    """Whether a value has the shape of another: sort, keys of a dict, and every item of a list like its first."""
    if _is_label(like):
        return _is_label(value)
    if isinstance(like, bool) or isinstance(value, bool):
        return isinstance(like, bool) and isinstance(value, bool)
    if isinstance(like, int | float):
        return isinstance(value, int | float) and 0 <= value < 1_000_000
    if isinstance(like, list):
        return isinstance(value, list) and all(_same_shape(item, like[0] if like else item) for item in value)
    if isinstance(like, dict):
        return (
            isinstance(value, dict)
            and value.keys() == like.keys()
            and all(_same_shape(value[k], like[k]) for k in like)
        )
    return type(value) is type(like)


def _is_label(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and value.keys() == {"zh", "en"} and all(isinstance(v, str) for v in value.values())
    )


def _check_whole(laid: dict[str, Any], below: Mapping[str, Any], findings: list[Finding]) -> None:
    """What only the whole can tell; the preset's stands where it does not fit together."""
    codes = {*laid["categories"], *laid["same_as"]}
    unknown = [code for code in laid["must_visit"] if code not in codes]
    if unknown:
        laid["must_visit"] = [code for code in laid["must_visit"] if code in codes] or list(below["must_visit"])
        findings.append(_unusable("must_visit", "有未列出的类别", "names a category that is not listed"))
    if laid["problems"]["days"].keys() != laid["problems"]["tiers"].keys():
        laid["problems"] |= {"days": below["problems"]["days"], "tiers": below["problems"]["tiers"]}
        findings.append(_unusable("problems.days", "每个层级都要有天数", "every tier needs its days"))


def _unusable(place: str, zh: str, en: str) -> Finding:
    return Finding(
        "policy_unusable",
        Label(f"规则设置 {place}：{zh}，仍按预设。", f"Setting {place}: {en}; the preset's stands."),
        (place,),
    )


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

    def __init__(self, records: Iterable[Mapping[str, Any]] = ()) -> None:
        self.findings: list[Finding] = []
        self._by_day: list[tuple[str, str, Policy]] = []
        for values in records:
            policy, findings = read_policy(values)
            self.findings += findings
            self._by_day.append((values.get("effective_from") or "", policy.version, policy))
        self._by_day.sort(key=lambda one: one[:2])
        shipped = {preset(name).version: preset(name) for name in PRESETS}
        self._by_version = shipped | {version: policy for _, version, policy in self._by_day}

    def on(self, day: str) -> Policy:
        """The policy in force on a day: the newest whose `effective_from` is not after it; before the first, the default."""
        found = preset()
        for effective, _, policy in self._by_day:
            if effective > day:
                break
            found = policy
        return found

    def of(self, values: Mapping[str, Any], day: str) -> Policy:
        """The policy a record was written under: the version it carries, else the one in force on its day."""
        return self._by_version.get(values.get(POLICY_VERSION) or "") or self.on(day)
