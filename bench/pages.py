"""A clerk's browser over real HTTP, and every sort of page it can come to.

Pages are found as a person finds them: by links, by parts that htmx asks for, by the filters of a form one at a time, and each list's last page.
Promises: GET alone, but for signing in; one page of each sort is kept (an endpoint, its list or kind, the names of its filters), with how long
the very first request of it took. Leaves to others: measuring them under load (`bench.console`).
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

MOST = 300
"""Sorts of pages that are looked for; those of the menu come first."""
_NOT_PAGES = ("console.sign_in_page", "console.docs", "console.start", "console.password")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_PAGES = re.compile(r"第 1 / (\d+) 页")
_CODE = re.compile(r"[a-z_]{2,20}")


@dataclass
class Sort:
    """One sort of page by an example. Times in ms, `cpu` the server's for one request right after a change, `size` in bytes; `mixed` are those under load, (time, whether figures were being made);
    `failed` counts answers other than a page."""

    name: str
    url: str
    part: bool
    first: float = 0.0
    size: int = 0
    cpu: float = 0.0
    changed: list[float] = field(default_factory=list)
    mixed: list[tuple[float, bool]] = field(default_factory=list)
    failed: int = 0


class Browser:
    """Signs in and opens pages; not for two threads."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._session = requests.Session()
        self._session.trust_env = False

    def sign_in(self, name: str, password: str) -> None:
        """Sign in with a password that was given, and choose another, as everybody must."""
        self._send("/sign-in", {"name": name, "password": password})
        chosen = f"{password}, changed"
        page = self._send("/password", {"old": password, "new": chosen, "again": chosen})
        if "/sign-in" in page.url or "/password" in page.url:
            raise RuntimeError(f"{name} could not sign in")

    def _send(self, path: str, form: dict[str, str]) -> requests.Response:
        token = _TOKEN.search(self._session.get(self._root + path, timeout=60).text)
        assert token, path
        return self._session.post(self._root + path, {**form, "csrf_token": token[1]}, timeout=60)

    def open(self, sort: Sort) -> tuple[float, requests.Response]:
        """How long a page took to come whole, ms, and what came."""
        headers = {"HX-Request": "true"} if sort.part else {}
        began = time.perf_counter()
        answer = self._session.get(self._root + sort.url, headers=headers, timeout=120, allow_redirects=False)
        took = (time.perf_counter() - began) * 1000
        sort.failed += answer.status_code >= 400
        return took, answer


class Walk:
    """Every sort of page there is, from those of the menu on. `texts` are words to search by; `failed` what did not open."""

    def __init__(self, app: Flask, township: str, browser: Browser, texts: dict[str, str], month: str) -> None:
        self._routes = app.url_map.bind("")
        self._rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        self._town = township
        self._browser = browser
        self._texts = texts
        self._month = month
        self._known: set[str] = set()
        self._waiting: list[Sort] = []
        self.failed: list[str] = []

    def go(self, most: int = MOST) -> list[Sort]:
        """All of them, or so many, each opened once."""
        found: list[Sort] = []
        for rule in self._rules:  # whatever names nothing but the township stands in some menu
            if not rule.arguments - {"township"}:
                self._add(rule.rule.replace("<township>", self._town))
        while self._waiting and len(found) < most:
            sort = self._waiting.pop(0)
            sort.first, answer = self._browser.open(sort)
            if answer.status_code in (301, 302, 303):
                self._add(urljoin(sort.url, answer.headers["Location"]))
            elif answer.status_code != 200:
                self.failed.append(f"{sort.url}: {answer.status_code}")
            else:
                sort.size = len(answer.content)
                found.append(sort)
                if answer.headers.get("Content-Type", "").startswith("text/html"):
                    self._follow(sort.url, answer.text)
        return found

    def unseen(self) -> list[str]:
        """The console's pages that nothing led to."""
        seen = {name.split(" ")[0] for name in self._known}
        pages = {r.endpoint.removeprefix("console.") for r in self._rules if r.endpoint.startswith("console.")}
        return sorted(pages - seen - {name.removeprefix("console.") for name in _NOT_PAGES})

    def _follow(self, url: str, html: str) -> None:
        leads = _Leads()
        leads.feed(html)
        for lead, part in leads.links:
            self._add(urljoin(url, lead), part)
        for form in leads.forms:
            for name, kind, choice in form.fields:
                for value in [choice] if kind == "choice" else self._values(kind):
                    query = urlencode(form.hidden | {name: value})
                    self._add(urljoin(url, f"{form.action or urlsplit(url).path}?{query}"), of="form")
        if last := _PAGES.search(html):
            joint = "&" if urlsplit(url).query else "?"
            self._add(f"{url}{joint}page={last[1]}", of="last page")

    def _values(self, kind: str) -> Iterator[str]:
        if kind == "month":
            yield self._month
        elif kind == "date":
            yield f"{self._month}-01"
        else:
            yield from self._texts.values()

    def _add(self, url: str, part: bool = False, of: str = "") -> None:
        """To be opened, unless one of its sort was. `of` says where it stood: in a form, or that it is a list's last page."""
        parts = urlsplit(url)
        if parts.netloc or parts.scheme or not parts.path.startswith("/"):
            return
        try:
            endpoint, arguments = self._routes.match(parts.path, "GET")
        except (HTTPException, RequestRedirect):
            return
        if not endpoint.startswith("console.") or endpoint in _NOT_PAGES:
            return
        if arguments.get("township", self._town) != self._town:
            return
        name = self._name(endpoint, arguments, parse_qsl(parts.query), part, of)
        if name not in self._known:
            self._known.add(name)
            self._waiting.append(Sort(name, f"{parts.path}?{parts.query}".rstrip("?"), part))

    def _name(
        self, endpoint: str, arguments: Mapping[str, Any], query: list[tuple[str, str]], part: bool, of: str
    ) -> str:
        """What sort it is: codes in links tell sorts apart, as tabs do; ids, days and numbers do not."""
        words = [endpoint.removeprefix("console."), *(str(arguments[n]) for n in ("name", "kind") if n in arguments)]
        called = {text: name for name, text in self._texts.items()}
        for name, value in sorted(query):
            if value in called:
                words.append(f"{name}={called[value]}")
            elif value and of != "form" and _CODE.fullmatch(value):
                words.append(f"{name}={value}")
            elif value:
                words.append(of if name == "page" and of else name)
        return " ".join(words) + (" (part)" if part else "")


@dataclass
class _Form:
    """A form that only looks. `fields` are (name, sort, a choice of it)."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    fields: list[tuple[str, str, str]] = field(default_factory=list)


class _Leads(HTMLParser):
    """Where a page leads: links and parts (whether it is one), forms that only look."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        name, kind = have.get("name", ""), have.get("type", "text")
        if tag == "a" and "href" in have and "download" not in have:
            self.links.append((have["href"], False))
        if "hx-get" in have:
            self.links.append((have["hx-get"], True))
        if tag == "form" and have.get("method", "get").lower() == "get":
            self._form = _Form(have.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and have.get("value"):
            self._form.fields.append((self._select, "choice", have["value"]))
            self._select = ""  # one choice of each menu
        elif tag == "input" and kind == "hidden":
            self._form.hidden[name] = have.get("value", "")
        elif tag == "input" and name and kind in ("text", "search", "month", "date"):
            self._form.fields.append((name, kind, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
