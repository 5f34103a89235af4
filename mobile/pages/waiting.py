"""What is not sent yet, in words: each change with its record and the fields it says something about, oldest first; photos behind them.

Promises: every unsent change and photo is listed, one that was refused first, with why and what to do. Leaves to others: sending (`syncing`,
`sending`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mobile.pages.blocks import Badge, Block, Item, LongList, View
from mobile.pages.page import Page
from mobile.pages.photo import size_of
from mobile.pages.photo_block import SAVE, deletable_of, state_of, stuck_line, unsent
from mobile.pages.tabs import sync_blocks, sync_line
from shared.fields import Label
from shared.hlc import milliseconds_of
from shared.sync.phone import Written

if TYPE_CHECKING:
    from mobile.photos import Photo

PHOTO = "photo/"


class WaitingPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("未上传的内容", "Not sent yet"),
        "empty": Label("全部已上传。", "All is sent."),
        "photo": Label("照片", "Photo"),
        "refused": Label("被退回", "Refused"),
        "again": Label("点开可以删除，重新拍一张。", "Open it to delete it and take another."),
    }

    def view(self) -> View:
        rows = [*map(self._row, self.session.notebook.waiting()), *map(self._photo, unsent(self))]
        blocks: list[Block] = [*sync_blocks(self), *stuck_line(self), *map(self._refused, unsent(self, "refused"))]
        blocks.append(LongList(tuple(rows), self.say("empty"), self._opened, name="changes"))
        return View(self.say("title"), sync_line(self), tuple(blocks))

    def _row(self, written: Written) -> Item:
        kind = self.session.kinds.get(written.kind)
        what = self.word(kind.label) if kind else written.kind
        household = written.id if kind and kind.is_household else written.household
        said = "、".join(self._label(written, name) for name in written.set)
        line = self.joined(self.ago(milliseconds_of(written.stamp)), said)
        return Item(self.joined(what, self.session.name_of(household)), (line,), name=str(written.number))

    def _photo(self, photo: Photo) -> Item:
        line = self.joined(self.ago(photo.taken_at), size_of(photo.bytes), state_of(self, photo)[0])
        return Item(self._title(photo), (line,), name=f"{PHOTO}{photo.id}")

    def _refused(self, photo: Photo) -> Item:
        deletable = photo.name in deletable_of(self.session, photo.kind, photo.record, photo.field)
        return Item(
            self._title(photo),
            (self.half(photo.why), self.say("again")) if deletable else (self.half(photo.why),),
            Badge(self.say("refused"), "bad"),
            on_tap=partial(self._photo_opened, photo.id),
            name=f"{PHOTO}{photo.id}",
        )

    def _title(self, photo: Photo) -> str:
        """A photo by its record: 照片 · 入户走访 · 覃秀英."""
        kind = self.session.kinds.get(photo.kind)
        what = self.word(kind.label) if kind else photo.kind
        return self.joined(self.say("photo"), what, self.session.name_of(self._household(photo)))

    def _household(self, photo: Photo) -> str:
        shown, draft = self.session.notebook.shown(photo.key), self.session.notebook.draft(*photo.key)
        return (shown.record.household if shown else draft.household if draft else photo.household) or ""

    def _photo_opened(self, id_: str) -> None:
        photo = self.session.photos.get(id_)
        where = {"kind": photo.kind, "id": photo.record, "field": photo.field, "photo": photo.name}
        self.app.go("photo", **where, household=self._household(photo), then=SAVE)

    def _label(self, written: Written, name: str) -> str:
        kind = self.session.kinds.get(written.kind)
        field = kind.fields.get(name) if kind else None
        return self.word(field.label) if field else name

    def _opened(self, number: str) -> None:
        """The record a change is about, where there is a page to read it on; a photo."""
        if number.startswith(PHOTO):
            self._photo_opened(number.removeprefix(PHOTO))
            return
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
