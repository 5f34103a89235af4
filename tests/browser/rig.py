"""A real browser at a real server: the made-up county of 17 villages, people who sign in through the page, and what every page is held to.

`County` is the server's process over a folder; `Visit` is one page of Debian's Chromium that remembers whatever went wrong: an error on the
console, a request that failed, a question nobody asked for, something that the Content-Security-Policy stopped. Promises: nothing outside
this computer can be reached. Leaves to others: the stories (`test_*`), pictures (`pictures`).
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from server import access, accounts
from server.app import create_app
from server.config import Config
from server.demo import make_county
from server.service import Service, now_ms
from server.store import TownshipStore
from server.upkeep.upgrade import upgrade
from shared.sync.gate import Gate
from shared.sync.wire import Sent
from tests.browser.photographs import put_photos
from tests.demo import Office

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"

TOWN, SECOND_TOWN = "451422103", "451422101"
VILLAGE = f"{TOWN}201"
WIDE, NARROW = (1280, 800), (360, 740)
PASSWORD = "河边老榕树下乘凉吃粥"
PEOPLE = {
    "desk": ("周桌员", ["desk"], [f"township:{TOWN}"]),
    "second desk": ("吴桌员", ["desk"], [f"township:{TOWN}"]),
    "leader": ("郑领导", ["leader"], [f"township:{TOWN}"]),
    "village leader": ("王村长", ["leader"], [f"village:{VILLAGE}"]),
    "county": ("冯县员", ["county"], [f"township:{TOWN}", f"township:{SECOND_TOWN}"]),
    "admin": ("陈管理", ["admin"], [f"township:{TOWN}", f"township:{SECOND_TOWN}"]),
    "cadre": ("褚干部", ["cadre"], [f"village:{VILLAGE}"]),
    "second cadre": ("卫队员", ["cadre"], [f"village:{VILLAGE}"]),
}
"""Role to name, roles and grants: beside those whom the county was made with."""


def why_not() -> str:
    """Why there can be no browser here; empty when there can. Not root: nobody could have installed it (skip). Root: a fault (fail)."""
    if Path(CHROMIUM).exists():
        return ""
    return "needs root: Debian's chromium" if os.geteuid() else f"{CHROMIUM} is missing: apt-get install chromium"


def lay_out_county(folder: Path, villages: int = 17, households: int = 60) -> Path:
    """Make the county, and people who sign in to the console with PASSWORD; returns the folder."""
    with _set_up(folder) as service:
        make_county(service.database, villages=villages, households=households, seed=1)
        _people(service)
        _disagree(service)
        put_photos(service, TOWN)
    return folder


@contextlib.contextmanager
def _set_up(folder: Path) -> Iterator[Service]:
    app = create_app(Config.at(folder / "server"))
    upgrade(app)
    service: Service = app.extensions["ruhu"]
    yield service
    service.database.engine.dispose()


def _people(service: Service) -> None:
    for name, roles, grants in PEOPLE.values():
        access.add_user(service.database, name, roles, grants, now_ms())
    hashed = accounts._HASHER.hash(PASSWORD)  # once for all: it is slow on purpose
    with service.database.transaction() as connection:
        store = TownshipStore(service.database, connection, "")
        store.sql(
            "UPDATE user_account SET password_hash = ? WHERE name IN ??",
            hashed,
            [name for name, _, _ in PEOPLE.values()],
        )


def _disagree(service: Service) -> None:
    """Two phones wrote about the same households without seeing each other: three categories (two of them alike) and one remark."""
    database, now = service.database, now_ms()
    with database.read(TOWN) as store:
        homes = [
            h
            for (h,) in store.sql(
                "SELECT id FROM kind_household WHERE township = ? AND village = ? ORDER BY id LIMIT 3", TOWN, VILLAGE
            )
        ]
    for order, (role, category) in enumerate((("cadre", "key"), ("second cadre", "disabled"))):
        code = access.make_code(database, PEOPLE[role][0], TOWN, now)
        phone = access.enrol(
            database, code, {"name": f"{PEOPLE[role][0]}的手机", "platform": "android", "app": "0.1.0"}, now
        )
        changes = [{"categories": [category]}] * 3 + [
            {"remark": f"{PEOPLE[role][0]}：屋顶{'漏雨' if order else '已修好'}，老人身体稳定"}
        ]

        def work(
            store: TownshipStore,
            phone: access.Enrolled = phone,
            changes: list[dict[str, Any]] = changes,
            order: int = order,
        ) -> None:
            gate = Gate(database.kinds, store, now_ms)
            writer = access.caller_of(store, phone.token, now).writer()
            sent = [
                Sent(
                    n,
                    f"{now - 5000 + order * 1000 + n:012x}-0000-{phone.device}",
                    "household",
                    homes[(n - 1) % 3],
                    VILLAGE,
                    None,
                    dict(set_),
                )
                for n, set_ in enumerate(changes, 1)
            ]
            assert not gate.admit(sent, writer).refused
            gate.close()

        database.write(TOWN, work)


class County:
    """The server's process over a folder of its own, and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = Office(folder)
        self.cookies: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.office.port}"

    @classmethod
    def copy_of(cls, made: Path, folder: Path) -> "County":
        shutil.copytree(made, folder)
        return cls(folder)

    def __enter__(self) -> "County":
        self.office.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.office.kill()

    @contextlib.contextmanager
    def read(self, township: str = TOWN) -> Iterator[TownshipStore]:
        """What the server's database holds now."""
        service: Service = create_app(Config.at(self.folder / "server")).extensions["ruhu"]
        with service.database.read(township) as store:
            yield store
        service.database.engine.dispose()


# --- the browser ---------------------------------------------------------------------------------------------------


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


