"""What the township did not take: each with the reason, in words, and what was written.

Promises: refused words stay until their writer has mended them or given them up. Leaves to others: mending one (`mend_one`).
"""

from mobile.pages.blocks import Block, Item, Paragraph, View
from mobile.pages.form import told
from mobile.pages.page import Page
from shared.fields import Field, Label
from shared.sync.phone import Mend

REASONS = {
    "invalid": Label("有内容不合要求：改好再送一次。", "Some values cannot be kept: mend them and send again."),
    "forbidden": Label(
        "您现在不能写这一条：请乡镇办公室授权，或换有权的人来写；授权后可以再送一次。",
        "You may not write this now: ask the township desk for the right, or the person in charge; then send again.",
    ),
    "unknown_kind": Label(
        "乡镇的系统还不认识这种记录：等它升级后再送一次。",
        "The township's system does not know this kind yet: send again after its upgrade.",
    ),
    "too_large": Label("这一条太长：删短一些再送一次。", "This is too long: shorten it and send again."),
    "gone": Label(
        "这条记录已按规定清除，不能再写：需要的话请另写一条，再放弃这一条。",
        "The record was purged as the rules ask and takes no more words: write a new one if needed, then give this up.",
    ),
}
"""Each code of a refusal in words, with what to do next."""
OTHER = Label(
    "乡镇没有收下：可以再送一次，或联系乡镇办公室。",
    "The township did not take it: send again, or call its desk.",
)


class MendPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("被退回的内容", "Refused"),
        "empty": Label("没有被退回的内容。", "Nothing was refused."),
        "about": Label("这些内容都还在手机里。", "All of it is still on this phone."),
    }

    def view(self) -> View:
        mends = self.session.notebook.mends()
        words = self.say("about") if mends else self.say("empty")
        blocks: list[Block] = [Paragraph(words, "quiet" if mends else "good"), *map(self._row, mends)]
        return View(self.say("title"), blocks=tuple(blocks))

    def _row(self, mend: Mend) -> Item:
        lines = (
            reason_of(self, mend),
            *wrong_of(self, mend),
            *(f"{label}：{text}" for label, text in said_in(self, mend)),
        )
        return Item(
            title_of(self, mend), lines, tone="bad", on_tap=lambda: self._opened(mend), name=f"mend/{mend.number}"
        )

    def _opened(self, mend: Mend) -> None:
        self.app.go("mend_one", number=str(mend.number))


# --- a refused change in words -------------------------------------------------------------------------------------------


def title_of(page: Page, mend: Mend) -> str:
    """What sort of record it is, and whose household."""
    kind = page.session.kinds.get(mend.kind)
    household = mend.household or (mend.id if kind and kind.is_household else None)
    return page.joined(page.word(kind.label) if kind else mend.kind, page.session.name_of(household))


def reason_of(page: Page, mend: Mend) -> str:
    """Why it was refused, and what to do next."""
    return page.word(REASONS.get(mend.code, OTHER))


def wrong_of(page: Page, mend: Mend) -> list[str]:
    """What is wrong with each field, in the reader's language; else what the server said of the whole."""
    found = [f"{label_of(page, mend, name)}：{page.half(' '.join(why))}" for name, why in mend.fields.items()]
    return found or ([page.half(mend.message)] if mend.message and mend.code not in REASONS else [])


def said_in(page: Page, mend: Mend) -> list[tuple[str, str]]:
    """What was written: label and words."""
    return [
        (label_of(page, mend, name), told(page, field_of(page, mend, name), value)) for name, value in mend.set.items()
    ]


def label_of(page: Page, mend: Mend, name: str) -> str:
    field = field_of(page, mend, name)
    return page.word(field.label) if field else name


def field_of(page: Page, mend: Mend, name: str) -> Field | None:
    kind = page.session.kinds.get(mend.kind)
    return kind.fields.get(name) if kind else None


PAGE = MendPage
