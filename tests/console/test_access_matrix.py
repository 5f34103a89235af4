"""Every route, every role, one's own and the others' townships, guessed ids: the answer is what the table (`matrix`) says, and who may
not changes nothing.

The cases are made from the URL map: a route without a row in the table fails here.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from server import access
from tests.console.browser import TOWN, Browser
from tests.console.matrix import (
    ARGUMENTS,
    HOLDS,
    KINDS_OF_RECORD,
    NOBODY,
    SHARED,
    SIGNED_IN,
    TABLE,
    Row,
    arguments,
    asked,
    in_township,
    names_a_record,
    rows,
    rules,
)
from tests.console.stocked import THIRD_TOWN, Place, Stocked, make_stocked

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

ROLES = [*SIGNED_IN, NOBODY]
NOT_THERE = "999999999"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CONSOLE = [rule for rule in rules() if rule.endpoint.startswith("console.")]
CASES = [(rule, method, row) for rule in CONSOLE for method in sorted(asked(rule)) for row in rows(rule.endpoint)]
IDS = [" ".join((method, rule.endpoint.removeprefix("console."), *row.fill.values())) for rule, method, row in CASES]
POSTS = [case for case in CASES if case[1] == "POST"]
POST_IDS = [name for name in IDS if name.startswith("POST")]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    office = make_stocked(tmp_path_factory.mktemp("matrix") / "office")
    patch = pytest.MonkeyPatch()
    patch.setattr(
        "server.jobs.spawn", lambda *_: None
    )  # what a child writes later would be taken for somebody else's doing
    browsers = {role: office.as_role(role) for role in ROLES}
    for browser in browsers.values():
        browser.kept = browser.token()
        browser.cookie = browser.client.get_cookie("ruhu").value
    office.browsers = browsers  # type: ignore[attr-defined]
    with office.database.read("") as store:
        office.stranger, _ = access.person_named(store, office.names["stranger"])  # type: ignore[attr-defined]
    office.keep()
    yield office
    office.close()
    patch.undo()


def browser_of(office: Stocked, role: str) -> Browser:
    found: Browser = office.browsers[role]  # type: ignore[attr-defined]
    return found


# --- the table and the map -----------------------------------------------------------------------------------------


def test_every_route_has_a_row() -> None:
    unknown = sorted({rule.endpoint for rule in rules()} - TABLE.keys())
    assert not unknown, f"say in TABLE of tests/console/matrix.py who may open: {', '.join(unknown)}"


def test_no_row_is_left_over() -> None:
    gone = sorted(TABLE.keys() - {rule.endpoint for rule in rules()})
    assert not gone, f"no route has this name any more, take it out of tests/console/matrix.py: {', '.join(gone)}"


def test_every_argument_of_a_path_is_known() -> None:
    for rule in rules():
        for row in rows(rule.endpoint):
            unknown = rule.arguments - ARGUMENTS.keys() - row.fill.keys() - row.names.keys() - {"kind"}
            assert not unknown, (
                f"say in ARGUMENTS of tests/console/matrix.py what {sorted(unknown)} of {rule.rule} names"
            )


def test_a_page_is_got_and_an_act_is_posted() -> None:
    for rule in CONSOLE:
        assert asked(rule) in ({"GET"}, {"POST"}), rule.rule


# --- asking --------------------------------------------------------------------------------------------------------


def ask(
    office: Stocked,
    role: str,
    rule: Rule,
    method: str,
    values: Mapping[str, str],
    form: Mapping[str, Any] | None = None,
    token: bool = True,
) -> TestResponse:
    adapter = office.app.url_map.bind("localhost")
    url = adapter.build(rule.endpoint, dict(values), method)
    browser = browser_of(office, role)
    data = {**(form or {}), **({"csrf_token": browser.kept} if token else {})}
    answer = browser.client.open(url, method=method, data=None if method == "GET" else data)
    browser.client.set_cookie("ruhu", browser.cookie)  # whoever signed out or chose a language comes back as he was
    return answer


class Asking:
    """One route asked in every way; what was not answered as it should be is collected."""

    def __init__(self, office: Stocked, rule: Rule, method: str, row: Row) -> None:
        self.office, self.rule, self.method, self.row = office, rule, method, row
        self.faults: list[str] = []
        self.count = 0

    def expect(
        self, wanted: str, role: str, why: str, values: Mapping[str, str] | None, place: Place, token: bool = True
    ) -> None:
        if values is None:
            return
        self.count += 1
        before, files = self.office.version(), self.office.looks()
        form = self.row.form(place)
        try:
            answer = ask(self.office, role, self.rule, self.method, values, form, token)
        except Exception as error:
            self.faults.append(f"{role or 'nobody'}, {why}: {type(error).__name__}: {error}")
            return
        changed = self.office.version() != before or self.office.looks() != files
        if not OUTCOMES[wanted](answer) and not (wanted == "well" and answer.status_code in self.row.also):
            where = answer.headers.get("Location", "")
            self.faults.append(f"{role or 'nobody'}, {why}: expected {wanted}, got {answer.status_code} {where}")
        if changed and (wanted != "well" or self.method == "GET"):
            self.faults.append(f"{role or 'nobody'}, {why}: something was changed")
        if changed:
            self.office.put_back()

    def ask_all(self) -> None:
        for role in ROLES:
            if in_township(self.rule):
                self._in_townships(role)
            else:
                wanted = "well" if role in self.row.may else "not yours" if role else "sign in"
                self.expect(wanted, role, "asking", arguments(self.rule, self.row, self.office.here), self.office.here)
                if names_a_record(self.rule, self.row):
                    self._guess(role)

    def _in_townships(self, role: str) -> None:
        office, rule, row = self.office, self.rule, self.row
        for place, why in (
            (office.here, "own village"),
            (office.there, "own township"),
            (office.away, "neighbouring township"),
        ):
            values = arguments(rule, row, place)
            self.expect(self._wanted(role, place), role, why, values, place)
        strange = (
            (NOT_THERE, "no such township"),
            (THIRD_TOWN, "a third township"),
            ("451422103001", "a village's code"),
            ("x", "nonsense"),
        )
        for town, why in strange if role in self.row.may else strange[1:2]:
            outside = "sign in" if role == NOBODY else "not found"
            self.expect(outside, role, why, arguments(rule, row, office.here, township=town), office.here)
        if names_a_record(rule, row):
            self._guess(role)
        if "kind" in rule.arguments and "kind" not in row.fill:
            self._every_kind(role)

    def _wanted(self, role: str, place: Place) -> str:
        if role == NOBODY:
            return "sign in"
        if place.township not in HOLDS[role]:
            return "not found"
        if role not in self.row.may:
            return "not found" if role in self.row.hidden else "not yours"
        mine = role != "village leader" or place is self.office.here
        named = [n for n in self.rule.arguments - self.row.fill.keys() - {"kind"} if self.row.word(n) not in SHARED]
        return "well" if mine or not named else "not found"

    def _guess(self, role: str) -> None:
        """An id of nothing, of another township, of another kind, and no id at all."""
        office, rule, row = self.office, self.rule, self.row
        home = office.away if role == "neighbour" else office.here
        far = office.here if role == "neighbour" else office.away
        wanted = "sign in" if role == NOBODY else "not found" if role in row.may | row.hidden else "not yours"
        for name in sorted(rule.arguments - row.fill.keys() - {"township", "kind"}):
            word = row.word(name)
            guesses = {
                "a random id": str(uuid.UUID(int=7, version=4)), "a neighbour's id": far.ids.get(word, ""), "no id": "nonsense",
                "another kind's id": home.ids["campaign" if word != "campaign" else "household"], "a hostile id": "' OR 1=1 --",
                "a long id": "a" * 3000, "a number": "0",
            }  # fmt: skip
            if (
                word == "person"
            ):  # the administrator keeps both townships, and gives grants in one to who works in the other
                guesses["a neighbour's id"] = office.stranger  # type: ignore[attr-defined]
            if word == "area_job":
                guesses["a neighbour's id"] = home.ids["job"]
            for why, guess in list(guesses.items())[: None if role in row.may | row.hidden else 1]:
                if guess:
                    self.expect(wanted, role, f"{why} for {name}", arguments(rule, row, home, **{name: guess}), home)

    def _every_kind(self, role: str) -> None:
        office = self.office
        place = office.away if role == "neighbour" else office.here
        for kind in KINDS_OF_RECORD if role in self.row.may else KINDS_OF_RECORD[:1]:
            values = arguments(self.rule, self.row, place, kind=kind, record=place.ids[kind])
            self.expect(self._wanted(role, place), role, f"a {kind}", values, place)
        bad = "sign in" if role == NOBODY else "not found" if role in self.row.may else "not yours"
        for kind in ("nothing", "user_account", "household' --"):
            self.expect(bad, role, f"the kind {kind}", arguments(self.rule, self.row, place, kind=kind), place)


def _signs_in(answer: TestResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")


OUTCOMES = {
    "well": lambda answer: answer.status_code in (200, 302, 303, 400, 409, 413, 422) and not _signs_in(answer),
    "sign in": _signs_in,
    "not yours": lambda answer: answer.status_code == 403,
    "not found": lambda answer: answer.status_code == 404,
    "stale": lambda answer: answer.status_code == 400,
}


@pytest.mark.parametrize(("rule", "method", "row"), CASES, ids=IDS)
def test_every_role_is_answered_as_the_table_says(office: Stocked, rule: Rule, method: str, row: Row) -> None:
    office.put_back()
    asking = Asking(office, rule, method, row)
    asking.ask_all()
    assert asking.count >= len(ROLES), f"the office has nothing to fill {rule.rule} with"
    assert not asking.faults, "\n".join(asking.faults)


@pytest.mark.parametrize(("rule", "method", "row"), POSTS, ids=POST_IDS)
def test_a_form_without_its_token_is_refused_whoever_sends_it(
    office: Stocked, rule: Rule, method: str, row: Row
) -> None:
    office.put_back()
    asking = Asking(office, rule, method, row)
    for role in ROLES:
        place = office.away if role == "neighbour" else office.here
        asking.expect("stale", role, "without a token", arguments(rule, row, place), place, token=False)
    other = browser_of(office, "leader").kept
    before = office.version()
    values = arguments(rule, row, office.here)
    if values is not None:
        url = office.app.url_map.bind("localhost").build(rule.endpoint, values, method)
        form = {**row.form(office.here), "csrf_token": other}
        assert browser_of(office, "desk").client.post(url, data=form).status_code == 400, "with somebody else's token"
    assert office.version() == before
    assert not asking.faults, "\n".join(asking.faults)


@pytest.mark.parametrize("rule", CONSOLE, ids=[f"{'/'.join(sorted(asked(rule)))} {rule.endpoint}" for rule in CONSOLE])
def test_no_route_answers_another_method(office: Stocked, rule: Rule) -> None:
    """What lies at the same path with another method has a row of its own."""
    office.put_back()
    (row, *_) = rows(rule.endpoint) or (Row(fill=dict.fromkeys(rule.arguments, "x")),)
    values = arguments(rule, row, office.here)
    assert values is not None, f"the office has nothing to fill {rule.rule} with"
    url = office.app.url_map.bind("localhost").build(rule.endpoint, values, next(iter(asked(rule))))
    adapter = office.app.url_map.bind("localhost")
    allowed = set(adapter.allowed_methods(url.partition("?")[0]))
    browser = browser_of(office, "desk")
    before = office.version()
    for method in METHODS:
        if method not in allowed:
            answer = browser.client.open(url, method=method, data={"csrf_token": browser.kept})
            assert answer.status_code == 405, (method, answer.status_code)
    assert browser.client.open(url, method="OPTIONS").status_code in (200, 405)
    if "GET" in allowed:
        assert browser.client.head(url).data == b""
    assert office.version() == before


# --- what phones talk to -------------------------------------------------------------------------------------------

API = [rule for rule in rules() if not rule.endpoint.startswith("console.") and rule.endpoint != "static"]


@pytest.mark.parametrize("rule", API, ids=[rule.endpoint for rule in API])
def test_the_doors_of_phones_open_by_token_alone(office: Stocked, rule: Rule) -> None:
    """A browser's session opens none of them; a token that is none, a revoked one and a read token are told apart."""
    office.put_back()
    (row,) = rows(rule.endpoint)
    (method,) = asked(rule) or set(rule.methods or ()) - {"OPTIONS"} or {"OPTIONS"}
    url = office.app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, row, office.here) or {}, method)
    client = browser_of(office, "desk").client
    override = {"X-HTTP-Method-Override": "DELETE"}  # for the one that asks in another's name
    before = office.version()
    if row.api == "token":
        for header in (
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": f"Bearer {TOWN}.nonsense"},
            {"Authorization": f"Basic {TOWN}"},
        ):
            answer = client.open(url, method=method, headers=header | override, json={})
            assert answer.status_code == 401, header
            assert method == "HEAD" or answer.json["code"] == "unknown_token"
    elif row.api == "code":
        assert client.post(url, json={"code": "x", "device": {"name": "", "platform": "", "app": ""}}).status_code in (
            400,
            410,
        )
    else:
        assert row.api == "open", f"say in tests/console/matrix.py how {rule.endpoint} is opened"
        assert client.open(url, method=method, json={}).status_code in (200, 204, 400)
    assert office.version() == before


