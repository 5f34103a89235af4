"""Putting a policy in force: a preset, what the county sets otherwise, and from which day, as a record that travels to every phone.

Promises: nothing that cannot be used is put in force; the record carries the preset's whole text. Leaves to others: what the settings
mean (`shared.rules.policy`).
"""

from collections.abc import Mapping
from typing import Any

from uuid6 import uuid7

from server.acts.desk import desk_writer
from server.service import now_ms
from server.store import Database, TownshipStore
from shared.fields import is_date
from shared.rules.policy import PRESETS, preset_text, read_policy
from shared.sync.gate import Gate

FIELDS = {"visit.minimum_minutes": "minimum_minutes", "contact.visits_a_month": "contact_visits_a_month"}
"""Settings that the policy's form asks for by a field of their own."""


class PolicyError(RuntimeError):
    """The policy cannot be put in force; the message (Chinese / English) says why and what to do."""


def list_policies(database: Database, township: str) -> list[dict[str, Any]]:
    """A township's policies, by the day they take effect; `findings` say what in them cannot be used."""
    with database.read(township) as store:
        found = store.entries("policy", database.kinds["policy"].fields)
    told = []
    for entry in sorted(found, key=lambda e: (str(e.values.get("effective_from") or ""), e.first)):
        policy, findings = read_policy(entry.values)
        told.append(
            {
                "id": entry.id, "version": policy.version, "preset": policy.preset, "name": policy.name.zh,
                "effective_from": entry.values.get("effective_from"), "overrides": entry.values.get("overrides") or {},
                "minimum_minutes": policy.visit.minimum_minutes,
                "contact_visits_a_month": policy.contact.visits_a_month,
                "findings": [finding.says._asdict() for finding in findings],
            }
        )  # fmt: skip
    return told


def use_policy(
    database: Database,
    where: str,
    preset: str,
    *,
    effective_from: str,
    settings: Mapping[str, Any],
    version: str | None,
    by: str,
) -> list[dict[str, Any]]:
    """Put a preset in force in a township (9 digits) or in every township of a county (6): its record's id and version, by township.

    `settings`: dotted name to value, such as ``{"visit.minimum_minutes": 20}``. PolicyError in words.
    """
    if preset not in PRESETS:
        raise PolicyError(f"没有这个预设方案：{preset}；可用：{' '.join(PRESETS)} / No such preset: {preset}")
    if not is_date(effective_from):
        raise PolicyError(f"日期写法不对：{effective_from}，应为 2018-09-01 / Not a day: {effective_from}")
    values = _values(preset, effective_from, settings, version)
    _, findings = read_policy(values)
    if findings:
        told = "；".join(f"{f.says.zh} / {f.says.en}" for f in findings)
        raise PolicyError(f"没有启用。{told} (Nothing was put in force.)")
    townships = _townships(database, where)
    values["version"] = _free_version(database, townships, values, version)
    return [
        {"township": township, "id": _put(database, township, values, by), "version": values["version"]}
        for township in townships
    ]


def _free_version(database: Database, townships: list[str], values: dict[str, Any], asked: str | None) -> str:
    """A version's name that stands for these rules and no others: records are judged by the version they carry, long afterwards."""
    taken: dict[str, list[Any]] = {}
    for preset in PRESETS:
        text = preset_text(preset)
        taken[text["version"]] = [_rules({"preset": preset, "content": text})]
    for township in townships:
        with database.read(township) as store:
            for entry in store.entries("policy", database.kinds["policy"].fields):
                taken.setdefault(str(entry.values.get("version")), []).append(_rules(entry.values))
    own, name, tries = _rules(values), str(values["version"]), 1
    while any(rules != own for rules in taken.get(name, ())):
        if asked:
            raise PolicyError(
                f"版本名已用于别的规则：{asked}，请另取一个 / This version stands for other rules: {asked}."
            )
        tries += 1
        name = f"{values['version']}-{tries}"
    return name


def _rules(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values.get(name) or None for name in ("preset", "content", "overrides", *FIELDS.values()))


def _values(preset: str, effective_from: str, settings: Mapping[str, Any], version: str | None) -> dict[str, Any]:
    text = preset_text(preset)
    values: dict[str, Any] = {
        "name": text["name"]["zh"],
        "version": version or (f"{text['version']}-{effective_from}" if settings else text["version"]),
        "preset": preset,
        "effective_from": effective_from,
        "content": text,
    }
    overrides: dict[str, Any] = {}
    for name, value in settings.items():
        if name in FIELDS:
            if value is None:
                raise PolicyError(f"设置写法不对：{name} / Not a setting: {name}")
            values[FIELDS[name]] = value
        else:
            _set(overrides, name.split("."), value, name)
    return values | ({"overrides": overrides} if overrides else {})


def _set(table: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    """Put a value under its dotted name; a table joins what was set of it before."""
    *tables, key = path
    for part in tables:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise PolicyError(f"设置写法不对：{name} / Not a setting: {name}")
    if isinstance(value, dict) and isinstance(table.get(key), dict):
        for inner, one in value.items():
            _set(table[key], [inner], one, f"{name}.{inner}")
    else:
        table[key] = value


def _townships(database: Database, where: str) -> list[str]:
    with database.engine.connect() as connection:
        found = TownshipStore(database, connection, "").sql(
            "SELECT code FROM area WHERE level = 'township' AND (code = ? OR (parent = ? AND NOT is_farm)) ORDER BY 1",
            where, where,
        )  # fmt: skip
    if not found:
        raise PolicyError(
            f"没有这个乡镇或县：{where}，请先导入区划（ruhu areas import）。 / No such township or county: {where}."
        )
    return [code for (code,) in found]


def _put(database: Database, township: str, values: dict[str, Any], by: str) -> str:
    id_ = str(uuid7())

    def work(store: TownshipStore) -> None:
        gate = Gate(database.kinds, store, now_ms)
        row = gate.write(desk_writer(township, by, "command"), "policy", id_, values)
        if row.refusal:
            why = "；".join([row.refusal.message, *(s for told in row.refusal.fields.values() for s in told)])
            raise PolicyError(why)
        gate.close()

    database.write(township, work)
    return id_
