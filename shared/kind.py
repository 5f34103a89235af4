"""What a kind is, and the registry of kinds.

A kind is declared once, as a `Form`: a marshmallow schema that reads like the paper form, in the form's order. From it
follow the tables, the decoder, validation on both sides, the merge, forms, pages, exports and the description at
``/api/v1/kinds``. Adding a field touches one file; adding a kind touches two (its file, one line in `kinds/__init__`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from marshmallow import INCLUDE, Schema

from shared.fields import (
    LATEST,
    ONCE,
    REVIEW,
    SECRET,
    UNION,
    Boolean,
    Choice,
    Field,
    Label,
    Text,
    is_plain,
    is_storable,
)

FIELD_NAME_LENGTH = 64

COUNTY_ROLES = frozenset({"county", "admin"})
DESK_ROLES = COUNTY_ROLES | {"desk"}
FIELD_ROLES = frozenset({"cadre", "party_member"})
ROLES = DESK_ROLES | FIELD_ROLES | {"leader"}

REMOVED = "removed"
POLICY_VERSION = "policy_version"
ANY = "*"
"""In `Meta.reserved`: whatever is written to the field, null included."""


class Form(Schema):
    """Base of every kind's declaration. `Meta` says its `name`, `label`, and what differs from the usual.

    Meta.name: the kind's word. Meta.label: Label. Meta.writers: roles that may write it (default: field and desk).
    Meta.shared: may stand in a township without a village. Meta.title: the field a list shows first.
    Meta.made_by_server: only the township makes one. Meta.is_household: its records are what the envelope's `household`
    names. Meta.follows_household: moves with its household to another village. Meta.reserved: field to the codes that only some
    roles may set, and those roles. Meta.write_once: a record is written by one person and not changed afterwards, but by the desk.
    Meta.numbered: the field in which the township gives each record a number as it arrives.
    """

    class Meta:
        name = ""
        unknown = INCLUDE

    removed = Boolean("已移除", "Removed", merge=REVIEW, widget="hidden")


class RuledForm(Form):
    """A form that the policy judges: a record keeps the version of the policy it was begun under, whatever comes after."""

    policy_version = Text("规则版本", "Policy version", length=64, merge=ONCE, widget="hidden")


@dataclass(frozen=True)
class Kind:
    """A declared kind, ready for use. `fields` are in the form's order, `removed` last."""

    name: str
    label: Label
    form: type[Form]
    fields: Mapping[str, Field]
    writers: frozenset[str] = FIELD_ROLES | DESK_ROLES
    shared: bool = False
    title: str = ""
    made_by_server: bool = False
    is_household: bool = False
    follows_household: bool = False
    reserved: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    numbered: str = ""
    write_once: bool = False

    @classmethod
    def of(cls, form: type[Form]) -> "Kind":
        """Read a declaration. ValueError when it does not say what it must."""
        meta = form.Meta
        declared = {name: value for name, value in form().fields.items() if isinstance(value, Field)}
        if len(declared) != len(form().fields):
            raise ValueError(f"{form.__name__}: every field must be one of shared.fields")
        for last in (POLICY_VERSION, REMOVED):  # what nobody fills in stands after the form's own fields
            if last in declared:
                declared[last] = declared.pop(last)
        if not meta.name or not getattr(meta, "label", None):
            raise ValueError(f"{form.__name__}: Meta must say name and label")
        return cls(
            name=meta.name,
            label=Label(*meta.label),  # type: ignore[attr-defined]
            form=form,
            fields=declared,
            writers=frozenset(getattr(meta, "writers", cls.writers)),
            shared=getattr(meta, "shared", False),
            title=getattr(meta, "title", ""),
            made_by_server=getattr(meta, "made_by_server", False),
            is_household=getattr(meta, "is_household", False),
            follows_household=getattr(meta, "follows_household", False),
            reserved={name: dict(codes) for name, codes in getattr(meta, "reserved", {}).items()},
            numbered=getattr(meta, "numbered", ""),
            write_once=getattr(meta, "write_once", False),
        )

    def may_set(self, name: str, value: Any) -> frozenset[str]:
        """The roles that may write this value to the field; every role where none is reserved."""
        codes = self.reserved.get(name, {})
        return codes.get(value if isinstance(value, str) else "", codes.get(ANY, ROLES))

    def rule(self, name: str) -> str:
        """The merge rule of a field; what a newer app brings merges as `latest`."""
        return self._rules.get(name, LATEST)

    @cached_property
    def _rules(self) -> dict[str, str]:
        return {name: value.merge for name, value in self.fields.items()}

    @cached_property
    def unions(self) -> frozenset[str]:
        """Names of the fields joined element by element."""
        return frozenset(name for name, rule in self._rules.items() if rule == UNION)

    @cached_property
    def special(self) -> frozenset[str]:
        """Names of the fields whose first write is not simply taken over (union), or needs the log (removed)."""
        return self.unions | {REMOVED}

    @cached_property
    def evidence(self) -> frozenset[str]:
        """Names of the fields where the earliest write stands."""
        return frozenset(name for name, rule in self._rules.items() if rule == ONCE)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Names of the fields that a `household:` grant neither sees nor sets."""
        return frozenset(name for name, value in self.fields.items() if value.sensitivity == SECRET)

    @cached_property
    def _loader(self) -> Form:
        return self.form(partial=True, unknown=INCLUDE)

    def errors(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        """What is wrong with each value by itself: field to sentences; empty when all can be kept."""
        found: dict[str, list[str]] = {str(k): list(v) for k, v in self._loader.validate(values).items()}
        for name in values.keys() - self.fields.keys():
            if not name or len(name) > FIELD_NAME_LENGTH or not is_plain(name):
                found[name[:FIELD_NAME_LENGTH].replace("\x00", "?")] = ["字段名不可用 / not a usable field name"]
            elif not is_storable(values[name]):
                found[name] = ["无法保存的内容 / a value that cannot be kept"]
        return found

    def unknown_codes(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        """Choice codes that are kept but that no list here holds: worth a warning, never a refusal."""
        found = {
            name: field_.unknown(values[name])
            for name, field_ in self.fields.items()
            if isinstance(field_, Choice) and name in values
        }
        return {name: codes for name, codes in found.items() if codes}

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Fields the paper form asks for that have no value yet: the record is incomplete, not wrong."""
        return [name for name, value in self.fields.items() if value.needed and values.get(name) in (None, "", [])]


