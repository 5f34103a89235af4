"""Party links: who calls on which household, from when to when, and when somebody is exempt.

Promises: every change is a record's change through the gate, in the visitor's name, and the member's grant for the household follows in the
same transaction: it begins with the link, and ends with the last one. Leaves to others: what a link owes (`shared.rules.contact`), handing
a household from one member to another (`hand_over`).
"""

from collections.abc import Mapping
from typing import Any

from flask import abort, request, url_for
from uuid6 import uuid7

from server import access
from server.access import AccessError
from server.charge import why_not
from server.console.door import Town, act, go, page, put
from server.console.frame import listed, render, tell, tell_error
from server.lists import LISTINGS
from server.lists.people import link_state, read_links
from server.people import Home, Person, find_homes, read_people, read_person
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from shared.fields import is_date, is_plain, is_uuid
from shared.grants import HOUSEHOLD, Grant
from shared.kind import FIELD_ROLES, REMOVED
from shared.kinds import KINDS
from shared.kinds.party_link import EXEMPT_REASONS
from shared.moments import day_of, end_of
from shared.record import Key, Record
from shared.sync.gate import Gate

LINK = "party_link"
DATES = ("from_date", "to_date", "exempt_from", "exempt_to")
CHANGED = ("to_date", "exempt_from", "exempt_to", "exempt_reason")


@page("/t/<township>/party-links", Right.READ)
def party_links(town: Town) -> str:
    given = listed(town, LISTINGS["party_links"])
    rows = [
        {**row, "_url": url_for("console.party_link", township=town.code, party_link=row["id"])}
        for row in given["found"].rows
    ]
    return render("people_links.html", town, "people", rows=rows, **given)


@page("/t/<township>/party-links/<party_link>", Right.READ)
def party_link(town: Town, party_link: str) -> str:
    with town.read() as store:
        found = town.record(store, LINK, party_link)
        home, member = _home_of(town, store, found), _named(town, store, found)
        village = store.villages().get(found.village or "", found.village)
    today = day_of(town.now)
    dates = {name: found.values.get(name) for name in (*DATES, "exempt_reason")}
    holds = member is not None and home is not None and member.covers(town.now, home.village, home.id)
    return render(
        "people_link.html", town, "people", link=found, home=home, member=member, village=village,
        state=link_state(dates, today), holds=holds, fields=KINDS[LINK].fields, reasons=EXEMPT_REASONS, today=today,
    )  # fmt: skip


def _home_of(town: Town, store: TownshipStore, link: Record) -> Record | None:
    """The link's household, where it is the visitor's: it may have moved to another village since, and a link stays where it was made."""
    key = Key(KINDS.household, link.household or "")
    return town.sight.record(store, store.load([key]).get(key))


def _named(town: Town, store: TownshipStore, link: Record) -> Person | None:
    """The account of the member whom a link names, where the visitor may see it."""
    return account_named(town, store, str(link.values.get("party_member") or ""))


def account_named(town: Town, store: TownshipStore, name: str) -> Person | None:
    """The account that a link's name, or id, stands for, where the visitor may see it."""
    if not is_plain(name):
        return None
    found = store.sql("SELECT id FROM user_account WHERE name = ? OR id = ?", name, name)
    return read_person(store, town.sight, found[0][0], town.now) if found else None


# --- a new one -----------------------------------------------------------------------------------------------------


@page("/t/<township>/party-links/new", Right.SETTLE)
def new_link(town: Town) -> str:
    """Choose a household (found by number, name or first letters) and a member."""
    given = request.args
    with town.read() as store:
        homes, more = find_homes(store, town.sight, given.get("find", ""))
        if given.get("household"):
            homes = [chosen_home(town, store, given["household"])]
        members, places = link_members(town, store), town.sight.places(store)
    return render(
        "people_link_new.html", town, "people", find=given.get("find", ""), homes=homes, more=more, members=members,
        member=given.get("member", ""), places=places, today=day_of(town.now),
    )  # fmt: skip


