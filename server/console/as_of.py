"""Figures over the township on a page: which are asked for, as of when they are, and the part of the page that asks again until they are there.

A page shows what there is at once (`server.reading.figures`); while newer ones are on their way its part asks for itself every so often, gets an empty
answer until something has changed, and stops asking then. Promises: figures of the villages a visitor may see, and of no others; a filter that
makes no sense is answered with a sentence. Leaves to others: what is made of the figures (`overview`, `reports`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import request, url_for
from jinja2 import Undefined

from server.console.door import Town
from server.lists.listing import MONTH, VILLAGE, BadFilterError, Filter
from server.lists.people import UNSEEN
from server.reading.figures import Look, figures_of
from server.reports.report import Places
from server.store import TownshipStore
from server.words import NONE, moment
from shared.fields import Label
from shared.moments import day_of, iso


def number(value: Any) -> str:
    """A figure as it is read; a dash where there is none."""
    if value is None or isinstance(value, Undefined):
        return NONE
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


WORDS: dict[str, Any] = {"number": number, "moment": lambda at: moment(iso(at))}
"""What the templates of figures say things with."""
FIRST_MONTH = "2014-01"
"""There were no visits before: asking further back would only keep the machine busy."""
POLL = "poll"
"""The argument by which a part says what it shows; the door takes a request with it for no use of the session."""
SOON, GENTLY = 1, 4
"""Seconds between two questions: while there is nothing to see yet, and while there are older figures to look at."""
UNSEEN_DAYS = "7"
DAYS = replace(UNSEEN, label=Label("手机多久没来", "Phones not seen for"))


@dataclass(frozen=True)
class Asked:
    """What a URL asks for. `given` are the filters as the form shows them; `problem` a sentence when they make no sense."""

    filters: Sequence[Filter]
    given: Mapping[str, str]
    names: Mapping[str, str]
    places: Places
    problem: str = ""
    this_month: str = ""

    blank: ClassVar[Mapping[str, Label]] = {
        "campaign": Label("最近一次", "The latest"),
        "village": Label("全部", "All"),
    }
    """What a filter that is left blank is called."""

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def narrowed(self) -> bool:
        """Whether anything but the usual is asked for."""
        return self.given != {name: text for name, text in self._usual.items() if name in self.given}

    @property
    def _usual(self) -> Mapping[str, str]:
        return {"month": self.this_month, "unseen": UNSEEN_DAYS}


def ask(town: Town, store: TownshipStore, wanted: Sequence[str]) -> Asked:
    """Read the filters of these names from the URL: campaign, month, village, unseen. It is this month and UNSEEN_DAYS unless it says otherwise."""
    offered = {
        "campaign": Filter("campaign", Label("活动", "Campaign"), "choice", campaigns_of(store)),
        "month": MONTH, "village": VILLAGE, "unseen": DAYS,
    }  # fmt: skip
    filters = [offered[name] for name in wanted]
    month, names = day_of(town.now)[:7], town.sight.places(store)
    usual = {"month": month, "unseen": UNSEEN_DAYS}
    given = {name: request.args.get(name, "").strip() or usual.get(name, "") for name in wanted}
    given = {name: text for name, text in given.items() if text}
    wrong = [one for one in filters if one.name in given and not _makes_sense(one, given[one.name], month, names)]
    if wrong:
        given = {name: text for name, text in given.items() if name not in {one.name for one in wrong}}
        return Asked(filters, given, names, Places({}, False), str(BadFilterError(wrong[0].label)), month)
    village = given.get("village", "")
    whole = town.sight.is_whole(town.code) and not village
    return Asked(filters, given, names, Places(town.sight.places(store, village), whole), "", month)


def is_month(text: str, this_month: str) -> bool:
    """Whether there can be figures of it."""
    return MONTH.takes(text) and FIRST_MONTH <= text <= this_month


def _makes_sense(one: Filter, text: str, this_month: str, names: Mapping[str, str]) -> bool:
    if not one.takes(text):
        return False
    if one.name == "month":
        return is_month(text, this_month)
    return one.name != "village" or text in names  # another's village and none at all are answered alike


def campaigns_of(store: TownshipStore) -> dict[str, Label]:
    """The township's campaigns by id, the latest first."""
    found = sorted(
        store.entries("campaign", ("name", "starts_on")),
        key=lambda one: (str(one.values.get("starts_on") or ""), one.id), reverse=True,
    )  # fmt: skip
    return {one.id: Label(*[str(one.values.get("name") or one.id)] * 2) for one in found}


def look(town: Town, store: TownshipStore, asked: Asked) -> Look:
    """The figures that are asked for, as far as they are there."""
    return figures_of(town.database, town.code).look(store, town.now, asked["month"], asked["campaign"])


@dataclass(frozen=True)
class Poll:
    """Whether and how a part asks for itself again. `shown` is what it shows now."""

    every: int
    url: str
    shown: str

    @property
    def unchanged(self) -> bool:
        """Whether the part that asks shows all there is: then the answer is empty, and it asks again."""
        return bool(self.every) and request.args.get(POLL) == self.shown


def poll(looks: Sequence[Look]) -> Poll:
    """How the part that shows these asks again: not when all is as new as can be, nor when that failed; once newer figures came, no more."""
    shown = "-".join(str(one.made_at) for one in looks)
    before = request.args.get(POLL, "")
    waits = any(one.coming for one in looks) and (before in ("", shown) or any(one.figures is None for one in looks))
    every = (SOON if any(one.figures is None for one in looks) else GENTLY) if waits else 0
    arguments: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), POLL: shown}
    assert request.endpoint
    return Poll(every, url_for(request.endpoint, **arguments), shown)
