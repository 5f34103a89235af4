"""What every page of the console shares: the frame, the menu, the language, and the words after an act.

Promises: Chinese unless the person asked for English, and both complete, since every sentence is said in both at once (`t("中文", "English")`);
nothing a person typed reaches a page unescaped. Leaves to others: what is on a page (its own module and template).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import flash, render_template, request, session, url_for
from markupsafe import Markup

from server.console.door import RULES, Town, Visitor, blueprint, is_part, service
from server.lists.listing import PAGE, BadFilterError, Column, Found, Listing, Query
from server.sight import ROLE_LABELS, Right
from server.words import EN, ZH, told, word
from shared.fields import Field, Label

MENU: list[tuple[str, Label, str]] = [
    ("console.overview", Label("总览", "Overview"), "overview"),
    ("console.households", Label("农户", "Households"), "households"),
    ("console.conflicts", Label("分歧", "Conflicts"), "conflicts"),
    ("console.ledger", Label("问题台账", "Ledger"), "ledger"),
    ("console.review", Label("待认定", "To review"), "review"),
    ("console.feedback", Label("意见投诉", "Feedback"), "feedback"),
    ("console.reports", Label("报表", "Reports"), "reports"),
    ("console.lists", Label("名单与导出", "Lists, exports"), "lists"),
    ("console.roster", Label("花名册", "Roster"), "roster"),
    ("console.people", Label("人员手机", "People, phones"), "people"),
    ("console.audit_trail", Label("操作记录", "Audit"), "audit"),
]
"""The menu of a township: endpoint, what it is called, and the section it stands for."""


def language() -> str:
    """The reader's language."""
    return EN if session.get("language") == EN else ZH


def t(chinese: str, english: str, **values: Any) -> str:
    """A sentence in the reader's language; `values` fill its braces, as plain text."""
    sentence = english if language() == EN else chinese
    return sentence.format(**values) if values else sentence


def say(label: Label | Mapping[str, str] | str) -> str:
    """A label in the reader's language."""
    return word(label, language())


def tell(chinese: str, english: str, tone: str = "success", undo: tuple[str, Mapping[str, str]] | None = None) -> None:
    """A sentence on the next page. `undo` is an act (URL, its fields) that takes it back, offered beside the sentence."""
    flash({"zh": chinese, "en": english, "undo": None if undo is None else [undo[0], dict(undo[1])]}, tone)  # type: ignore[arg-type]


def tell_error(error: Exception) -> None:
    """Why something could not be done; its message is Chinese / English."""
    text = str(error)
    tell(word(text, ZH), word(text, EN), "danger")


def shown(field: Field | None, value: Any) -> str:
    """A field's value in the reader's language."""
    return told(field, value, language())


def render(template: str, who: Visitor | None = None, section: str = "", **context: Any) -> str:
    """A page in the frame. A template `x.html` may be asked for in part: `part` names one of its blocks for htmx."""
    return render_template(
        f"console/{template}", who=who, town=who if isinstance(who, Town) else None, section=section,
        menu=_menu(who) if isinstance(who, Town) else [], **context,
    )  # fmt: skip


def _menu(town: Town) -> list[tuple[str, str, str]]:
    return [
        (url_for(endpoint, township=town.code), say(label), section)
        for endpoint, label, section in MENU
        if endpoint in RULES and town.may(RULES[endpoint].asks)
    ]


def listed(town: Town, listing: Listing, **more: Any) -> dict[str, Any]:
    """What the list templates need: rows of this page, filters as given, and where the pages before and after are.

    A filter that makes no sense gives no rows and a sentence.
    """
    arguments = {**request.args.to_dict(), **more}
    number = arguments.get("page", "1")
    offset = (max(1, int(number)) - 1) * PAGE if number.isascii() and number.isdigit() and len(number) < 8 else 0
    problem = ""
    try:
        given = listing.given(arguments)
        with town.read() as store:
            query = Query(town.database, store, town.sight, town.now, given, offset)
            found, places = listing.find(query), town.sight.places(store)
    except BadFilterError as error:
        given, found, problem, places = {}, Found([], 0), str(error), {}
    return {
        "listing": listing, "found": found, "given": given, "places": places, "offset": offset, "problem": problem,
        "page_number": offset // PAGE + 1, "pages": max(1, -(-found.total // PAGE)), "page_size": PAGE,
    }  # fmt: skip


def cell(column: Column, row: Mapping[str, Any], whole: bool = False) -> str:
    """A list's cell in the reader's language."""
    return column.shown(row, whole, language())


def page_url(number: int) -> str:
    """This list at another page, with the same filters."""
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'page': str(number)})}"


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    """What every template may say."""
    return {
        "t": t, "say": say, "shown": shown, "cell": cell, "page_url": page_url, "language": language(), "Right": Right,
        "role_labels": ROLE_LABELS, "server_name": service().config.server_name, "is_part": is_part(), "Markup": Markup,
    }  # fmt: skip
