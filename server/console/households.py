"""Households: found as one types; each with all that hangs on it, to be printed, unmasked for a reason, or moved to another village.

Promises: only what is the visitor's is found, shown or moved; which fields there are, and in what order, the registry says. Leaves to others:
the search (`lists.homes`), what a household's file holds (`dossier`), its history (`records`), handing it over (`hand_over`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from server.access import AccessError
from server.console.door import RULES, Town, act, go, is_part, page
from server.console.frame import listed, render, say, tell, tell_error
from server.console.photos import counted
from server.console.records import Fact, Titles, facts_of, keys_in, label_of, masked_names, record_url, titles_of
from server.console.unmask import note_reading, reason
from server.lists import LISTINGS
from server.lists.calls import VERDICTS, names_of
from server.reading.dossier import Dossier, read_dossier
from server.sight import Right
from server.store import TownshipStore
from server.words import moment
from shared.fields import Label
from shared.kind import Kind
from shared.kinds.choices import TIERS
from shared.moments import day_of, iso
from shared.record import Key, Record
from shared.rules.cleanup import REBOUNDS
from shared.rules.ledger import STATES
from shared.rules.visits import REASONS, REMARKS
from shared.sync.gate import Gate

SHOWN = 20
"""Visits and calls that the page shows before one asks for all."""
GROUPS = {
    "household_no": Label("基本情况", "The household"),
    "categories": Label("户类别", "Categories"),
    "relocated": Label("住房和生活条件", "House and living"),
    "paddy_mu": Label("土地和家产", "Land and goods"),
    "needs": Label("帮扶", "Help"),
    "left_reason": Label("其他", "More"),
}
"""Where a part of the paper form begins, by its first field: whatever the registry has until the next one is in it."""
NEWER = Label("新版手机才有的字段", "Fields of a newer app")
LINE = ("name", "relation", "sex", "birth_date", "identity", "phone", "status")
"""A member's line on the family sheet; the other fields that are filled in stand beneath it."""


# --- the list ----------------------------------------------------------------------------------------------------------


@page("/t/<township>/households", Right.READ)
def households(town: Town) -> str:
    given = listed(town, LISTINGS["households"])
    for row in given["found"].rows:
        row["_url"] = url_for("console.household", township=town.code, household=row["_id"])
    # Going back in the browser asks by script too, but for the whole page.
    part = is_part() and request.headers.get("HX-History-Restore-Request") != "true"
    return render("households_found.html" if part else "households.html", town, "households", part=part, **given)


# --- one household -----------------------------------------------------------------------------------------------------


@page("/t/<township>/households/<household>", Right.READ)
def household(town: Town, household: str) -> str:
    return _shown(town, household, on_paper=request.args.get("print") == "1")


@act("/t/<township>/households/<household>/unmask", Right.UNMASK)
def unmask_household(town: Town, household: str) -> str | Response:
    """The page, or the sheet to print, once with everything in clear, for a reason."""
    with town.read() as store:
        dossier = _read(town, store, household)
    kinds, home = town.database.kinds, dossier.home
    names = masked_names(kinds, home)
    names += {f"member.{name}": None for member in dossier.members for name in masked_names(kinds, member)}
    try:
        note_reading(town, home.kind, home.id, names, reason())
    except AccessError as error:
        tell_error(error)
        return go("console.household", township=town.code, household=household)
    return _shown(town, household, whole=True, on_paper=request.form.get("print") == "1")


def _read(town: Town, store: TownshipStore, id_: str, most: int | None = SHOWN) -> Dossier:
    home = town.record(store, town.database.kinds.household, id_)
    return read_dossier(town.database, store, town.sight, home, town.now, most)


def _shown(town: Town, id_: str, whole: bool = False, on_paper: bool = False) -> str:
    kinds = town.database.kinds
    with town.read() as store:
        every = request.args.get("all") == "1"
        dossier = _read(town, store, id_, None if every else SHOWN)
        home, kind, member = dossier.home, kinds[dossier.home.kind], kinds["member"]
        titles = titles_of(town, store, _keys(kinds[home.kind], home))
        people = names_of(store, [*_named_in(dossier)])
        descriptions = _descriptions(store, dossier)
        places, seen = store.villages(), town.sight.places(store)
    return render(
        "household_print.html" if on_paper else "household.html", town, "households", dossier=dossier, home=home,
        values=home.values, kinds=kinds, whole=whole, village=places.get(home.village or "", home.village),
        groups=_groups(kind, home, whole, titles, blank=on_paper), missing=[label_of(kind.fields[n], n) for n in kind.missing(home.values)],
        line=[say(member.fields[name].label) for name in LINE],
        members=[_member(member, one, whole) for one in dossier.members],
        visits=dossier.visits, contacts=dossier.contacts[: None if every else SHOWN],
        masked=[*masked_names(kinds, home), *(n for one in dossier.members for n in masked_names(kinds, one))],
        people=people, places={code: name for code, name in seen.items() if code != home.village}, states=STATES, tiers=TIERS,
        descriptions=descriptions, named=lambda told: [people.get(one, one) for one in told or ()], dossier_now=town.now, moment=moment,
        verdicts=VERDICTS, reasons=REASONS, remarks=REMARKS, rebounds=REBOUNDS, today=day_of(town.now), now=iso(town.now),
        url_of=lambda kind, id_: record_url(town, kind, id_), pages=RULES,
        count_of=lambda kind, values: counted(town, kinds[kind], values),
    )  # fmt: skip


