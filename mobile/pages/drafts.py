"""What was begun and not saved: every draft on this phone, with the way back to it, also where its record is no longer here.

Promises: nothing that was typed is ever out of reach; giving up asks for a touch of its own and can be undone. Leaves to others: the pages
on which one goes on, the drafts of a visit that is still running (they stand on its own page).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mobile.drafts import Draft
from mobile.pages.blocks import Banner, Block, Button, Item, Paragraph, View
from mobile.pages.cleanups import target_of_draft, where_of
from mobile.pages.form import told
from mobile.pages.mend_one import DRAFT as MEND
from mobile.pages.new_problem import STEP
from mobile.pages.page import Page
from shared.fields import Label
from shared.kinds.problem_step import STEPS
from shared.record import Key

LONGEST = 60
"""Letters of a draft's words that are shown in a list."""


@dataclass(frozen=True)
class Begun:
    """One thing begun: the draft, what it is in words, and the page on which one goes on; no page where there is none any more."""

    draft: Draft
    title: str
    words: str
    page: str
    where: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"draft/{self.draft.kind}/{self.draft.id}"

    @property
    def keys(self) -> tuple[Key, ...]:
        """Its own draft, and of a new problem how it was solved."""
        own = Key(self.draft.kind, self.draft.id)
        return (own, Key(STEP, f"{self.draft.id}/fixed")) if self.page == "new_problem" else (own,)


class DraftsPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("没写完的内容", "Not finished"),
        "about": Label("这些都还在手机里，点一下接着写。", "All of it is still on this phone; touch one to go on."),
        "empty": Label("没有没写完的内容。", "There is nothing unfinished."),
        "not_here": Label("这一条已经不在手机里，接着写不了。", "What this belongs to is no longer on this phone."),
        "keep": Label("先留着", "Keep it"),
        "some": Label("{n} 处没写完", "{n} unfinished"),
        "one": Label("没写完：{what}", "Not finished: {what}"),
        "go_on": Label("接着写", "Go on"),
    }

    def view(self) -> View:
        found = begun(self)
        words = self.say("about") if found else self.say("empty")
        rows = [Item(one.title, (one.words,), on_tap=partial(self._opened, one), name=one.name) for one in found]
        return View(self.say("title"), blocks=(Paragraph(words, "quiet" if found else "good"), *rows))

    def _opened(self, one: Begun) -> None:
        if one.page:
            self.app.go(one.page, **one.where)
            return
        give_up = Button(self.say("give_up"), partial(self._give_up, one), "danger", name="give_up")
        keep = Button(self.say("keep"), style="primary", name="keep")
        self.app.screen.ask(one.title, f"{self.say('not_here')}\n{_words(self, one.draft)}", (keep, give_up))

    def _give_up(self, one: Begun) -> None:
        self.give_up_drafts(one.keys, self.redraw, self.redraw)


# --- for the pages that lead here -----------------------------------------------------------------------------------------


def begun(page: Page, household: str = "") -> list[Begun]:
    """Everything begun and not saved, of one household if given; what belongs to a running visit is left to that."""
    notebook = page.session.notebook
    running = {entry.id for entry in page.session.open_visits()}
    drafts = [notebook.draft(*key) for key in notebook.store.drafts() if key.id not in running]
    found = [_begun(page, draft) for draft in drafts if draft and not _beside_another(page, draft)]
    return [one for one in found if not household or household in (one.draft.household, one.draft.id)]


def begun_blocks(page: Page) -> list[Block]:
    """A line that leads to what was begun; none where there is nothing."""
    found, word = begun(page), DraftsPage.SAYS
    if not found:
        return []
    words = page.word(word["some"]).format(n=len(found))
    return [Banner(words, "brand", page.word(word["go_on"]), lambda: _go(page, "drafts"), name="drafts")]


def begun_here(page: Page, household: str) -> list[Block]:
    """What was begun about one household, each with its way back."""
    word = DraftsPage.SAYS
    return [
        Banner(
            page.word(word["one"]).format(what=page.joined(_kind(page, one.draft), one.words)),
            "brand",
            page.word(word["go_on"]),
            partial(_go, page, one.page, **one.where),
            name=one.name,
        )
        for one in begun(page, household)
        if one.page
    ]


def _begun(page: Page, draft: Draft) -> Begun:
    name, where = _way(page, draft)
    who = page.session.name_of(draft.id if draft.kind == page.session.kinds.household else draft.household)
    words = _words(page, draft)
    short = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
    return Begun(draft, page.joined(_kind(page, draft), who), short, name, where)


def _way(page: Page, draft: Draft) -> tuple[str, dict[str, str]]:
    """The page on which a draft goes on, and its place."""
    notebook, place = page.session.notebook, {"village": draft.village or "", "household": draft.household or ""}
    held = notebook.shown_or_none(draft.kind, draft.id)
    if draft.kind == MEND:
        known = any(str(mend.number) == draft.id for mend in notebook.mends())
        return ("mend_one", {"number": draft.id}) if known else ("", {})
    if draft.kind == STEP and "/" in draft.id:
        problem, _, step = draft.id.partition("/")
        known = any(one.entry.id == problem for one in page.session.problems()) and step in STEPS
        return ("step", {"problem": problem, "step": step}) if known else ("", {})
    if draft.kind == "problem" and held is None:
        return "new_problem", {"id": draft.id, "source": str(draft.values.get("source") or ""), **place}
    if draft.kind == "cleanup_check" and held is None:
        return "cleanup", {"id": draft.id, **where_of(target_of_draft(draft))}
    if draft.kind == "contact_visit" and held is None:
        link = str(draft.values.get("link") or "")
        if notebook.shown_or_none("party_link", link):
            return "contact", {"link": link, "id": draft.id}
    if draft.kind == "feedback":
        return "feedback", {"id": draft.id, **place}
    if draft.kind == "visit" and held is not None:
        return "visit", {"id": draft.id}
    return ("record", {"kind": draft.kind, "id": draft.id, **place}) if draft.kind in page.session.kinds else ("", {})


def _beside_another(page: Page, draft: Draft) -> bool:
    """Whether it is how a new problem was solved, which goes with the problem's own draft."""
    problem, notebook = draft.id.partition("/")[0], page.session.notebook
    if draft.kind != STEP or "/" not in draft.id or notebook.draft("problem", problem) is None:
        return False
    return notebook.shown_or_none("problem", problem) is None


def _kind(page: Page, draft: Draft) -> str:
    kind = page.session.kinds.get(draft.kind)
    step = draft.id.partition("/")[2] if draft.kind == STEP else ""
    if step in STEPS:
        return page.word(STEPS[step])
    return page.word(kind.label) if kind else page.word(DraftsPage.SAYS["title"])


def _words(page: Page, draft: Draft) -> str:
    """What was answered, in words: what was written by hand first."""
    kind = page.session.kinds.get(draft.kind)
    fields: Mapping[str, Any] = kind.fields if kind else {}
    said = [
        (name, told(page, fields.get(name), value))
        for name, value in draft.values.items()
        if value not in (None, "", [])
    ]
    said.sort(key=lambda one: getattr(fields.get(one[0]), "widget", "") != "text")
    return page.joined(*(text for _, text in said))


def _go(page: Page, name: str, **where: str) -> None:
    page.app.go(name, **where)


PAGE = DraftsPage