def chosen_home(town: Town, store: TownshipStore, id_: str) -> Home:
    """A household that the visitor may see."""
    if not is_uuid(id_):
        abort(404)
    found = town.record(store, KINDS.household, id_)
    number, head, hamlet = (str(found.values.get(name) or "") for name in ("household_no", "head_name", "hamlet"))
    return Home(found.id, found.village or "", number, head, hamlet)


def link_members(town: Town, store: TownshipStore) -> list[Person]:
    """Those who may be given a household: field people of the township who are the visitor's to look after, by name."""
    return [
        person
        for person in read_people(store, town.sight, town.now)
        if person.roles & FIELD_ROLES and person.disabled is None and why_not(town.sight, person) is None
    ]


def chosen_member(town: Town, store: TownshipStore, id_: str) -> Person:
    """One of them. AccessError when nobody, or somebody else, was chosen."""
    found = next((person for person in link_members(town, store) if person.id == id_), None)
    if found is None:
        raise AccessError("请选一位联户党员。 / Choose who is to call on the household.")
    return found


@act("/t/<township>/party-links", Right.SETTLE)
def begin_link(town: Town) -> Any:
    form, id_ = request.form, str(uuid7())

    def work(gate: Gate, store: TownshipStore) -> tuple[Home, Person]:
        if not form.get("household"):
            raise AccessError("请先找到并选中一户。 / Find a household and choose it first.")
        home = chosen_home(town, store, form["household"])
        member = chosen_member(town, store, form.get("member", ""))
        running = [link for link in links_of(town, store, home.id) if link["party_member"] == member.name]
        if any(link["state"] != "ended" for link in running):
            raise AccessError(f"{member.name} 已联这一户。 / {member.name} is linked to this household already.")
        day = form.get("from_date", "")
        if not is_date(day):
            raise AccessError("请填开始日期。 / Give the day on which it begins.")
        values = {"party_member": member.name, "from_date": day}
        put(gate, town.writer(), LINK, id_, values, village=home.village, household=home.id)
        town.note(store, "link", kind=LINK, record=id_, details={"fields": sorted(values)})
        give_household(town, store, member, home)
        return home, member

    try:
        home, member = town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
        back = {name: form[name] for name in ("household", "member") if form.get(name)}
        return go("console.new_link", township=town.code, **back)
    undo = (url_for("console.remove_link", township=town.code, party_link=id_), {"why": "undo"})
    tell(
        f"{member.name} 联 {home.head or home.number}：手机下次同步时收到这一户",
        f"{member.name} is linked to {home.head or home.number}; the phone gets the household with its next sync", undo=undo,
    )  # fmt: skip
    return go("console.party_link", township=town.code, party_link=id_)


def give_household(town: Town, store: TownshipStore, member: Person, home: Home) -> bool:
    """The household's grant, unless the member holds it already (the whole village, say); whether it was given."""
    if member.covers(town.now, home.village, home.id):
        return False
    return access.hold(
        town.database, store, member.id, f"{HOUSEHOLD}:{home.id}", now_ms(), town.code, town.actor
    )  # fmt: skip


def links_of(town: Town, store: TownshipStore, household: str) -> list[dict[str, Any]]:
    """The household's party links, those that ended too."""
    return read_links(store, town.sight, day_of(town.now), household)


# --- changing one --------------------------------------------------------------------------------------------------


@act("/t/<township>/party-links/<party_link>", Right.SETTLE)
def change_link(town: Town, party_link: str) -> Any:
    """End it, or let it go on; exempt, or not any more: what the form holds is written, blank as nothing."""
    values = {name: request.form[name].strip() or None for name in CHANGED if name in request.form}
    before = _change(town, party_link, values)
    if before is None:
        return go("console.party_link", township=town.code, party_link=party_link)
    tell("已保存", "Saved", undo=(request.path, {name: before.get(name) or "" for name in values}))
    return go("console.party_link", township=town.code, party_link=party_link)


