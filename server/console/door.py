"""The console's door: every page and act says here who may open it, and nothing opens without.

`page` and `act` register a view with the right it asks for; a view in a township gets a `Town`, one that is not gets a `Visitor`.
Promises: a GET changes nothing; an act is a POST with a token against forgery (`extensions.csrf`); somebody who is not signed in is sent to
sign in and comes back; another township, or one that does not exist, is "not found" to whoever has no grant there; a person's own townships
but not his right is "not yours". Leaves to others: the pages, the words, what a right means (`sight`).
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from server import accounts, audit
from server.access import AccessError
from server.audit import Actor
from server.service import Service, now_ms
from server.sight import Right, Sight
from server.store import Database, TownshipStore
from shared.record import Key, Record
from shared.sync.gate import Gate, Writer

T = TypeVar("T")
View = Callable[..., Any]

blueprint = Blueprint("console", __name__)

ANYONE, SIGNED_IN = "anyone", "signed_in"


@dataclass(frozen=True)
class Rule:
    """What a route asks for: a right, or ANYONE, or SIGNED_IN; and whether it lies in a township."""

    asks: Right | str
    in_township: bool


RULES: dict[str, Rule] = {}
"""Endpoint to rule. A route that is not here cannot be: `_route` alone makes them."""


def service() -> Service:
    found: Service = current_app.extensions["ruhu"]
    return found


@dataclass(frozen=True)
class Visitor:
    """Whoever is signed in."""

    sight: Sight
    database: Database
    now: int

    @property
    def account(self) -> accounts.Account:
        return self.sight.account

    @property
    def actor(self) -> Actor:
        return self.account.actor()

    def may(self, right: Right | str) -> bool:
        return right in (ANYONE, SIGNED_IN) or self.sight.may(Right(right))


@dataclass(frozen=True)
class Town(Visitor):
    """A township that the visitor may look into: reading, and writing in his own name."""

    code: str
    name: str

    @contextmanager
    def read(self) -> Iterator[TownshipStore]:
        """One consistent view, without a lock."""
        with self.database.read(self.code) as store:
            yield store

    def writer(self) -> Writer:
        return self.sight.writer(self.code)

    def record(self, store: TownshipStore, kind: str, id_: str) -> Record:
        """A record that is the visitor's to see; anything else is not found."""
        found = self.sight.record(store, store.load([Key(kind, id_)]).get(Key(kind, id_)))
        if found is None:
            abort(404)
        return found

    def at_the_gate(self, work: Callable[[Gate, TownshipStore], T]) -> T:
        """Run `work` with the township's gate in one writing transaction; what it came to is written when it returns."""

        def run(store: TownshipStore) -> T:
            gate = Gate(self.database.kinds, store, now_ms)
            done = work(gate, store)
            gate.close()
            return done

        return self.database.write(self.code, run)

    def write(self, kind: str, id_: str, values: dict[str, Any], action: str, **place: Any) -> None:
        """One change through the gate, and its row in the audit trail. AccessError in words when it is refused."""

        def work(gate: Gate, store: TownshipStore) -> None:
            put(gate, self.writer(), kind, id_, values, **place)
            self.note(store, action, kind=kind, record=id_, details={"fields": sorted(values)})

        self.at_the_gate(work)

    def note(self, store: TownshipStore, action: str, **about: Any) -> int:
        """A row in the township's audit trail, in the store's transaction."""
        return audit.write(store, self.actor, action, now_ms(), **about)


def put(gate: Gate, writer: Writer, kind: str, id_: str, values: dict[str, Any], **place: Any) -> None:
    """Write through a gate; AccessError in words when it refuses, so that nothing of the transaction is kept."""
    row = gate.write(writer, kind, id_, values, **place)
    if row.refusal:
        raise AccessError("；".join([row.refusal.message, *(s for told in row.refusal.fields.values() for s in told)]))


# --- routes --------------------------------------------------------------------------------------------------------


def page(path: str, asks: Right | str) -> Callable[[View], View]:
    """A page: GET, and it changes nothing."""
    return _route(path, asks, "GET")


def act(path: str, asks: Right | str) -> Callable[[View], View]:
    """Something that is done: POST."""
    return _route(path, asks, "POST")


def _route(path: str, asks: Right | str, method: str) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        endpoint = view.__name__
        in_township = "<township>" in path
        if f"console.{endpoint}" in RULES:
            raise ValueError(f"two views are named {endpoint}")
        RULES[f"console.{endpoint}"] = Rule(asks, in_township)

        @functools.wraps(view)
        def run(**arguments: Any) -> Any:
            if asks == ANYONE:
                return view(**arguments)
            sight = present()
            if sight is None:
                return _to_sign_in()
            if sight.account.must_change and endpoint not in ("password", "change_password", "sign_out"):
                return go("console.password")
            who = g.visitor = Visitor(sight, service().database, now_ms())
            if in_township:
                who = g.visitor = _town(sight, arguments.pop("township"))
            if not who.may(asks):
                abort(403)
            return view(who, **arguments)

        blueprint.add_url_rule(path, endpoint, run, methods=[method])
        return view

    return wrap


def _town(sight: Sight, township: str) -> Town:
    if township not in sight.villages:
        abort(404)
    database = service().database
    with database.engine.connect() as connection:
        found = TownshipStore(database, connection, "").sql("SELECT name FROM area WHERE code = ?", township)
    return Town(sight, database, now_ms(), township, str(found[0][0]) if found else township)


# --- the session ---------------------------------------------------------------------------------------------------


def present() -> Sight | None:
    """Who is signed in; None when nobody is, or the session ended. Being here counts as use (the cookie says when).

    A page that asks by itself how far something is (`poll` in its URL) is no use: left open, it must not keep the session alive.
    """
    secret, seen = session.get("secret"), session.get("seen", 0)
    now = now_ms()
    if not isinstance(secret, str) or now - int(seen) > accounts.IDLE_MS:
        return None
    account = accounts.session_of(service().database, secret, now)
    if account is None:
        return None
    if "poll" not in request.args:
        session["seen"] = now
    return Sight.of(account)


def begin(secret: str) -> None:
    """Put a new session into the browser's cookie; nothing of the one before stays but the language."""
    language = session.get("language")
    session.clear()
    session["secret"], session["seen"] = secret, now_ms()
    if language:
        session["language"] = language


def _to_sign_in() -> AnyResponse:
    """To the sign-in page, and back afterwards. A part of a page that was asked for by script sends the whole page there."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_part() else ""
    target = url_for("console.sign_in_page") + (f"?{urlencode({'next': back})}" if back not in ("", "/") else "")
    if is_part():
        response = current_app.make_response("")
        response.headers["HX-Redirect"] = target
        return response
    return redirect(target)


def is_part() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def go(endpoint: str, **values: Any) -> AnyResponse:
    """To another page, after an act."""
    return redirect(url_for(endpoint, **values), 303)