def _named_in(dossier: Dossier) -> Iterator[str]:
    """Everybody whom the file names, by name or id."""
    for entry in (*(one.entry for one in dossier.visits), *dossier.contacts):
        yield from entry.values.get("participants") or ()
    yield from (str(link.values.get("party_member") or "") for link in dossier.links)


def _descriptions(store: TownshipStore, dossier: Dossier) -> dict[str, str]:
    """What each problem is: a word that the ledger in memory does not keep."""
    entries = store.entries("problem", ["description"], ids=[one.id for one in dossier.problems])
    return {entry.id: entry.values.get("description") or "" for entry in entries}


def _keys(kind: Kind, home: Record) -> list[Key]:
    return [key for name, value in home.values.items() for key in keys_in(kind.fields.get(name), value)]


def _groups(
    kind: Kind, home: Record, whole: bool, titles: Titles, blank: bool = False
) -> list[tuple[str, Sequence[Fact]]]:
    """The household's fields in the form's order and parts; those without a value only when `blank` lines are wanted too."""
    parts: dict[str, list[str]] = {}
    part = ""
    for name, field in kind.fields.items():
        part = say(GROUPS[name]) if name in GROUPS else part
        if field.widget != "hidden" and (blank or home.values.get(name) not in (None, "", [])):
            parts.setdefault(part, []).append(name)
    newer = sorted(home.values.keys() - kind.fields.keys())
    if newer:
        parts[say(NEWER)] = newer
    return [(part, facts_of(kind, home.values, names, whole, titles)) for part, names in parts.items()]


def _member(kind: Kind, member: Record, whole: bool) -> dict[str, Any]:
    """A member: the line of the family sheet, and whatever else is known."""
    rest = [
        name
        for name, value in member.values.items()
        if name not in LINE and value not in (None, "", []) and getattr(kind.fields.get(name), "widget", "") != "hidden"
    ]
    ordered = [name for name in kind.fields if name in rest] + sorted(set(rest) - kind.fields.keys())
    return {
        "id": member.id,
        "line": facts_of(kind, member.values, LINE, whole, {}),
        "rest": facts_of(kind, member.values, ordered, whole, {}),
    }


# --- moving ------------------------------------------------------------------------------------------------------------


@act("/t/<township>/households/<household>/move", Right.SETTLE)
def move_household(town: Town, household: str) -> Response:
    """To another village of the township, with its members and their conflicts; past visits stay where they happened."""
    target = request.form.get("village", "")

    def work(gate: Gate, store: TownshipStore) -> tuple[str, str, Mapping[str, str]]:
        home = town.record(store, town.database.kinds.household, household)
        if target not in town.sight.places(store):
            raise AccessError("请选择要转到的村。 / Choose the village it moves to.")
        if home.village == target:
            raise AccessError("这一户已在这个村。 / The household is in this village already.")
        before = home.village or ""
        try:
            moved = gate.move(town.writer(), household, target)
        except ValueError as error:
            raise AccessError(str(error)) from error
        about = {"village": target, "from": before, "records": len(moved)}
        town.note(store, "move", kind=home.kind, record=household, details=about)
        return before, str(home.values.get("head_name") or ""), store.villages()

    try:
        before, head, places = town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
        return go("console.household", township=town.code, household=household)
    undo = url_for("console.move_household", township=town.code, household=household)
    tell(
        f"{head} 户已从 {places.get(before, before)} 转到 {places[target]}，成员一同转去；以前的走访留在原村",
        f"The household of {head} moved from {places.get(before, before)} to {places[target]} with its members; past visits stay",
        undo=(undo, {"village": before}) if before in places else None,
    )
    return go("console.household", township=town.code, household=household)