def test_a_phone_of_one_village_reads_nothing_of_another(office: Stocked) -> None:
    client = office.app.test_client()
    bearer = {"Authorization": f"Bearer {office.here.ids['token']}"}
    own = client.get(f"/api/v1/records/household?village={office.here.village}", headers=bearer)
    assert own.status_code == 200
    for place in (office.there, office.away):
        assert client.get(f"/api/v1/records/household?village={place.village}", headers=bearer).status_code == 403


def test_a_session_cookie_that_somebody_made_up_opens_nothing(office: Stocked) -> None:
    client = office.app.test_client()
    client.set_cookie("ruhu", "eyJzZWNyZXQiOiJ4Iiwic2VlbiI6OTk5OTk5OTk5OTk5OX0.aaaaaa.bbbbbb")
    assert _signs_in(client.get(f"/t/{TOWN}/audit"))


def test_the_matrix_finds_a_door_left_open(office: Stocked) -> None:
    """Able to fail: the same asking with another expectation finds every role that is answered otherwise."""
    rule = next(rule for rule in rules() if rule.endpoint == "console.audit_trail")
    asking = Asking(office, rule, "GET", Row(frozenset({"leader"})))
    asking.ask_all()
    found = "\n".join(asking.faults)
    for role in ("desk", "leader", "county", "admin", "neighbour"):
        assert f"{role}, " in found
