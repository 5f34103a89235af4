"""What is done with somebody: grants given and taken, roles, the account ended and given back, a one-time password.

Promises: every act is in the audit trail under the visitor's name; a password is on the page that answers and nowhere else, in no URL, log or
cache. Leaves to others: who may (`server.charge`), doing it (`server.access`, `server.accounts`).
"""

from collections.abc import Callable
from typing import Any

from flask import request, url_for

from server import access, accounts
from server.access import AccessError
from server.charge import CONSOLE_ROLES
from server.console.door import Town, act, go
from server.console.frame import render, tell, tell_error
from server.console.people import changeable, check_roles, checked_grant
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from shared.grants import HOUSEHOLD, TOWNSHIP, Grant


def _back(town: Town, person: str) -> Any:
    return go("console.person", township=town.code, person=person)


def _done(town: Town, person: str, work: Callable[[], None]) -> Any:
    """Do it, say why where it cannot be, and back to the person's page."""
    try:
        work()
    except AccessError as error:
        tell_error(error)
    return _back(town, person)


def _called(town: Town, store: TownshipStore, grant: Grant) -> str:
    """What a grant is called in a sentence."""
    if grant.scope == HOUSEHOLD:
        found = store.sql("SELECT head_name FROM kind_household WHERE township = ? AND id = ?", town.code, grant.value)
        return str(found[0][0] or grant.value) if found else grant.value
    return town.name if grant.scope == TOWNSHIP else store.villages().get(grant.value, grant.value)


# --- grants --------------------------------------------------------------------------------------------------------


@act("/t/<township>/people/<person>/grants", Right.PEOPLE)
def give_grant(town: Town, person: str) -> Any:
    found = changeable(town, person)

    def work() -> None:
        texts = request.form.getlist("grant")
        if not texts:
            raise AccessError("没有选好要给的村或户。 / No village or household was chosen.")
        with town.read() as store:
            grants = [checked_grant(town, store, text) for text in dict.fromkeys(texts)]
            names = [_called(town, store, grant) for grant in grants]
        _must_be_enabled(found.disabled)
        with town.database.transaction() as connection:
            store = TownshipStore(town.database, connection, town.code)
            now = now_ms()
            given = [
                g for g in grants if access.hold(town.database, store, found.id, str(g), now, town.code, town.actor)
            ]
        if not given:
            tell("已有这项授权，没有变化", "Held already; nothing changed", "info")
            return
        undo = (url_for("console.take_grant", township=town.code, person=person), {"grant": str(given[0])})
        told = "、".join(names)
        tell(
            f"已给 {found.name}：{told}；手机下次同步时收到", f"{found.name} now holds {told}; the phone gets it with its next sync",
            undo=undo if len(given) == 1 else None,
        )  # fmt: skip

    return _done(town, person, work)


def _must_be_enabled(disabled: int | None) -> None:
    if disabled is not None:
        raise AccessError("此人已停用，请先恢复。 / This person is disabled; enable the account first.")


@act("/t/<township>/people/<person>/grants/end", Right.PEOPLE)
def take_grant(town: Town, person: str) -> Any:
    found = changeable(town, person)

    def work() -> None:
        with town.database.transaction() as connection:
            store = TownshipStore(town.database, connection, town.code)
            grant = checked_grant(town, store, request.form.get("grant", ""))
            told = _called(town, store, grant)
            if not access.release(store, found.id, str(grant), now_ms(), town.code, town.actor):
                raise AccessError(f"{found.name} 没有这项授权。 / {found.name} does not hold this.")
        undo = (url_for("console.give_grant", township=town.code, person=person), {"grant": str(grant)})
        tell(
            f"已收回 {found.name} 的 {told}；30 天内手机里没上传的内容仍会收下",
            f"{found.name} no longer holds {told}; what the phone has not sent is still taken for 30 days", undo=undo,
        )  # fmt: skip

    return _done(town, person, work)


# --- the account ---------------------------------------------------------------------------------------------------


@act("/t/<township>/people/<person>/roles", Right.ACCOUNTS)
def set_roles(town: Town, person: str) -> Any:
    found = changeable(town, person, account=True)

    def work() -> None:
        roles = " ".join(request.form.getlist("role")).split()
        if not roles:
            raise AccessError("请至少选一个角色。 / Choose at least one role.")
        check_roles(town, roles)
        access.set_roles(town.database, found.name, list(dict.fromkeys(roles)), now_ms(), town.actor)
        undo = (request.path, {"role": " ".join(sorted(found.roles))})
        tell(f"已更改 {found.name} 的角色，立即生效", f"{found.name} has other roles from now on", undo=undo)

    return _done(town, person, work)


@act("/t/<township>/people/<person>/disable", Right.PEOPLE)
def disable_person(town: Town, person: str) -> Any:
    found = changeable(town, person, account=True)

    def work() -> None:
        access.disable_user(town.database, found.name, now_ms(), town.actor)
        undo = (url_for("console.enable_person", township=town.code, person=person), {"name": found.name})
        tell(
            f"已停用 {found.name}：不能再登录和同步，写过的内容都保留",
            f"{found.name} can no longer sign in or sync; everything written stays", undo=undo,
        )  # fmt: skip

    return _done(town, person, work)


@act("/t/<township>/people/<person>/enable", Right.PEOPLE)
def enable_person(town: Town, person: str) -> Any:
    found = changeable(town, person, account=True)

    def work() -> None:
        access.enable_user(town.database, found.name, now_ms(), town.actor)
        tell(f"已恢复 {found.name}，授权和手机照旧", f"{found.name} is back, with the same grants and phones")

    return _done(town, person, work)


@act("/t/<township>/people/<person>/password", Right.ACCOUNTS)
def give_password(town: Town, person: str) -> Any:
    found = changeable(town, person, account=True)
    try:
        if not found.roles & CONSOLE_ROLES:
            raise AccessError("村干部和党员不在这里登录，不需要密码。 / Cadres and party members do not sign in here.")
        password = accounts.give_password(town.database, found.name, now_ms(), town.actor)
    except AccessError as error:
        tell_error(error)
        return _back(town, person)
    return render("person_password.html", town, "people", person=found, password=password)
