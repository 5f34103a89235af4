"""A picture of every page of the console, from the made-up county of 17 villages.

    python -m tests.browser.pictures FOLDER [WORD]    # only the pictures whose name holds WORD

`console-NN-….png`, 1280 px wide; some at 360 px, some in English. Promises: the same county every time; every page is opened by somebody
who may, signed in through the page. Leaves to others: looking at them.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.photographs import pages_with_photos
from tests.browser.rig import NARROW, TOWN, WIDE, County, Visit, come_in, launch, lay_out_county
from tests.demo import DATA

T = f"/t/{TOWN}"
TALLEST = 1800
"""Pixels of a page that a picture shows: a list's hundredth row looks like its tenth."""


class Album:
    """Pictures, numbered in the order they are taken."""

    def __init__(self, folder: Path, browser: Browser, county: County, word: str = "") -> None:
        self.folder, self.browser, self.county, self.word = folder, browser, county, word
        self.count = 0
        self._visits: dict[tuple[str, tuple[int, int], str], Visit] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def visit(self, role: str, size: tuple[int, int] = WIDE, language: str = "zh") -> Visit:
        key = (role, size, language)
        if key not in self._visits:
            self._visits[key] = come_in(self.browser, self.county, role, size, language)
        return self._visits[key]

    def take(
        self,
        name: str,
        path: str = "",
        role: str = "desk",
        size: tuple[int, int] = WIDE,
        language: str = "zh",
        wait: str = "",
    ) -> Visit:
        """Open a page (or stay where one is) and picture it, down to TALLEST."""
        self.count += 1
        visit = self.visit(role, size, language)
        if self.word and self.word not in name:
            return visit
        if path:
            visit.open(path)
        if wait:
            visit.page.locator(wait).first.wait_for(timeout=90_000)
        height = min(int(visit.page.evaluate("document.documentElement.scrollHeight")), TALLEST)
        clip: Any = {"x": 0, "y": 0, "width": size[0], "height": height}
        visit.page.screenshot(path=self.folder / f"console-{self.count:02d}-{name}.png", full_page=True, clip=clip)
        print(f"  console-{self.count:02d}-{name}.png", flush=True)
        return visit


def first(visit: Visit, path: str, pattern: str) -> str:
    """The first link on a page that is so."""
    html = visit.context.request.get(visit.url + path).text()
    found = re.search(rf'href="({pattern})"', html)
    assert found, (path, pattern)
    return found[1].replace("&amp;", "&")