@act("/t/<township>/party-links/<party_link>/remove", Right.SETTLE)
def remove_link(town: Town, party_link: str) -> Any:
    """It was made by mistake. The record stays in its history."""
    if _change(town, party_link, {REMOVED: True}) is None:
        return go("console.party_link", township=town.code, party_link=party_link)
    undo = (url_for("console.keep_link", township=town.code, party_link=party_link), {"why": "undo"})
    tell("已移除这条联户，授权随之收回", "The link is removed, and its grant taken back", undo=undo)
    return go("console.party_links", township=town.code)


@act("/t/<township>/party-links/<party_link>/keep", Right.SETTLE)
def keep_link(town: Town, party_link: str) -> Any:
    """It was no mistake after all."""
    if _change(town, party_link, {REMOVED: False}) is not None:
        tell("已恢复这条联户", "The link is back")
    return go("console.party_link", township=town.code, party_link=party_link)


def _change(town: Town, id_: str, values: dict[str, Any]) -> Mapping[str, Any] | None:
    """Write to a link, its grant following; the values before, or None when it could not be (said on the next page)."""

    def work(gate: Gate, store: TownshipStore) -> Mapping[str, Any]:
        link = town.record(store, LINK, id_)
        before = dict(link.values)
        _check_dates(before | values)
        put(gate, town.writer(), LINK, id_, values)
        town.note(store, "link", kind=LINK, record=id_, details={"fields": sorted(values)})
        follow(town, store, link, before | values)
        return before

    try:
        return town.at_the_gate(work)
    except AccessError as error:
        tell_error(error)
        return None


def _check_dates(values: Mapping[str, Any]) -> None:
    for name in DATES:
        if values.get(name) and not is_date(values[name]):
            raise AccessError("日期写法不对。 / That is not a date.")
    for start, end in (("from_date", "to_date"), ("exempt_from", "exempt_to")):
        if values.get(start) and values.get(end) and values[end] < values[start]:
            raise AccessError("结束日期早于开始日期。 / It would end before it begins.")


def follow(town: Town, store: TownshipStore, link: Record, values: Mapping[str, Any]) -> None:
    """Bring the member's grant for the household to what the links will say, in the same transaction.

    AccessError where the household is not the visitor's any more, or a grant would change of somebody who is not his to look after: a link
    names its member in free words.
    """
    if not link.household:
        return
    home, member = _home_of(town, store, link), _named(town, store, link)
    if home is None:
        raise AccessError(
            "这一户已转到您范围以外的村，请那边或乡镇办公室办理。 / This household is in a village outside your charge now; its own desk does this."
        )
    if member is None:
        return
    today, text, reason = day_of(town.now), f"{HOUSEHOLD}:{home.id}", why_not(town.sight, member)
    others = [
        o for o in links_of(town, store, link.household) if o["id"] != link.id and o["party_member"] == member.name
    ]
    ends = [one["to_date"] for one in others if one["state"] != "ended"]
    own_end = values.get("to_date")
    if not values.get(REMOVED) and (own_end is None or own_end >= today):
        ends.append(own_end)
    if not ends:
        if not any(one.grant == Grant(HOUSEHOLD, home.id) for one in member.holds(town.now)):
            return  # a link made by mistake can go whomever it names
        if reason:
            raise AccessError(f"{reason.zh} / {reason.en}")
        access.release(store, member.id, text, now_ms(), town.code, town.actor)
        return
    if any(one.grant.scope != HOUSEHOLD and one.grant.gives(home.village, home.id) for one in member.holds(town.now)):
        return
    if reason:
        raise AccessError(f"{reason.zh} / {reason.en}")
    until = None if None in ends else end_of(max(ends)) + 999
    access.hold(town.database, store, member.id, text, now_ms(), town.code, town.actor, until)
