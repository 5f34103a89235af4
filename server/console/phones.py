"""Phones: the list, a one-time code to enrol one, and ending one that was lost.

Promises: a code is on the page that answers and nowhere else; of another township's phone nobody learns that it exists. Leaves to others:
what the QR says (`shared.sync.invitation`), codes and tokens (`server.access`).
"""

import base64
import io
from typing import Any

import segno
from flask import abort, request, url_for

from server import access
from server.access import AccessError
from server.certificate import held_certificate
from server.console.door import Town, act, go, page, service
from server.console.frame import listed, render, tell, tell_error
from server.console.people import changeable, is_loopback, see
from server.lists import LISTINGS
from server.service import now_ms
from server.sight import Right
from shared.fields import is_plain
from shared.sync.invitation import Invitation, InvitationError, clean_url


@page("/t/<township>/phones", Right.PEOPLE)
def phones(town: Town) -> str:
    given = listed(town, LISTINGS["phones"])
    rows = [
        {**row, "_url": url_for("console.person", township=town.code, person=row["_person"])}
        for row in given["found"].rows
    ]
    return render("people_phones.html", town, "people", rows=rows, **given)


@act("/t/<township>/people/<person>/code", Right.PEOPLE)
def make_code(town: Town, person: str) -> Any:
    """A one-time code, shown with its QR. Everything is checked before there is one."""
    found = changeable(town, person)
    try:
        address = _address(request.form.get("address", ""))
        pins = address.startswith("https:") and "public" not in request.form
        held = held_certificate(service().config) if pins else None
        code = access.make_code(town.database, found.name, town.code, now_ms(), town.actor)
    except AccessError as error:
        tell_error(error)
        return go("console.person", township=town.code, person=person)
    invitation = Invitation(address, code, held.fingerprint if held else "")
    return render(
        "person_phone.html", town, "people", person=found, invitation=invitation, picture=_picture(invitation.text()),
        minutes=access.CODE_MINUTES, loopback=is_loopback(address), plain=address.startswith("http:"),
    )  # fmt: skip


def _address(typed: str) -> str:
    """The server's address as phones will use it. AccessError in words."""
    try:
        address = clean_url(typed)
    except InvitationError as error:
        raise AccessError(
            "手机连接服务器的网址应形如 https://192.168.1.10:8000。 / The address for phones looks like https://192.168.1.10:8000."
        ) from error
    if address.startswith("http:") and not is_loopback(address):
        raise AccessError(
            "手机只用 https 连接；请用 ruhu serve --tls 启动，再填 https:// 开头的网址。"
            " / Phones use https only: start with ruhu serve --tls, and give the address that begins with https://."
        )
    return address


def _picture(text: str) -> str:
    """The QR as a picture that stands in the page itself."""
    drawn = io.BytesIO()
    segno.make(text, micro=False).save(drawn, kind="svg", scale=6, border=4, light="white")
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


@act("/t/<township>/phones/<device>/revoke", Right.PEOPLE)
def revoke_phone(town: Town, device: str) -> Any:
    """End a phone. Whoever looks after the villages that it holds may: a lost phone does not wait for an administrator."""
    with town.read() as store:
        found = store.sql(
            "SELECT person, waiting, revoked_at FROM device WHERE township = ? AND id = ? AND token_hash IS NOT NULL",
            town.code, device if is_plain(device) else "",
        )  # fmt: skip
        if not found:
            abort(404)
        ((owner, waiting, revoked),) = found
        person = see(town, store, owner)
    if person.hidden:
        raise AccessError("此人还负责您范围以外的村。 / This person also holds villages outside your charge.")
    if revoked is not None:
        tell("这台手机早已停用，没有变化", "That phone was ended before; nothing changed", "info")
        return go("console.person", township=town.code, person=person.id)
    access.revoke_device(town.database, device, now_ms(), town.actor, town.code)
    tell(f"已停用 {person.name} 的手机；它上传过的都保留", f"{person.name}'s phone is ended; what it sent stays")
    if waiting:
        tell(
            f"它上次说还有 {waiting} 条没上传。找到手机后，管理员可用 ruhu recover 从手机里的 outbox.journal 收下。",
            f"It last said that {waiting} changes were not sent. Once the phone is found, an administrator can bring them in from its"
            " outbox.journal with ruhu recover.",
            "warning",
        )
    return go("console.person", township=town.code, person=person.id)
