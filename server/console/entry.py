"""Coming in and going out: signing in, a new password, the language, and where one lands."""

from typing import Any
from urllib.parse import urlsplit

from flask import redirect, render_template, request, session, url_for

from server import accounts
from server.access import AccessError
from server.console.door import ANYONE, SIGNED_IN, Visitor, act, begin, go, page, present, service
from server.console.frame import render, tell, tell_error
from server.extensions import limiter
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from server.words import EN, ZH
from shared.fields import Label

ENTRIES = [
    ("console.overview", Right.READ, Label("总览", "Overview")),
    ("console.people", Right.PEOPLE, Label("人员手机", "People, phones")),
    ("console.audit_trail", Right.AUDIT, Label("操作记录", "Audit")),
]
"""What a township's card leads to."""


@page("/", ANYONE)
def start() -> Any:
    """入口 / where one lands: the sign-in page, or one's township."""
    sight = present()
    if sight is None:
        return go("console.sign_in_page")
    if len(sight.townships) == 1 and sight.may(Right.READ):
        return go("console.overview", township=sight.townships[0])
    return go("console.home")


@page("/home", SIGNED_IN)
def home(who: Visitor) -> Any:
    """The townships one may look into, and what else there is to do."""
    with who.database.engine.connect() as connection:
        store = TownshipStore(who.database, connection, "")
        names = dict(map(tuple, store.sql("SELECT code, name FROM area WHERE code IN ??", who.sight.townships)))
    townships = [(code, names.get(code, code)) for code in who.sight.townships]
    return render("home.html", who, townships=townships, entries=ENTRIES)


@page("/sign-in", ANYONE)
def sign_in_page() -> Any:
    if present() is not None:
        return go("console.start")
    return render("sign_in.html", next=_inside(request.args.get("next", "")))


@act("/sign-in", ANYONE)
@limiter.limit("30 per minute")
def sign_in() -> Any:
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        secret = accounts.sign_in(service().database, name[:200], password[:400], now_ms())
    except accounts.SignInError as error:
        tell_error(error)
        return render("sign_in.html", next=_inside(request.form.get("next", "")), name=name[:200]), 401
    begin(secret)
    return redirect(_inside(request.form.get("next", "")) or url_for("console.start"), 303)


def _inside(target: str) -> str:
    """A page of ours to go back to; empty for anything else."""
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return target if ours else ""


@act("/sign-out", SIGNED_IN)
def sign_out(who: Visitor) -> Any:
    accounts.end_session(who.database, session.get("secret", ""), now_ms())
    session.clear()
    tell("已退出", "Signed out")
    return go("console.sign_in_page")


@page("/password", SIGNED_IN)
def password(who: Visitor) -> Any:
    return render("password.html", who, shortest=accounts.SHORTEST)


@act("/password", SIGNED_IN)
def change_password(who: Visitor) -> Any:
    form = request.form
    try:
        if form.get("new") != form.get("again"):
            raise AccessError("两次输入的新密码不一样。 / The two new passwords differ.")
        begin(accounts.change_password(who.database, who.account, form.get("old", ""), form.get("new", ""), now_ms()))
    except AccessError as error:
        tell_error(error)
        return render("password.html", who, shortest=accounts.SHORTEST), 422
    tell("密码已更改，别处的登录都已结束", "Password changed; every other session has ended")
    return go("console.start")


@act("/language", ANYONE)
def speak() -> Any:
    """Chinese or English, from the next page on."""
    session["language"] = EN if request.form.get("language") == EN else ZH
    return redirect(_inside(request.form.get("next", "")) or url_for("console.start"), 303)


@page("/api/docs", ANYONE)
def docs() -> str:
    """接口文档 / Swagger UI over /api/openapi.json."""
    return render_template("docs.html")
