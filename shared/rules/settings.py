"""The text of a policy: presets from their files, and a county's settings laid over them, value by value (`policy` reads the whole).

Promises: a value that cannot be used is named in a `Finding` and what lay under it stands; plain JSON values in and out. Leaves to others:
what the settings mean.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from shared.fields import Label, Number
from shared.kinds import KINDS
from shared.kinds.choices import VISIT_MODES
from shared.rules.finding import Finding

DEFAULT = "five_campaigns_2018"
PRESETS = (DEFAULT, "monitoring_2021", "normal_help_2026")
SHORT_VISITS = ("count", "when_accepted", "never")

_WORDS = frozenset({"categories", "same_as", "cleanup.red_lines", "problems.categories"})
"""Tables of a county's own words: any key may be added, null takes one out."""
_NOT_SET_HERE = frozenset({"preset", "version"})
_NEVER_EMPTY = frozenset({"must_visit", "visit.modes", "contact.modes", "checks"})
_MODES = frozenset(VISIT_MODES)
_OWN_FIELDS = {"minimum_minutes": ("visit", "minimum_minutes"), "contact_visits_a_month": ("contact", "visits_a_month")}
"""Settings that the policy's form asks for by a field of their own: it outranks `overrides`."""
LEAST_KEEP_DAYS = 30
"""Phones keep what they sent for so long: a township that kept photographs for less would have the bytes there and not here."""


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


def _on_base(base: Mapping[str, Any], own: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """A preset on the one it differs from: tables of words are its own, of other tables it says only what differs."""
    laid = dict(base)
    for key, value in own.items():
        place = f"{path}{key}"
        nested = isinstance(value, dict) and isinstance(laid.get(key), dict) and place not in _WORDS
        laid[key] = _on_base(laid[key], value, f"{place}.") if nested else value
    return laid


def lay_settings(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The whole text a policy record puts in force, and what in it cannot be used.

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
    return laid, findings


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
        elif not whole and place in _NOT_SET_HERE and value != below[key]:
            findings.append(_unusable(place, "请用规则设置自己的一栏填写", "has a field of its own"))
        elif key not in below:
            findings.append(_unusable(place, "没有这项设置", "there is no such setting"))
        elif isinstance(below[key], dict) and isinstance(value, dict):
            under = {} if whole and place in _WORDS else below[key]
            laid[key] = _lay(under, value, findings, f"{place}.", whole)
        elif not _fits(value, _shape_of(place, below[key]), place):
            findings.append(_unusable(place, "写法不对", "is not of the right form"))
        elif place == "photos.keep_days" and value < LEAST_KEEP_DAYS:
            findings.append(_unusable(place, "至少 30 天", "must be 30 days at least"))
        elif not _asked_by_a_form(value, place):
            findings.append(_unusable(place, "有表单里没有的一栏", "names a field that no form has"))
        else:
            laid[key] = value
    return laid


def _shape_of(place: str, value: Any) -> Any:
    """What the default preset says at a place: a list that was left empty tells nothing of what belongs in it."""
    shape: Any = _text_of(DEFAULT)
    for key in place.split("."):
        if not isinstance(shape, Mapping) or key not in shape:
            return value
        shape = shape[key]
    return shape


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
    if (place in _NEVER_EMPTY or place.endswith(".items")) and not value:
        return False
    if place.endswith(".modes"):
        return isinstance(value, list) and all(isinstance(mode, str) and mode in _MODES for mode in value)
    if isinstance(below, int | float) and not isinstance(below, bool) and place[:7] != "cleanup":
        return _same_shape(value, below) and value == int(value)
    return _same_shape(value, below)


def _asked_by_a_form(value: Any, place: str) -> bool:
    """Whether every check and every item of a sheet stands in a field that somebody can fill in: else no visit would ever be complete.

    So an app older than a preset goes on with the sheet that its own form has, and says so.
    """
    if place == "checks":
        answers = KINDS["visit"].fields
        return all(f"{check['field']}_{end}" in answers for check in value for end in ("status", "note"))
    if place.startswith("cleanup.rubrics.") and place.endswith(".items"):
        marks = {name for name, field in KINDS["cleanup_check"].fields.items() if isinstance(field, Number)}
        return all(item["field"] in marks for item in value)
    return True


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
    known = laid["categories"]
    for code in [code for code, category in laid["same_as"].items() if category not in known]:
        stands = below["same_as"].get(code)
        kept = {code: stands} if stands in known else {}
        laid["same_as"] = {c: category for c, category in laid["same_as"].items() if c != code} | kept
        findings.append(_unusable(f"same_as.{code}", "归到了未列出的类别", "stands for a category that is not listed"))
    codes = {*laid["categories"], *laid["same_as"]}
    unknown = [code for code in laid["must_visit"] if code not in codes]
    if unknown:
        laid["must_visit"] = [code for code in laid["must_visit"] if code in codes] or list(below["must_visit"])
        findings.append(_unusable("must_visit", "有未列出的类别", "names a category that is not listed"))
    sheets = laid["cleanup"]["rubric_of"]
    if any(sheet not in laid["cleanup"]["rubrics"] for sheet in sheets.values()):
        laid["cleanup"] |= {"rubric_of": below["cleanup"]["rubric_of"]}
        findings.append(_unusable("cleanup.rubric_of", "没有这张评分表", "names a sheet that does not exist"))
    if laid["problems"]["days"].keys() != laid["problems"]["tiers"].keys():
        laid["problems"] |= {"days": below["problems"]["days"], "tiers": below["problems"]["tiers"]}
        findings.append(_unusable("problems.days", "每个层级都要有天数", "every tier needs its days"))


def _unusable(place: str, zh: str, en: str) -> Finding:
    return Finding(
        "policy_unusable",
        Label(f"规则设置 {place}：{zh}，仍按预设。", f"Setting {place}: {en}; the preset's stands."),
        (place,),
    )
