"""Sixty script-injection texts in every text field of every kind, in names of people, phones and villages, in reasons and filters: every page
shows them as text, and in a real browser none runs.

Two looks at the same office: read strictly (`leaf`), page by page, and opened in Debian's Chromium, which tells of any dialog, any script
error, anything that the Content-Security-Policy had to stop, and of `window.hacked`.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from server import access
from server.service import now_ms
from server.store import TownshipStore
from shared.fields import is_plain
from shared.kinds import KINDS
from shared.moments import iso
from tests.browser.rig import WIDE, Visit, context_of, launch, why_not
from tests.console.browser import TOWN
from tests.console.crawl import Crawl, Opened
from tests.console.hostile import HOSTILE, fitting
from tests.console.leaf import Leaf
from tests.console.stocked import Filler, Place, Stocked, make_stocked

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

READ, OPENED = 3, 3
"""So many pages of one pattern are read and are opened in the real browser; a list and its second page hold all sixty texts."""


class Sixty:
    """Writes each text wherever text can be written."""

    def __init__(self, office: Stocked) -> None:
        self.office = office
        self.order = 0
        self.filler = Filler(office, self.word)

    def word(self, kind: str, name: str, length: int) -> str:
        return fitting(self.order, length)

    def homes(self, place: Place) -> None:
        """A household for each text, with one of everything."""
        for self.order in range(len(HOSTILE)):
            home = self.filler.add(place, "household", {}, phone=None, household_no=f"H-{self.order}")
            member = self.filler.add(place, "member", {}, home, identity=None, disability_cert=None)
            problem = self.filler.add(place, "problem", {}, home)
            links = {
                "visit.respondent": member,
                "problem": problem,
                "problem_step.problem": problem,
                "visit.campaign": place.ids["campaign"],
            }
            start = now_ms() - 2 * 86_400_000
            short = {
                "started_at": iso(start),
                "ended_at": iso(start + 600_000),
                "pauses": [],
                "started_mono": 1.0,
                "ended_mono": 601.0,
            }
            self.filler.add(place, "visit", links, home, mode="home", **short)
            self.filler.add(place, "visit", links, home, mode="not_home", **short)
            link = self.filler.add(place, "party_link", {}, home, from_date="2018-09-01", to_date=None)
            self.filler.add(place, "contact_visit", links | {"contact_visit.link": link}, home)
            self.filler.add(
                place, "problem_step", links, home, step="reported", at=iso(start), tier=None, due_date=None
            )
            self.filler.add(place, "cleanup_check", {}, home, target="household")
            self.filler.add(place, "feedback", {})

    def newer(self, place: Place) -> None:
        """What a newer app may bring: codes and fields that nobody here knows."""
        for self.order in range(0, len(HOSTILE), 4):
            code = fitting(self.order, 64)
            for kind in ("household", "member", "visit", "problem", "cleanup_check", "feedback"):
                values: dict[str, Any] = {
                    name: code for name, f in KINDS[kind].fields.items() if f.type_name == "choice"
                }
                values |= {name: [code] for name, f in KINDS[kind].fields.items() if f.type_name == "choices"}
                values |= {
                    code: {code: [code]},
                    KINDS[kind].title: self.filler.value(KINDS[kind], KINDS[kind].title, {}),
                }
                values.pop("short_review", None)
                values.pop("left_reason", None)
                home = place.ids["household"] if kind != "household" else None
                self.office.write(kind, values, place.village, home, township=place.township)

    def people(self, place: Place) -> None:
        database = self.office.database
        for self.order in range(len(HOSTILE)):
            name = fitting(self.order, 100)
            with database.read("") as store:
                if store.sql("SELECT 1 FROM user_account WHERE name = ?", name):
                    continue
            access.add_user(database, name, ["cadre"], [f"village:{place.village}"], now_ms())
            code = access.make_code(database, name, place.township, now_ms())
            about = {part: fitting(self.order, 40) for part in ("name", "platform", "app")}
            access.enrol(database, code, about, now_ms())

    def places(self) -> None:
        with self.office.database.transaction() as connection:
            store = TownshipStore(self.office.database, connection, "")
            codes = [code for (code,) in store.sql("SELECT code FROM area WHERE parent = ? ORDER BY code", TOWN)]
            for self.order, code in enumerate([TOWN, *codes]):
                store.sql("UPDATE area SET name = ? WHERE code = ?", fitting(self.order * 3, 60), code)

    def disagreements(self, place: Place) -> None:
        """Each text against another in a conflict that waits."""
        with self.office.database.read(place.township) as store:
            homes = [id_ for (id_,) in store.sql(
                "SELECT id FROM kind_household WHERE township = ? AND household_no LIKE 'H-%' ORDER BY length(household_no), household_no",
                place.township,
            )]  # fmt: skip
        for self.order, home in enumerate(homes):
            other = fitting(self.order + 7, 64)
            self.filler.phone_writes(
                place, "household", home, {"categories": [other], "remark": fitting(self.order + 3, 900), "hamlet": "x"}
            )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """The office after somebody has written all sixty everywhere."""
    made = make_stocked(
        tmp_path_factory.mktemp("hostile") / "office",
        words=lambda kind, name, length: fitting(len(kind + name), length),
    )
    sixty = Sixty(made)
    sixty.places()
    sixty.filler.at_once(made.here, lambda: sixty.homes(made.here))
    sixty.newer(made.here)
    sixty.people(made.here)
    sixty.filler._numbers[made.here.ids["token"]] = 3  # the phone has written before (`stocked`)
    sixty.disagreements(made.here)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pages(office: Stocked) -> dict[str, Opened]:
    """Every sort of page, as the desk and the administrator open them."""
    found: dict[str, Opened] = {}
    for role, alike in (("desk", READ), ("admin", 1)):
        for opened in Crawl(office.as_role(role), alike=alike).walk("/"):
            if opened.is_page and "/api/docs" not in opened.url:
                found.setdefault(f"{role} {opened.url}", opened)
    return found


def test_a_text_that_cannot_be_kept_everywhere_is_refused() -> None:
    assert all(is_plain(text) for text in HOSTILE)
    assert not is_plain("a\x00b")
    assert KINDS["household"].errors({"remark": "a\x00b"})


def test_every_page_opens(pages: dict[str, Opened]) -> None:
    assert not [
        f"{opened.status} {opened.url} (from {opened.found_on})" for opened in pages.values() if opened.status != 200
    ]


def test_no_page_takes_a_text_for_more_than_text(pages: dict[str, Opened]) -> None:
    """Nothing of a page runs, loads or leads outside, and no element was ended that somebody else began."""
    faults = [f"{opened.url}: {fault}" for opened in pages.values() for fault in Leaf(opened.html).faults()]
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:40])


def test_every_text_is_shown_as_it_was_written(pages: dict[str, Opened]) -> None:
    """Escaped, not taken out: whoever reads the page reads what was written."""
    read = [" ".join(("".join(text for text, _ in Leaf(opened.html).texts)).split()) for opened in pages.values()]
    missing = [text for text in HOSTILE if not any(" ".join(text.split())[:60] in page for page in read)]
    assert not missing, missing


def test_a_hostile_filter_is_shown_in_its_field_and_nowhere_else(office: Stocked) -> None:
    browser = office.as_role("desk")
    lists = {
        opened.url.partition("?")[0] for opened in Crawl(browser, alike=1).walk("/") if Leaf(opened.html).forms("get")
    }
    for url in sorted(lists):
        leaf = Leaf(browser.page(url))
        names = {tag["name"] for form in leaf.forms("get") for tag in leaf.inputs(form) if tag["name"]}
        for text in HOSTILE[::6]:
            answer = browser.client.get(url, query_string=dict.fromkeys(names, text))
            assert answer.status_code in (200, 400, 404, 422), (url, answer.status_code)
            assert not Leaf(answer.text).faults(), (url, text, Leaf(answer.text).faults())


@pytest.mark.browser
def test_in_a_real_browser_none_of_them_runs(office: Stocked, pages: dict[str, Opened]) -> None:
    missing = why_not()
    if missing.startswith("needs root"):
        pytest.skip(missing)
    assert not missing, missing
    server = make_server("127.0.0.1", 0, office.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    faults: list[str] = []
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            for role in ("desk", "admin"):
                cookie = office.as_role(role).client.get_cookie("ruhu")
                assert cookie
                context = context_of(browser, WIDE)
                context.add_cookies([{"name": "ruhu", "value": cookie.value, "domain": "127.0.0.1", "path": "/"}])
                visit = Visit(context.new_page(), f"http://127.0.0.1:{server.server_port}", context)
                faults += open_all(visit, some_of_each(pages, role))
                context.close()
    finally:
        server.shutdown()
    assert not faults, "\n".join(faults[:40])


def open_all(visit: Visit, urls: list[str]) -> list[str]:
    """Open each; what ran, asked, was stopped or led away."""
    faults: list[str] = []
    visit.page.on("dialog", lambda dialog: (faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    for url in urls:
        visit.open(url)
        if visit.page.evaluate("typeof window.hacked") != "undefined":
            faults.append(f"{url}: text number {visit.page.evaluate('window.hacked')} ran")
        if visit.page.url.partition("?")[0] != visit.url + url.partition("?")[0]:
            faults.append(f"{url}: it led to {visit.page.url}")
    return faults + visit.faults


def some_of_each(pages: dict[str, Opened], role: str) -> list[str]:
    """Addresses that a role opened: OPENED of each pattern, spread over all there are."""
    patterns: dict[str, list[str]] = {}
    for opened in [one for key, one in pages.items() if key.startswith(f"{role} ")]:
        pattern = "/".join(
            "*" if any(c.isdigit() for c in part) else part for part in opened.url.partition("?")[0].split("/")
        )
        patterns.setdefault(pattern, []).append(opened.url)
    return [url for urls in patterns.values() for url in urls[:: max(1, len(urls) // OPENED)][:OPENED]]


def test_the_browser_tells_of_a_text_that_runs() -> None:
    """Able to fail: served without our headers and unescaped, texts do run, and the page that opens them says which."""
    if why_not():
        pytest.skip("needs root: Debian's chromium")
    app = Flask("bad")
    app.add_url_rule("/", "bad", lambda: HOSTILE[0] + HOSTILE[4])
    server = make_server("127.0.0.1", 0, app)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            context = context_of(launch(playwright), WIDE)
            visit = Visit(context.new_page(), f"http://127.0.0.1:{server.server_port}", context)
            assert any("ran" in fault for fault in open_all(visit, ["/"]))
            context.close()
    finally:
        server.shutdown()
