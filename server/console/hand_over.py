"""Handing a household from one member to another, in one act: the grant, and the party link where there was one.

Promises: all of it in one transaction, or nothing; the old phone loses the household with its next sync and what it had not sent is still
taken for 30 days; the act can be undone. Leaves to others: moving a household to another village (its own page).
"""

from typing import Any

from flask import request, url_for
from uuid6 import uuid7

from server import access
from server.access import AccessError
from server.charge import why_not
from server.console.door import Town, act, go, page, put
from server.console.frame import render, tell, tell_error
from server.console.links import LINK, account_named, chosen_home, chosen_member, give_household, link_members, links_of
from server.people import Home, Person, read_people
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from shared.grants import HOUSEHOLD, Grant
from shared.kind import REMOVED
from shared.moments import day_of
from shared.sync.gate import Gate


@page("/t/<township>/households/<household>/hand-over", Right.SETTLE)
def hand_over_page(town: Town, household: str) -> str:
    with town.read() as store:
        home = chosen_home(town, store, household)
        links = [link for link in links_of(town, store, household) if link["state"] != "ended"]
        holders, members = _holders(town, store, home), link_members(town, store)
        village = store.villages().get(home.village, home.village)
    names = list(dict.fromkeys([person.name for person in holders] + [link["party_member"] for link in links]))
    return render(
        "people_hand_over.html", town, "people", home=home, names=names, members=members, village=village,
        since={link["party_member"]: link["from_date"] for link in links}, holding={person.name for person in holders},
    )  # fmt: skip


def _holders(town: Town, store: TownshipStore, home: Home) -> list[Person]:
    """Those who hold the household by itself, by name."""
    grant = Grant(HOUSEHOLD, home.id)
    return [
        person
        for person in read_people(store, town.sight, town.now)
        if any(one.grant == grant for one in person.holds(town.now))
    ]


@act("/t/<township>/households/<household>/hand-over", Right.SETTLE)
def hand_over(town: Town, household: str) -> Any:
    form = request.form

    def work(gate: Gate, store: TownshipStore) -> tuple[Home, Person, dict[str, str]]:
        home = chosen_home(town, store, household)
        before, member = form.get("from", ""), chosen_member(town, store, form.get("to", ""))
        if not before or before == member.name:
            raise AccessError("请选交出的人和接手的人。 / Choose who hands over, and to whom.")
        undone = {"from": before, "to": member.id, "given": "", "begun": ""}
        links = [one for one in links_of(town, store, home.id) if one["state"] != "ended"]
        own = [one for one in links if one["party_member"] == before]
        released = _release(town, store, home, before)
        if not own and not released:
            raise AccessError(f"{before} 没有这一户。 / {before} does not hold this household.")
        undone["released"] = "1" if released else ""
        undone["given"] = "1" if give_household(town, store, member, home) else ""
        undone["ended"] = " ".join(_end(town, gate, store, link) for link in own)
        if own and not any(one["party_member"] == member.name for one in links):
            undone["begun"] = _begin(town, gate, store, home, member)
        return home, member, undone

    try:
        home, member, undone = town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
        return go("console.hand_over_page", township=town.code, household=household)
    tell(
        f"{home.head or home.number} 已由 {undone['from']} 交给 {member.name}；{undone['from']} 手机里没上传的内容 30 天内仍会收下",
        f"{home.head or home.number} went from {undone['from']} to {member.name}; what {undone['from']}'s phone has not sent is still"
        " taken for 30 days",
        undo=(url_for("console.hand_back", township=town.code, household=household), undone),
    )
    return go("console.hand_over_page", township=town.code, household=household)


def _release(town: Town, store: TownshipStore, home: Home, name: str) -> bool:
    """Take the household's grant from whoever is called so; whether it was held."""
    person = account_named(town, store, name)
    if person is None:
        return False
    reason = why_not(town.sight, person)
    if reason:
        raise AccessError(f"{reason.zh} / {reason.en}")
    return access.release(store, person.id, f"{HOUSEHOLD}:{home.id}", now_ms(), town.code, town.actor)


def _end(town: Town, gate: Gate, store: TownshipStore, link: dict[str, Any]) -> str:
    """End a link today, or remove one that has not begun; how to undo it (`id=the end it had`)."""
    today = day_of(town.now)
    values: dict[str, Any] = {REMOVED: True} if link["state"] == "coming" else {"to_date": today}
    _write(town, gate, store, link["id"], values)
    return f"{link['id']}={link['to_date'] or ''}"


def _begin(town: Town, gate: Gate, store: TownshipStore, home: Home, member: Person) -> str:
    id_ = str(uuid7())
    values = {"party_member": member.name, "from_date": day_of(town.now)}
    _write(town, gate, store, id_, values, village=home.village, household=home.id)
    return id_


def _write(town: Town, gate: Gate, store: TownshipStore, id_: str, values: dict[str, Any], **place: str) -> None:
    put(gate, town.writer(), LINK, id_, values, **place)
    town.note(store, "link", kind=LINK, record=id_, details={"fields": sorted(values)})


@act("/t/<township>/households/<household>/hand-back", Right.SETTLE)
def hand_back(town: Town, household: str) -> Any:
    """Undo a hand-over: grants and links as they were before."""
    form = request.form

    def work(gate: Gate, store: TownshipStore) -> None:
        home = chosen_home(town, store, household)
        rows = store.sql("SELECT id FROM kind_party_link WHERE township = ? AND household = ?", town.code, home.id)
        own = {id_ for (id_,) in rows}
        before = account_named(town, store, form.get("from", ""))
        if form.get("given"):
            _release(town, store, home, chosen_member(town, store, form.get("to", "")).name)
        if form.get("released") and before is not None and why_not(town.sight, before) is None:
            text = f"{HOUSEHOLD}:{home.id}"
            access.hold(town.database, store, before.id, text, now_ms(), town.code, town.actor)
        for said in form.get("ended", "").split():
            id_, _, ended = said.partition("=")
            if id_ in own:
                _write(town, gate, store, id_, {"to_date": ended or None, REMOVED: False})
        if form.get("begun") in own:
            _write(town, gate, store, form["begun"], {REMOVED: True})

    town.at_the_gate(work)
    tell("已撤销移交，一切照旧", "The hand-over is undone; all is as it was")
    return go("console.hand_over_page", township=town.code, household=household)
