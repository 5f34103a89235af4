"""Every page of the console in a real browser, wide and narrow: nothing goes wrong on it, nobody is kept from using it, and a keyboard reaches
everything.

The pages are those that links lead to from the start, one of each sort, for the desk and for the administrator, Chinese and English.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.rig import AXE, NARROW, TOWN, County, Visit, axe, by_keyboard, sideways
from tests.console.crawl import Crawl

PageAs = Callable[..., Visit]
MENU_AT_LEAST = 5


@dataclass
class Answer:
    """What `Crawl` wants to know of an answer."""

    status_code: int
    text: str
    content_type: str
    headers: dict[str, str]


class Fetching:
    """A browser's own requests, for `Crawl`: with its cookie, without drawing anything."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    def get(self, url: str, part: bool = False) -> Answer:
        headers = {"HX-Request": "true"} if part else {}
        answer = self.visit.context.request.get(self.visit.url + url, headers=headers, max_redirects=0)
        kind = answer.headers.get("content-type", "")
        location = answer.headers.get("location", "").removeprefix(self.visit.url)
        return Answer(
            answer.status, answer.text() if kind.startswith("text/html") else "", kind, {"Location": location}
        )


@pytest.fixture(scope="module")
def addresses() -> dict[str, list[str]]:
    """What `one_of_each` found, by role."""
    return {}


def one_of_each(visit: Visit, role: str, addresses: dict[str, list[str]]) -> list[str]:
    """An address of every sort of page that this role can come to; looked for once."""
    if role not in addresses:
        addresses[role] = _walk(visit)
    return addresses[role]


def _walk(visit: Visit) -> list[str]:
    found: dict[str, str] = {}
    for opened in Crawl(Fetching(visit), alike=1).walk("/"):  # type: ignore[arg-type]
        assert opened.status in (200, 204), f"{opened.status} {opened.url} (from {opened.found_on})"
        path = opened.url.partition("?")[0]
        sort = re.sub(r"[0-9a-f-]{36}|\d{9,}|(?<=/lists/)\w+|(?<=/records/)\w+|(?<=/reports/)\w+", "*", path)
        if opened.is_page and "<html" in opened.html and path != "/api/docs":
            found.setdefault(sort, opened.url)
    return list(found.values())


def test_the_axe_that_is_vendored_is_the_one_that_is_listed() -> None:
    listed = re.search(
        r"^\| axe.min.js \|.*\| ([0-9a-f]{64}) \|$", (AXE.parent / "README.md").read_text(), re.MULTILINE
    )
    assert listed
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == listed[1]
    assert (AXE.parent / "LICENSE").exists()
    assert Path(AXE.parent / "LICENSE-3RD-PARTY.txt").exists()


@pytest.mark.parametrize("role", ["desk", "admin"])
@pytest.mark.timeout(240)
def test_every_page_is_in_order_wide_and_narrow(page_as: PageAs, addresses: dict[str, list[str]], role: str) -> None:
    """No serious fault for those who cannot see or point, nothing to push sideways at 360 px, no error of script, no request that fails."""
    wide = page_as(role)
    pages = one_of_each(wide, role, addresses)
    assert len(pages) >= MENU_AT_LEAST
    faults = []
    for url in pages:
        wide.open(url)
        faults += axe(wide) + sideways(wide)
    narrow = page_as(role, NARROW)
    for url in pages:
        faults += sideways(narrow.open(url))
    faults += wide.faults + narrow.faults
    wide.faults, narrow.faults = [], []
    assert not faults, "\n".join(dict.fromkeys(faults))


def test_every_page_is_in_order_in_english(page_as: PageAs, addresses: dict[str, list[str]]) -> None:
    narrow = page_as("desk", NARROW, "en")
    faults = []
    for url in one_of_each(narrow, "desk", addresses):
        narrow.open(url)
        faults += sideways(narrow)
    faults += narrow.faults
    narrow.faults = []
    assert not faults, "\n".join(dict.fromkeys(faults))


@pytest.mark.timeout(240)
def test_the_tab_key_reaches_everything_and_shows_where_it_is(page_as: PageAs, addresses: dict[str, list[str]]) -> None:
    visit = page_as("desk")
    faults = []
    for url in one_of_each(visit, "desk", addresses):
        faults += by_keyboard(visit.open(url))
    assert not faults, "\n".join(faults)


def test_the_menu_opens_and_closes_by_keyboard_on_a_narrow_screen(page_as: PageAs) -> None:
    visit = page_as("desk", NARROW).open(f"/t/{TOWN}/audit")
    page = visit.page
    assert not page.locator("#menu a").first.is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#menu a").first.wait_for(state="visible")
    expect(page.locator("#menu")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#menu ul').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.locator("#menu a").first.wait_for(state="hidden")
    expect(page.locator("[aria-controls=menu]")).to_be_focused()


def test_whoever_skips_to_the_words_is_there(page_as: PageAs) -> None:
    page = page_as("desk").open(f"/t/{TOWN}/audit").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_page_that_is_not_there_says_so_in_words(page_as: PageAs) -> None:
    visit = page_as("desk")
    visit.expected |= {403, 404}
    for url in ("/t/999999999/", f"/t/{TOWN}/nothing"):
        visit.open(url)
        assert visit.says("没有这个页面或这条记录")
        assert not axe(visit) + sideways(visit)


def test_two_clerks_and_the_county_come_in_through_the_door(page_as: PageAs) -> None:
    for role in ("", "desk", "county"):
        visit = page_as(role).open("/sign-in" if not role else "/")
        assert not axe(visit) + sideways(visit)


def test_the_reader_of_faults_finds_them(page_as: PageAs, county: County) -> None:
    """Able to fail: a page that is broken on purpose is found to be."""
    visit = page_as("", NARROW).open("/sign-in")
    spoil: Any = """() => { document.querySelectorAll('label').forEach((l) => l.remove());
        const d = document.createElement('div'); d.className = 'spoilt'; d.textContent = 'x'.repeat(500); document.querySelector('main').append(d);
        document.querySelector('main form button').tabIndex = -1;
        const s = document.createElement('a'); s.href = '/'; s.setAttribute('tabindex', '-1'); s.textContent = 'y'; document.body.append(s); }"""
    visit.page.evaluate(spoil)
    assert any("label" in fault for fault in axe(visit))
    assert sideways(visit)
    visit.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.x = 1'; document.body.append(s); }"
    )
    with visit.page.expect_response("**/nothing"):
        visit.page.evaluate("() => { fetch('/nothing'); }")
    assert any("CSP" in fault for fault in visit.faults)
    assert any("404" in fault for fault in visit.faults)
    assert visit.page.evaluate("typeof window.x") == "undefined"
    visit.faults = []