_TELL = """
document.addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
"""


@dataclass
class Visit:
    """A page of the browser, and what went wrong on it so far. `expected` are answers (status) that are no fault."""

    page: Page
    url: str
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self._note(f"console: {m.text}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on("requestfailed", lambda r: self._failed(r.url, r.failure or ""))
        self.page.on("response", lambda r: self._answered(r.url, r.status))

    def _note(self, fault: str) -> None:
        if not any(f"status of {status}" in fault for status in self.expected):
            self.faults.append(f"{self.page.url}: {fault}")

    def _failed(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # a page that was left before all of it was there
            self._note(f"request failed: {url} {why}")

    def _answered(self, url: str, status: int) -> None:
        if status >= 400 and status not in self.expected:
            self._note(f"{status} for {url}")

    def open(self, path: str) -> "Visit":
        self.page.goto(path if path.startswith("http") else self.url + path, wait_until="load")
        return self

    def press(self, name: str, role: str = "button", **which: Any) -> "Visit":
        """Press what is called so, and wait for the page that comes."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, **which).first.click()  # type: ignore[arg-type]
        return self

    def says(self, text: str) -> bool:
        return text in self.page.locator("body").inner_text()

    def told(self) -> str:
        """The sentence after an act."""
        return self.page.locator("#messages").inner_text()

    def close(self) -> None:
        """The end of the visit: nothing may have gone wrong on the way."""
        faults = list(self.faults)
        self.context.close()
        assert not faults, "\n".join(faults)


def context_of(browser: Browser, size: tuple[int, int], state: Any = None) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        storage_state=state,
        accept_downloads=True,
    )
    context.add_init_script(_TELL)
    context.set_default_timeout(60_000)  # a busy machine is no fault of the page
    return context


def sign_in(visit: Visit, name: str, password: str = PASSWORD) -> None:
    """Through the page, as a person does."""
    visit.open("/sign-in")
    visit.page.fill("[name=name]", name)
    visit.page.fill("[name=password]", password)
    with visit.page.expect_navigation():
        visit.page.locator("main form button").click()


def come_in(browser: Browser, county: County, role: str, size: tuple[int, int] = WIDE, language: str = "zh") -> Visit:
    """Somebody of this role, signed in; nobody for ''. The first time through the page, then with the cookie that came of it."""
    key = f"{role} {language}"
    context = context_of(browser, size, county.cookies.get(key))
    visit = Visit(context.new_page(), county.url, context)
    if key not in county.cookies:
        if role:
            sign_in(visit, PEOPLE[role][0])
            assert "/sign-in" not in visit.page.url, visit.told()
        if language == "en":
            visit.open("/sign-in" if not role else "/password").press("English")
        county.cookies[key] = context.storage_state()
    return visit


# --- what every page is held to ------------------------------------------------------------------------------------


def axe(visit: Visit) -> list[str]:
    """Serious and critical violations, each with where it stands."""
    visit.page.evaluate(AXE.read_text())
    found = visit.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)")
    return [
        f"{visit.page.url}: axe {one['id']} ({one['impact']}): {one['help']}: {node['target']} {node['html'][:120]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def sideways(visit: Visit) -> list[str]:
    """Whether the page has to be pushed sideways to be read."""
    wide, there = visit.page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    if wide <= there:
        return []
    who = visit.page.evaluate(
        """(there) => [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > there + 1
           && !e.closest('.table-responsive')).slice(0, 3).map((e) => e.outerHTML.slice(0, 120))""",
        there,
    )
    return [f"{visit.page.url}: {wide} px wide on a screen of {there}: {who}"]


_INTERACTIVE = """() => {
  const shown = (e) => e.checkVisibility({checkOpacity: false, checkVisibilityCSS: true}) && !e.closest('[inert]') && !e.disabled;
  const groups = new Set();
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter(shown).filter((e) => e.tabIndex >= 0).filter((e) => {
      if (e.type !== 'radio') return true;
      const key = e.name; if (groups.has(key)) return false; groups.add(key); return true;
    }).map((e, i) => { e.dataset.order = i; return e.type === 'radio' ? 'radio ' + e.name : String(i); });
}"""
_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e);
  const seen = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return [e.type === 'radio' ? 'radio ' + e.name : (e.dataset.order ?? ''), seen, e.outerHTML.slice(0, 120)];
}"""


def by_keyboard(visit: Visit) -> list[str]:
    """What the Tab key does not reach, and what does not show that it was reached."""
    page = visit.page
    page.evaluate(
        "document.querySelectorAll('tbody tr:nth-child(n+4), main ul > li:nth-child(n+4)').forEach((e) => e.remove())"
    )  # rows are alike
    wanted = list(page.evaluate(_INTERACTIVE))
    page.evaluate("document.activeElement?.blur()")
    reached: dict[str, str] = {}
    shows: dict[str, bool] = {}
    left = 0
    for _ in range(2 * len(wanted) + 12):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found is None:  # past the end: the next one is the first
            left += 1
            if left > 1 or reached.keys() >= set(wanted):
                break
            continue
        order, seen, html = found
        reached[order] = html
        shows[order] = shows.get(order, False) or seen  # a date has places of its own inside
    unseen = [reached[order] for order, seen in shows.items() if not seen]
    missed = sorted(set(wanted) - reached.keys())
    names = [
        page.evaluate("(o) => document.querySelector(`[data-order='${o}']`)?.outerHTML.slice(0, 120)", one)
        for one in missed[:5]
    ]
    faults = [f"{page.url}: Tab does not reach {name}" for name in names]
    return faults + [f"{page.url}: focus does not show on {html}" for html in dict.fromkeys(unseen[:3])]