@dataclass
class Registry(Mapping[str, Kind]):
    """The kinds in menu order, by name."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    @classmethod
    def of(cls, forms: Iterable[type[Form]]) -> "Registry":
        registry = cls()
        for form in forms:
            registry.add(form)
        return registry

    def add(self, form: type[Form]) -> Kind:
        """Register a kind; ValueError when its word is taken."""
        kind = Kind.of(form)
        if kind.name in self.kinds:
            raise ValueError(f"two kinds are named {kind.name}")
        self.kinds[kind.name] = kind
        return kind

    @property
    def household(self) -> str:
        """The kind whose records the envelope's `household` names; empty when there is none."""
        return next((kind.name for kind in self.kinds.values() if kind.is_household), "")

    def __getitem__(self, name: str) -> Kind:
        return self.kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def describe(self) -> dict[str, Any]:
        """The description for anyone who writes another client: the body of ``GET /api/v1/kinds``."""
        return {"kinds": [_describe(kind) for kind in self.kinds.values()]}


def _describe(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "label": kind.label._asdict(),
        "fields": [
            {
                "name": name,
                "type": value.type_name,
                "label": value.label._asdict(),
                "merge": value.merge,
                "required": value.needed,
                "sensitive": value.sensitivity if value.sensitivity == SECRET else None,
                "sensitivity": value.sensitivity,
                "choices": [
                    {"value": code, "label": label._asdict()} for code, label in getattr(value, "choices", {}).items()
                ],
            }
            for name, value in kind.fields.items()
        ],
    }
