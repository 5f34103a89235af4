"""People: who holds what in the township, one person's page, and adding somebody; for administrators, the accounts of the whole server.

Promises: a person who never held anything here is not found; nothing is offered that the act would refuse. Leaves to others: changing
somebody (`person_acts`), phones (`phones`), party links (`links`), who may (`server.charge`).
"""

from typing import Any

from flask import abort, request, url_for

from server import access
from server.access import AccessError
from server.charge import CONSOLE_ROLES, given_roles, why_not, why_not_account, why_not_grant
from server.console.door import Town, Visitor, act, go, page
from server.console.frame import listed, render, say, tell, tell_error
from server.lists import LISTINGS
from server.lists.people import LINK_STATE, NAME, read_links
from server.people import Home, Person, ago, find_homes, read_accounts, read_person
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from shared.fields import is_plain
from shared.grants import HOUSEHOLD, TOWNSHIP, VILLAGE, Grant, GrantError
from shared.kind import FIELD_ROLES
from shared.moments import day_of
from shared.pinyin import search

LONGEST_NAME = 100


@page("/t/<township>/people", Right.PEOPLE)
def people(town: Town) -> str:
    return render(
        "people.html", town, "people", told=lambda at: say(ago(at, town.now)), **listed(town, LISTINGS["people"])
    )


@page("/t/<township>/people/<person>", Right.PEOPLE)
def person(town: Town, person: str) -> str:
    with town.read() as store:
        found = see(town, store, person)
        places = town.sight.places(store)
        links = read_links(store, town.sight, day_of(town.now)) if town.may(Right.READ) else []
        homes, more = find_homes(store, town.sight, _find()) if town.may(Right.SETTLE) else ([], False)
    held = found.holds(town.now)
    return render(
        "person.html", town, "people", person=found, places=places, held=held,
        free={code: name for code, name in places.items() if not any(one.grant.value == code for one in held)},
        ended=[one for one in found.held[::-1] if not one.runs(town.now)], now=town.now, day_of=day_of, link_state=LINK_STATE,
        links=[link for link in links if link["party_member"] == found.name], homes=homes, more=more, find=_find(),
        why=why_not(town.sight, found), why_account=why_not_account(town.sight, found), works=bool(found.roles & FIELD_ROLES),
        may_take=lambda one: why_not_grant(town.sight, town.code, one.grant, one.village) is None,
        whole=why_not_grant(town.sight, town.code, Grant(TOWNSHIP, town.code), None) is None,
        roles=given_roles(town.sight), signs_in=bool(found.roles & CONSOLE_ROLES), address=own_address(), loopback=is_loopback(own_address()),
        told=lambda at: say(ago(at, town.now)),
    )  # fmt: skip


def _find() -> str:
    return request.args.get("find", "").strip()[:LONGEST_NAME]


def see(town: Town, store: TownshipStore, id_: str) -> Person:
    """A person whom the visitor may see; anybody else is not found."""
    found = read_person(store, town.sight, id_, town.now)
    if found is None:
        abort(404)
    return found


def changeable(town: Town, id_: str, account: bool = False) -> Person:
    """A person whom the visitor may change (`account`: everywhere, not only here). Not found, or AccessError in words."""
    with town.read() as store:
        found = see(town, store, id_)
    reason = (why_not_account if account else why_not)(town.sight, found)
    if reason:
        raise AccessError(f"{reason.zh} / {reason.en}")
    return found


def checked_grant(town: Town, store: TownshipStore, text: str) -> Grant:
    """A grant that the visitor may give and take. AccessError in words."""
    try:
        grant = Grant.read(text)
    except GrantError as error:
        raise AccessError("没有选好要给的村或户。 / No village or household was chosen.") from error
    village = None
    if grant.scope == HOUSEHOLD:
        found = store.sql("SELECT village FROM kind_household WHERE township = ? AND id = ?", town.code, grant.value)
        village = found[0][0] if found else None
    reason = why_not_grant(town.sight, town.code, grant, village)
    if reason:
        raise AccessError(f"{reason.zh} / {reason.en}")
    return grant


def own_address() -> str:
    """Where phones may reach this server, as far as this request tells: https, or this very computer; '' when neither."""
    url = request.url_root.rstrip("/")
    return url if url.startswith("https:") or is_loopback(url) else ""


def is_loopback(url: str) -> bool:
    """Whether an address leads a phone to itself instead of here."""
    host = url.partition("://")[2].partition("/")[0]
    return host.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]") or host in ("127.0.0.1", "localhost", "[::1]")


# --- adding somebody -----------------------------------------------------------------------------------------------


