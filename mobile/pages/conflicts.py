"""Where others wrote something else than this person: a list, newest first.

Promises: whoever's value was replaced learns of it here, whatever became of it; what was not looked at is marked. Leaves to others: the two
values side by side (`conflict`), who is part of a disagreement (`notebook`).
"""

from mobile.notebook import Disagreement
from mobile.pages.blocks import Badge, Block, Item, LongList, Paragraph, Tone, View
from mobile.pages.page import Page
from shared.fields import Label

TONES: dict[str, Tone] = {"quiet": "plain", "open": "warn", "seen": "plain", "decided": "good"}


class ConflictsPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("与别人写的不一样", "What others wrote otherwise"),
        "about": Label(
            "两个人没有互相看到，写了同一项。两句话都留着；需要时由乡镇裁定。",
            "Two people wrote the same field without seeing each other. Both words are kept; the township decides where needed.",
        ),
        "empty": Label("没有与别人不一样的内容。", "Nobody wrote otherwise."),
        "new": Label("没看过", "New"),
        "quiet": Label("后写的先用着", "The later word stands for now"),
        "open": Label("等乡镇裁定", "Waits for the township"),
        "seen": Label("后写的人看过", "The later writer had seen it"),
        "decided": Label("已裁定", "Decided"),
    }

    def view(self) -> View:
        unseen = {one.shown.record.id for one in self.session.unseen_conflicts()}
        rows = tuple(self._row(one, one.shown.record.id in unseen) for one in self.session.conflicts())
        blocks: tuple[Block, ...] = (
            Paragraph(self.say("about"), "quiet"),
            LongList(rows, self.say("empty"), self._opened, name="conflicts"),
        )
        return View(self.say("title"), blocks=blocks)

    def _row(self, one: Disagreement, unseen: bool) -> Item:
        status = status_of(self, one)
        badge = Badge(self.say("new"), "brand") if unseen else None
        tone = TONES.get(one.status, "plain")
        return Item(
            title_of(self, one), (self.joined(place_of(self, one), status),), badge, tone, name=one.shown.record.id
        )

    def _opened(self, id_: str) -> None:
        self.app.go("conflict", id=id_)


# --- a disagreement in a few words ---------------------------------------------------------------------------------------


def title_of(page: Page, one: Disagreement) -> str:
    """What it is about: the kind and the field."""
    kind = page.session.kinds.get(one.about)
    field = kind.fields.get(one.field) if kind else None
    return page.joined(page.word(kind.label) if kind else one.about, page.word(field.label) if field else one.field)


def place_of(page: Page, one: Disagreement) -> str:
    """Whose household it is at; that it is the village's where there is none."""
    household = one.shown.record.household
    return page.session.name_of(household) or page.say("unnamed") if household else page.say("village")


def status_of(page: Page, one: Disagreement) -> str:
    """What became of it, in words; a status of a later server as it is."""
    return page.word(ConflictsPage.SAYS[one.status]) if one.status in TONES else one.status


PAGE = ConflictsPage