def all_pages(album: Album) -> None:
    desk = album.visit("desk")
    month = "month=2018-10"
    chart = "[data-chart] svg"
    home = first(desk, f"{T}/households?q=wz", rf"{T}/households/[0-9a-f-]+")
    problem = first(desk, f"{T}/ledger?group=", rf"{T}/ledger/[0-9a-f-]{{36}}")
    conflict = first(desk, f"{T}/conflicts", rf"{T}/conflicts/[0-9a-f-]{{36}}")
    person = first(desk, f"{T}/people?role=party_member", rf"{T}/people/[0-9a-f-]{{36}}")
    link = first(desk, f"{T}/party-links", rf"{T}/party-links/[0-9a-f-]{{36}}")
    take = album.take
    take("sign-in", "/sign-in", role="")
    take("home", "/home", role="county")
    take("county", "/county", role="county")
    take("overview", f"{T}/?{month}", wait=chart)
    take("overview-of-a-village", f"{T}/?{month}&village={TOWN}201", wait=chart)
    take("reports", f"{T}/reports")
    for name in ("coverage", "contact", "cleanup", "problems"):
        take(f"report-{name}", f"{T}/reports/{name}?{month}")
    take("households", f"{T}/households")
    take("households-found", f"{T}/households?q=wz")
    take("households-not-found", f"{T}/households?q=没有这个人")
    take("household", home)
    take("household-to-print", f"{home}?print=1")
    take("history", home.replace("/households/", "/records/household/"))
    take("conflicts", f"{T}/conflicts")
    take("conflict", conflict)
    take("conflicts-alike", f"{T}/conflicts/same")
    take("ledger", f"{T}/ledger")
    take("ledger-all", f"{T}/ledger?group=")
    take("problem", problem)
    take("problem-new", f"{T}/ledger/new")
    take("ledger-to-print", f"{T}/ledger/print?group=")
    for show in ("short", "duplicates", "not_home"):
        take(f"review-{show.replace('_', '-')}", f"{T}/review?show={show}")
    take("lists", f"{T}/lists")
    take("list-members", f"{T}/lists/members")
    take("list-visits", f"{T}/lists/visits?{month}")
    take("export-ask", f"{T}/lists/members/ask")
    take("exports", f"{T}/exports")
    take("feedback", f"{T}/feedback")
    take("people", f"{T}/people")
    take("person", person)
    take("person-new", f"{T}/people/new")
    album.visit("desk").open(person)
    _an_invitation(album, person)
    take("phones", f"{T}/phones")
    take("party-links", f"{T}/party-links")
    take("party-link", link)
    take("party-link-new", f"{T}/party-links/new")
    take("hand-over", f"{home}/hand-over")
    take("audit", f"{T}/audit")
    take("accounts", "/people", role="admin")
    take("areas", "/areas", role="admin")
    take("password", "/password")
    album.visit("desk").expected |= {404}
    take("not-found", f"{T}/nothing")
    for name, path in (("overview", f"{T}/?{month}"), ("household", home), ("ledger", f"{T}/ledger?group="), ("problem", problem), ("conflict", conflict),
                       ("people", f"{T}/people"), ("lists", f"{T}/lists"), ("households", f"{T}/households?q=wz")):  # fmt: skip
        take(f"narrow-{name}", path, size=NARROW)
    narrow = album.visit("desk", NARROW).open(f"{T}/audit")
    narrow.page.get_by_role("button", name="菜单").click()
    take("narrow-menu", size=NARROW, wait="#menu.show")
    for name, path in (
        ("overview", f"{T}/?{month}"),
        ("household", home),
        ("problem", problem),
        ("conflict", conflict),
        ("review", f"{T}/review"),
        ("lists", f"{T}/lists"),
    ):
        take(f"en-{name}", path, language="en")
    _photographs(album)
    _a_roster(album)


def _photographs(album: Album) -> None:
    """Pages with pictures, wide, narrow and in English; what is asked for with photos, and what waits for a second person."""
    with album.county.read() as store:
        pages = pages_with_photos(store)
    for name, path in pages.items():
        album.take(f"photos-{name}", f"{T}/{path}")
        album.take(f"photos-narrow-{name}", f"{T}/{path}", size=NARROW)
    album.take("photos-en-check", f"{T}/{pages['check-before-and-after']}", language="en")
    album.take("photos-export-ask", f"{T}/lists/cleanup_checks/ask?pictures=1")


def _a_roster(album: Album) -> None:
    """The sample roster, dry run only. Its villages come with it, so this is the last picture."""
    album.county.office("areas", "import", str(DATA / "ningming_areas.csv"))
    visit = album.take("roster", f"{T}/roster")
    if album.word and album.word not in "roster-report":
        return
    visit.open(f"{T}/roster")
    visit.page.locator("input[type=file]").set_input_files(DATA / "roster_haiyuan.xlsx")
    with visit.page.expect_navigation():
        visit.page.locator("main form button").first.click()
    visit.page.get_by_role("button", name="确认导入").wait_for(timeout=90_000)
    album.take("roster-report")


def _an_invitation(album: Album, person: str) -> None:
    visit = album.visit("desk")
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name=re.compile("注册码|二维码|邀请")).first.click()
    album.take("invitation")


def main() -> int:
    folder, word = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    with (
        tempfile.TemporaryDirectory() as made,
        sync_playwright() as playwright,
        County(lay_out_county(Path(made) / "county")) as county,
    ):
        album = Album(folder, launch(playwright), county, word)
        all_pages(album)
        faults = [fault for visit in album._visits.values() for fault in visit.faults]
    for fault in faults:
        print(f"  ! {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
