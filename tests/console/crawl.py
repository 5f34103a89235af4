"""Opens whatever can be opened from a page, as far as links, parts and filters lead.

Promises: GET alone; of pages that differ only in ids and values a few are opened, not all; with `filters` the choices of every menu of a
filter are tried, and odd words in every field. Leaves to others: what is to be found on a page (`leaf`, the tests).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.console.browser import Browser
from tests.console.leaf import Leaf

ALIKE = 2
"""So many pages of one pattern are opened."""
CHOICES = 12
"""So many choices of one menu are tried."""
_ID = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{12}")


@dataclass(frozen=True)
class Opened:
    """What came of one address."""

    url: str
    status: int
    html: str
    content_type: str
    found_on: str

    @property
    def is_page(self) -> bool:
        return self.content_type.startswith("text/html")


@dataclass
class Crawl:
    """A walk through the pages of one browser."""

    browser: Browser
    alike: int = ALIKE
    filters: bool = False
    _seen: set[tuple[str, bool]] = field(default_factory=set)
    _patterns: Counter[str] = field(default_factory=Counter)
    _tried: set[str] = field(default_factory=set)
    _waiting: list[tuple[str, str, bool]] = field(default_factory=list)

    def walk(self, *starts: str) -> Iterator[Opened]:
        for start in starts:
            self._wait("/", start)
        while self._waiting:
            url, found_on, part = self._waiting.pop(0)
            answer = self.browser.get(url, part=part)
            opened = Opened(url, answer.status_code, "", answer.content_type, found_on)
            if answer.status_code in (301, 302, 303) and not part:
                self._wait(url, answer.headers["Location"])
                continue
            if opened.is_page:
                opened = Opened(url, answer.status_code, answer.text, answer.content_type, found_on)
                self._follow(url, Leaf(answer.text))
            yield opened

    def _follow(self, url: str, leaf: Leaf) -> None:
        for tag in leaf.tags:
            for name, part in (("href", False), ("hx-get", True)):
                if tag[name] and (name != "href" or tag.name == "a"):
                    self._wait(url, tag[name], part)
        for form in leaf.forms("get") if self.filters else ():
            self._wait_for_choices(url, leaf, form)

    def _wait_for_choices(self, url: str, leaf: Leaf, form: object) -> None:
        """A filter with each choice of each menu, and with a word that nobody wrote."""
        tags = leaf.inputs(form)  # type: ignore[arg-type]
        action = form["action"] or urlsplit(url).path  # type: ignore[index]
        if action in self._tried:
            return
        self._tried.add(action)
        kept = {tag["name"]: tag["value"] for tag in tags if tag["type"] == "hidden" and tag["name"]}
        for tag in tags:
            if tag.name == "select":
                for value in leaf.options(tag)[:CHOICES]:
                    self._wait(url, f"{action}?{urlencode(kept | {tag['name']: value})}", once=True)
            elif tag.name == "input" and tag["type"] in ("search", "text", "date", "month", "number"):
                odd = {"date": "2018-02-31", "month": "2018-13", "number": "x"}.get(tag["type"], "zz'\"<&%_!")
                for word in (odd, {"date": "2018-10-10", "month": "2018-10", "number": "7"}.get(tag["type"], "w")):
                    self._wait(url, f"{action}?{urlencode(kept | {tag['name']: word})}", once=True)

    def _wait(self, base: str, link: str, part: bool = False, once: bool = False) -> None:
        url = urljoin(base, link).partition("#")[0]
        parts = urlsplit(url)
        if parts.netloc or parts.scheme or parts.path.startswith("/static/") or (url, part) in self._seen:
            return
        told = sorted(name for name, value in parse_qsl(parts.query) if value)
        pattern = f"{_ID.sub('*', parts.path)} {told} {part}"
        if not once and self._patterns[pattern] >= self.alike:
            return
        self._patterns[pattern] += not once
        self._seen.add((url, part))
        self._waiting.append((url, base, part))
