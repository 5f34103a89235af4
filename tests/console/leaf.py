"""A page read as a strict reader would: its outline, its links and forms, and what is wrong with it.

Promises: standard library only; `faults` is a list of sentences, empty for a page that keeps the console's rules (one h1, a language, a
title, no script or style in the page, a token in every form that changes something, a name for every input, no address outside).
Leaves to others: fetching pages (`crawl`), and what a browser alone can judge (`tests/browser`).
"""

import itertools
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
ADDRESSES = ("href", "src", "action", "hx-get", "hx-post", "formaction")
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass
class Tag:
    """An element as it was written."""

    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""
    within: list["Tag"] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


class Leaf(HTMLParser):
    """One page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[Tag] = []
        self.texts: list[tuple[str, Tag | None]] = []
        self._open: list[Tag] = []
        self.untidy: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [key for key, _ in attributes]
        if len(names) != len(set(names)):
            self.untidy.append(f"<{name}> says an attribute twice")
        inside = tuple(tag.name for tag in self._open)
        tag = Tag(name, {key: value or "" for key, value in attributes}, inside, within=list(self._open))
        self.tags.append(tag)
        if name not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(name, attributes)
        if name not in VOID:
            self.handle_endtag(name)

    def handle_endtag(self, name: str) -> None:
        if name in VOID:
            return
        if not any(tag.name == name for tag in self._open):
            self.untidy.append(f"</{name}> ends nothing")
            return
        while (tag := self._open.pop()).name != name:
            if tag.name not in ("li", "p", "tr", "td", "th", "option", "dt", "dd", "thead", "tbody"):
                self.untidy.append(f"<{tag.name}> is not ended before </{name}>")

    def handle_data(self, data: str) -> None:
        self.texts.append((data, self._open[-1] if self._open else None))
        for tag in self._open:
            tag.text += data

    def all(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    # --- where it leads --------------------------------------------------------------------------------------------

    def links(self) -> list[str]:
        """What can be opened from here by GET."""
        found = [tag["href"] for tag in self.all("a")]
        return [one for one in found + [tag["hx-get"] for tag in self.tags] if one]

    def forms(self, method: str) -> list[Tag]:
        return [tag for tag in self.all("form") if (tag["method"] or "get").lower() == method]

    def inputs(self, form: Tag) -> list[Tag]:
        return [t for t in self.tags if t.name in ("input", "select", "textarea", "button") and form in t.within]

    def options(self, select: Tag) -> list[str]:
        return [tag["value"] for tag in self.all("option") if select in tag.within]

    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """Elements and their attributes' names, whatever anybody wrote."""
        return [(tag.name, tuple(sorted(tag.attributes))) for tag in self.tags]

    # --- what is wrong ---------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        whole = bool(self.all("html"))
        return [
            *self.untidy,
            *(self._frame() if whole else []),
            *self._script(),
            *self._addresses(),
            *self._forms(),
            *self._names(),
            *self._tables(),
        ]

    def _frame(self) -> list[str]:
        faults = []
        if len(self.all("h1")) != 1:
            faults.append(f"{len(self.all('h1'))} h1")
        if not self.all("html")[0]["lang"]:
            faults.append("no language")
        if not self.all("title") or not self.all("title")[0].text.split("·")[0].strip():
            faults.append("no title")
        levels = [int(tag.name[1]) for tag in self.tags if re.fullmatch("h[1-6]", tag.name)]
        for before, after in itertools.pairwise(levels):
            if after > before + 1:
                faults.append(f"a heading of level {after} follows one of level {before}")
        ids = [tag["id"] for tag in self.tags if tag["id"]]
        faults += [f"the id {id_} stands twice" for id_ in sorted({i for i in ids if ids.count(i) > 1})]
        return faults

    def _script(self) -> list[str]:
        faults = [f"an inline <{tag.name}>" for tag in self.tags if tag.name in ("script", "style") and not tag["src"]]
        for tag in self.tags:
            faults += [
                f"<{tag.name} {name}=…> is script or style in the page"
                for name in tag.attributes
                if name.startswith(("on", "hx-on")) or name == "style"
            ]
        return faults

    def _addresses(self) -> list[str]:
        faults = []
        for tag in self.tags:
            for name in ADDRESSES:
                parts = urlsplit(tag[name])
                if parts.scheme not in ("", "data") or parts.netloc:
                    faults.append(f"<{tag.name} {name}> leads outside: {tag[name][:60]}")
                if parts.scheme == "data" and tag.name != "img":
                    faults.append(f"<{tag.name} {name}> is a data: address")
        return faults

    def _forms(self) -> list[str]:
        faults = []
        for form in self.forms("post"):
            if "csrf_token" not in [tag["name"] for tag in self.inputs(form)]:
                faults.append(f"the form to {form['action']} carries no token")
            if not [t for t in self.inputs(form) if t.name == "button" or t["type"] == "submit"]:
                own = [t for t in self.tags if t["form"] and t["form"] == form["id"]]
                if not own and [t for t in self.inputs(form) if not _unseen(t)]:
                    faults.append(f"the form to {form['action']} has no button")
        return faults

    def _names(self) -> list[str]:
        """Whatever is filled in, pressed or followed has a name to be called by."""
        labels = {tag["for"]: tag.text.strip() for tag in self.all("label")}
        faults = []
        for tag in self.tags:
            said = (tag["aria-label"] or tag["aria-labelledby"] or tag["title"]).strip()
            if tag.name in ("input", "select", "textarea") and not _unseen(tag):
                around = [one for one in tag.within if one.name == "label" and one.text.strip()]
                if not (said or labels.get(tag["id"]) or around):
                    faults.append(f"<{tag.name} name={tag['name']!r}> has no label")
            pictured = any(tag in one.within and one["alt"] for one in self.all("img")) if tag.name == "a" else False
            if tag.name in ("button", "a") and not (said or tag.text.strip() or pictured):
                faults.append(f"<{tag.name} {tag['href']}{tag['name']}> says nothing")
            if tag.name == "img" and "alt" not in tag.attributes:
                faults.append(f"<img {tag['src'][:40]}> has no alt")
        return faults

    def _tables(self) -> list[str]:
        return [f"<th>{tag.text.strip()[:20]} has no scope" for tag in self.all("th") if not tag["scope"]]

    # --- language --------------------------------------------------------------------------------------------------

    def chinese(self) -> list[str]:
        """Chinese words, but for those that say they are (the button that changes the language)."""
        found = []
        for text, tag in self.texts:
            chain = [*tag.within, tag] if tag else []
            if _is_chinese(text) and not any(one["lang"].startswith("zh") and one.name != "html" for one in chain):
                found.append(text.strip()[:60])
        for tag in self.tags:
            for name in ("aria-label", "title", "placeholder", "alt", "data-confirm", "value", "content"):
                if _is_chinese(tag[name]) and not tag["lang"].startswith("zh"):
                    found.append(f"{name}={tag[name][:60]}")
        return found

    def english(self) -> list[str]:
        """Sentences and words that stand in English only, on a Chinese page; codes, numbers and names of formats do not count."""
        found = []
        for text, tag in self.texts:
            chain = [*tag.within, tag] if tag else []
            quoted = any(one.name in ("code", "script", "style", "pre") or one["lang"] == "en" for one in chain)
            plain = " ".join(text.split())
            if not quoted and re.fullmatch(r"[A-Z][a-z]+( [a-z]+)*[.:?…]?", plain):
                found.append(plain[:60])
        return found


def _unseen(tag: Tag) -> bool:
    return tag["type"] in ("hidden", "submit", "button") or tag["aria-hidden"] == "true" or "hidden" in tag.attributes


def _is_chinese(text: str) -> bool:
    """Whether a text is in Chinese, or in both languages at once; an English sentence may quote the headings of a Chinese sheet."""
    return (
        len(HAN.findall(text)) > len(re.findall("[A-Za-z]", text))
        or re.search(r"[\u3400-\u9fff] / [A-Za-z]", text) is not None
    )
