"""What a report must not be: a list of people, or a ranking of places. Looks at any report's JSON and printed lines, knowing none of them.

`offences` says what is wrong with a report's JSON, `offences_in_print` with its lines; `report_functions` and `report_commands` find every
report there is, so that a new one is looked at without being named here.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import click

import server.reports
from server.cli import main

PERSONAL = frozenset(
    {
        "person", "persons", "people", "user", "users", "device", "devices", "visitor", "visitors", "checker", "checkers", "participant",
        "participants", "member", "members", "cadre", "cadres", "clerk", "clerks", "writer", "author", "fixer", "verifier", "asker",
        "signer", "finder", "witness", "witnesses", "respondent", "head", "helper", "helpers", "leader", "approver", "responsible",
        "contact_person", "household_no", "phone_number",
    }
)  # fmt: skip
"""A key that is one of these words, or holds one between underscores, names a person."""
BY = frozenset({"by", "by_name", "by_person", "by_user", "by_member", "by_device"})
RANKED = frozenset({"rank", "ranking", "order", "position", "league", "top", "bottom", "best", "worst"})
KEYS = ("village", "category", "tier", "target")
"""What a row may be about: a place, or what it is of."""


def offences(told: Any, persons: Iterable[str], order: Mapping[str, list[str]]) -> list[str]:
    """What is wrong with a report's JSON. `persons`: words that mean somebody; `order`: for each of KEYS its codes in their fixed order."""
    text = json.dumps(told, ensure_ascii=False)
    words = [word for word in persons if word in text]
    found = [offence for path, key in _keys(told) if (offence := _bad_key(path, key))]
    for path, text in _texts(told):
        found += [f"{path} names somebody: {word}" for word in words if word in text]
    for path, rows in _tables(told):
        found += _bad_rows(path, rows, order)
    return found


def offences_in_print(lines: Iterable[str], persons: Iterable[str]) -> list[str]:
    text = "\n".join(lines)
    return [f"a printed line names somebody: {word}" for word in persons if word in text]


def _keys(told: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield path, str(key)
            yield from _keys(value, f"{path}.{key}")
    elif isinstance(told, list):
        for value in told:
            yield from _keys(value, path)


def _bad_key(path: str, key: str) -> str:
    parts = set(key.split("_"))
    if parts & PERSONAL or key in BY or (key.endswith("_by") and key != "by"):
        return f"{path}.{key} is about a person"
    return f"{path}.{key} ranks" if parts & RANKED else ""


def _texts(told: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield path, str(key)
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(told, list):
        for value in told:
            yield from _texts(value, path)
    else:
        yield path, str(told)


def _tables(told: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every list of dicts, but for the notes."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key != "notes":
                yield from _tables(value, f"{path}.{key}")
    elif isinstance(told, list) and any(isinstance(value, dict) for value in told):
        yield path, told
        for value in told:
            yield from _tables(value, path)


def _bad_rows(path: str, rows: list[Any], order: Mapping[str, list[str]]) -> list[str]:
    about = {key for row in rows for key in KEYS if key in row}
    if len(about) != 1 or any(not about <= row.keys() for row in rows):
        return [f"{path}: its rows are not about villages, categories, tiers or targets"]
    (key,) = about
    codes = [row[key] for row in rows]
    unknown = [code for code in codes if code not in order[key]]
    if unknown or len(set(codes)) < len(codes):
        return [f"{path}: rows that are no {key}, or twice: {unknown or codes}"]
    if codes != [code for code in order[key] if code in codes]:
        return [f"{path}: its rows do not stand in the fixed order of {key}"]
    return []


# --- finding them -----------------------------------------------------------------------------------------------------------


def report_functions() -> dict[str, Callable[..., Any]]:
    """Every function of server.reports whose name ends in `_report`, by its full name."""
    found = {}
    for module in pkgutil.iter_modules(server.reports.__path__, "server.reports."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.endswith("_report") and inspect.isfunction(value) and value.__module__ == module.name:
                found[f"{module.name}.{name}"] = value
    return found


def report_commands() -> dict[str, click.Command]:
    """Every subcommand of `ruhu report`."""
    group = main.commands["report"]
    assert isinstance(group, click.Group)
    return dict(group.commands)