@page("/t/<township>/people/new", Right.PEOPLE)
def new_person(town: Town) -> str:
    return _form(town, {"roles": [], "villages": [], "name": "", "home": "", "household": ""}, [])


@act("/t/<township>/people", Right.PEOPLE)
def add_person(town: Town) -> Any:
    form = request.form
    typed: dict[str, Any] = {
        "name": " ".join(form.get("name", "").split()), "roles": form.getlist("role"), "villages": form.getlist("village"),
        "home": form.get("home", "").strip(), "household": form.get("household", ""), "township": form.get("township"),
    }  # fmt: skip
    if not town.may(Right.SETTLE):  # who reads no households learns nothing of them here
        typed |= {"home": "", "household": ""}
    homes: list[Home] = []
    try:
        with town.read() as store:
            if typed["home"] and not typed["household"]:
                homes, _ = find_homes(store, town.sight, typed["home"])
                typed["household"] = _only(homes)
            grants = [str(checked_grant(town, store, text)) for text in _wanted(town, typed)]
        _check(town, typed["name"], typed["roles"], grants)
        made = access.add_user(town.database, typed["name"], typed["roles"], grants, now_ms(), town.actor, town.code)
    except AccessError as error:
        tell_error(error)
        return _form(town, typed, homes), 422
    tell(f"已添加 {typed['name']}，下一步：注册手机", f"Added {typed['name']}; next: enrol a phone")
    return go("console.person", township=town.code, person=made)


def _only(homes: list[Home]) -> str:
    """The one household that fits. AccessError when there is none, or a choice to make."""
    if not homes:
        raise AccessError("没有找到这一户。 / No such household.")
    if len(homes) > 1:
        raise AccessError("有几户符合，请在下面选一户。 / Several households fit; choose one below.")
    return homes[0].id


def _wanted(town: Town, typed: dict[str, Any]) -> list[str]:
    """The grants that a form asks for."""
    wanted = [f"{VILLAGE}:{code}" for code in typed["villages"]]
    wanted += [f"{HOUSEHOLD}:{typed['household']}"] if typed["household"] else []
    return wanted + ([f"{TOWNSHIP}:{town.code}"] if typed["township"] else [])


def _check(town: Town, name: str, roles: list[str], grants: list[str]) -> None:
    """AccessError in words when a new person cannot be so."""
    if not name or len(name) > LONGEST_NAME or not is_plain(name):
        raise AccessError("请填姓名，最多 100 个字。 / Give a name of at most 100 characters.")
    if not roles:
        raise AccessError("请选一个角色。 / Choose a role.")
    check_roles(town, roles)
    if not grants and not town.may(Right.ACCOUNTS):
        raise AccessError(
            "请至少选一个村或一户，否则此人不属于本乡镇。 / Choose a village or a household, or nobody here would see this person."
        )


def check_roles(town: Town, roles: list[str]) -> None:
    """AccessError when the visitor may not give one of these roles."""
    beyond = [role for role in roles if role not in given_roles(town.sight)]
    if beyond:
        raise AccessError("这个角色由管理员给。 / That role is for an administrator to give.")


def _form(town: Town, typed: dict[str, Any], homes: list[Home]) -> str:
    with town.read() as store:
        places = town.sight.places(store)
    return render(
        "person_new.html", town, "people", typed=typed, homes=homes, places=places, roles=given_roles(town.sight),
        whole=town.may(Right.ACCOUNTS) and town.sight.is_whole(town.code), longest=LONGEST_NAME,
    )  # fmt: skip


# --- the whole server ----------------------------------------------------------------------------------------------


@page("/people", Right.ACCOUNTS)
def all_people(who: Visitor) -> str:
    """Who may sign in anywhere on this server, and who holds nothing anywhere."""
    typed = request.args.get("q", "").strip()[:LONGEST_NAME]
    with who.database.engine.connect() as connection:
        store = TownshipStore(who.database, connection, "")
        listed_ = read_accounts(store, CONSOLE_ROLES, who.now)
        names = dict(map(tuple, store.sql("SELECT code, name FROM area WHERE code IN ??", who.sight.townships)))
    if typed:
        listed_ = [listed_[place] for place in sorted(search([one.name for one in listed_], typed))]
    own = [(code, names.get(code, code)) for code in who.sight.townships]
    rows = [
        (
            one,
            [
                (name, url_for("console.person", township=code, person=one.id))
                for code, name in own
                if not one.townships or code in one.townships
            ],
        )
        for one in listed_
    ]
    return render("people_all.html", who, rows=rows, own=own, q=typed, label=NAME)
