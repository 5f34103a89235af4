"""One photo, large: when it was taken, how far it is on its way, and the touch that takes it off its record.

Promises: taking it off can be undone while the words about it stand; a photo that is not on this phone is told as such, never as lost.
Leaves to others: the picture and its way (`mobile.photos`, `mobile.sending`), drawing (`blocks.LargePhoto`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mobile.notebook import NoSuchRecord
from mobile.pages.blocks import Block, Button, Facts, LargePhoto, Paragraph, Picture, Tone, View
from mobile.pages.page import Page
from mobile.pages.photo_block import SAVE, part_of, save
from shared.fields import Label

if TYPE_CHECKING:
    from mobile.photos import Photo


class PhotoPage(Page):
    """`where`: kind, id (the record), field, photo (its name), village, household; then (as in `photo_block`)."""

    SAYS = {
        "title": Label("照片", "Photo"),
        "taken": Label("拍摄时间", "Taken"),
        "size": Label("大小", "Size"),
        "way": Label("上传", "Sending"),
        "here": Label("没上传。记录先传，照片随后自动传。", "Not sent. Records go first, photos follow by themselves."),
        "part": Label("已传 {part}，断了会接着传", "{part} sent; it goes on where it was cut"),
        "sent": Label("已到乡镇", "Held by the township"),
        "refused": Label("被退回：{why}", "Refused: {why}"),
        "again": Label("可以删除这一张，重新拍。", "You can delete this one and take another."),
        "missing": Label("这张照片不在这台手机上", "This photo is not on this phone"),
        "elsewhere": Label(
            "别人拍的照片在乡镇的电脑上看；自己拍的，上传一个月后手机里不再留。",
            "Photos by others are seen at the township's desk; your own leave the phone a month after they were sent.",
        ),
        "delete": Label("删除照片", "Delete the photo"),
        "deleted": Label("照片已从记录里删除", "The photo is off the record"),
    }

    def view(self) -> View:
        where, photos = self.where, self.session.photos
        kind = self.session.notebook.kind(where["kind"])
        names = self._names()
        if where["photo"] not in names:
            raise NoSuchRecord(f"photo {where['name'][:8]}")
        known = {photo.name: photo for photo in photos.of(kind.name, where["id"])}
        photo = known.get(where["photo"])
        picture = Picture(where["photo"], load=lambda: photos.open(where["photo"]))
        blocks: list[Block] = [LargePhoto(picture, self.say("missing"), name="photo"), *self._told(photo)]
        delete = Button(self.say("delete"), self.delete, "danger", name="delete")
        return View(
            self.word(kind.fields[where["field"]].label) or self.say("title"),
            self.joined(self.word(kind.label), self.session.name_of(where.get("household"))),
            tuple(blocks),
            bottom=(delete,),
        )

    def _names(self) -> list[Any]:
        """The photos of the field as they stand, what is not saved laid over."""
        kind, id_, field = (self.where[name] for name in ("kind", "id", "field"))
        shown, draft = self.session.notebook.shown_or_none(kind, id_), self.session.notebook.draft(kind, id_)
        values = {**(shown.record.values if shown else {}), **(draft.values if draft else {})}
        return list(values.get(field) or ())

    def _told(self, photo: Photo | None) -> list[Block]:
        if photo is None:
            return [Paragraph(self.say("elsewhere"), "quiet")]
        rows = [(self.say("taken"), self.moment(photo.taken_at)), (self.say("size"), size_of(photo.bytes))]
        words, tone = self._way(photo)
        blocks: list[Block] = [Facts((*rows, (self.say("way"), words)))]
        return [*blocks, Paragraph(self.say("again"), tone)] if photo.state == "refused" else blocks

    def _way(self, photo: Photo) -> tuple[str, Tone]:
        if photo.state == "refused":
            return self.say("refused", why=self.half(photo.why)), "warn"
        if photo.state == "sent":
            return self.say("sent"), "good"
        return (self.say("part", part=part_of(photo)) if photo.offset else self.say("here")), "quiet"

    # --- what one can do -------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Take the photo off its record, with a way back."""
        if self._change(self.session.photos.remove):
            self.app.done()
            self.app.screen.toast(self.say("deleted"), self.say("undo"), self._undo)

    def _undo(self) -> None:
        self._change(self.session.photos.restore)
        self.redraw()

    def _change(self, change: Any) -> bool:
        """Whether it was kept; a page that is no form saves it at once."""
        where = self.where
        place = where.get("village") or None, where.get("household") or None

        def work() -> bool:
            change(where["kind"], where["id"], where["field"], where["photo"], *place)
            return True

        done = bool(self.app.attempt(work))
        if done and where.get("then") == SAVE:
            save(self, where["kind"], where["id"])
        return done


def size_of(number: int) -> str:
    """Bytes of photos as a person reads them: 240 KB, 1.2 MB."""
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1e3))} KB"


PAGE = PhotoPage
