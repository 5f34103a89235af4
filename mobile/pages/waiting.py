"""What is not sent yet, in words: each change with its record and the fields it says something about, oldest first.

Promises: every unsent change is listed. Leaves to others: sending it (`syncing`).
"""

from mobile.pages.blocks import Block, Item, LongList, View
from mobile.pages.page import Page
from mobile.pages.tabs import sync_blocks, sync_line
from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.sync.phone import Written


class WaitingPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("未上传的内容", "Not sent yet"),
        "empty": Label("全部已上传。", "All is sent."),
    }

    def view(self) -> View:
        rows = tuple(map(self._row, self.session.notebook.waiting()))
        blocks: list[Block] = [*sync_blocks(self), LongList(rows, self.say("empty"), self._opened, name="changes")]
        return View(self.say("title"), sync_line(self), tuple(blocks))

    def _row(self, written: Written) -> Item:
        kind = self.session.kinds.get(written.kind)
        what = self.word(kind.label) if kind else written.kind
        household = written.id if kind and kind.is_household else written.household
        said = "、".join(self._label(written, name) for name in written.set)
        line = self.joined(self.ago(milliseconds_of(written.stamp)), said)
        return Item(self.joined(what, self.session.name_of(household)), (line,), name=str(written.number))

    def _label(self, written: Written, name: str) -> str:
        kind = self.session.kinds.get(written.kind)
        field = kind.fields.get(name) if kind else None
        return self.word(field.label) if field else name

    def _opened(self, number: str) -> None:
        """The record a change is about, where there is a page to read it on."""
        written = next((one for one in self.session.notebook.waiting() if str(one.number) == number), None)
        if written is None:
            return
        kind = self.session.kinds.get(written.kind)
        if kind and kind.is_household:
            self.app.go("household", id=written.id)
        elif written.kind == "problem":
            self.app.go("problem", id=written.id)
        elif written.kind == "problem_step":
            step = self.session.notebook.get("problem_step", written.id).record.values
            self.app.go("problem", id=str(step.get("problem") or ""))
        elif kind and not kind.made_by_server:
            self.app.go("record", kind=written.kind, id=written.id, household=written.household or "")
        elif kind:
            self.app.go("conflict", id=written.id)


PAGE = WaitingPage
