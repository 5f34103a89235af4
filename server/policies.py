"""Putting a policy in force: a preset, what the county sets otherwise, and from which day, as a record that travels to every phone.

Promises: nothing that cannot be used is put in force; the record carries the preset's whole text. Leaves to others: what the settings
mean (`shared.rules.policy`).
"""

from collections.abc import Mapping
from typing import Any

from uuid6 import uuid7

from server.desk import desk_writer
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
    policy, findings = read_policy(values)
    if findings:
        raise PolicyError("；".join(f"{f.says.zh} / {f.says.en}" for f in findings))
    return [
        {"township": township, "id": _put(database, township, values, by), "version": policy.version}
        for township in _townships(database, where)
    ]


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
            values[FIELDS[name]] = value
            continue
        *tables, key = name.split(".")
        place = overrides
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise PolicyError(f"设置写法不对：{name} / Not a setting: {name}")
        place[key] = value
    return values | ({"overrides": overrides} if overrides else {})


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
