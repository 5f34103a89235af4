"""Whose turn it is: the photos that wait, as the lane asks for them, and what the township says of each.

Promises: a photo's turn comes when the township knows a record that names it, and not while the person is about to remove it; a server
that was set back is offered again what is still here. Leaves to others: asking (`sending`), what names a photo (`photo_rows`).
"""

from collections.abc import Iterable
from dataclasses import replace

from mobile.photo_rows import HERE, REFUSED, SENT, Photo, PhotoRows, names

SENT_UNDER = "photos_epoch"
"""The fact that holds the server's identity under which all sent photos were taken."""


class PhotoQueue(PhotoRows):
    """The waiting photos of one profile."""

    def next_to_send(self, besides: Iterable[str] = ()) -> Photo | None:
        """The photo whose turn it is: the oldest one begun, else the oldest, of those whose record names them at the township too."""
        self._offer_again()
        skipped = set(besides)
        ready = [photo for photo in self._those(HERE) if photo.id not in skipped and self._may_go(photo)]
        return min(ready, key=lambda photo: (not photo.url, photo.id), default=None)

    def _may_go(self, photo: Photo) -> bool:
        kind = self.notebook.kinds.get(photo.kind)
        if kind is None:
            return False
        copy = self._store.copy(photo.key)
        if copy is None:  # it left the phone after it was sent
            return self._was_acknowledged(kind, photo)
        at_township = names(kind, copy.record.values, photo.name)
        return at_township and names(kind, self._wanted(photo.kind, photo.record), photo.name)

    def to_withdraw(self, besides: Iterable[str] = ()) -> Photo | None:
        """A photo of which the township has a part and that nothing names any more; `withdrawn` follows."""
        skipped = set(besides)
        begun = [photo for photo in self._those(HERE) if photo.url and photo.id not in skipped]
        return next((photo for photo in begun if not self.is_wanted(photo)), None)

    def withdrawn(self, id: str) -> None:
        """The township forgot its part. The photo itself stays until the sweep."""
        self.progress(id, "", 0)

    def progress(self, id: str, url: str, offset: int) -> None:
        """The township has so many bytes of it, under this upload; empty for none."""
        self._change(id, url=url, offset=offset)

    def once_more(self, id: str) -> None:
        """Its bytes arrived damaged: from the beginning, this once."""
        self._change(id, url="", offset=0, again=True)

    def arrived(self, id: str) -> None:
        """The township has it whole."""
        self._change(id, state=SENT, sent_at=self.notebook.doors.now(), why="")
        self._files.mark(id, sent=True)

    def refused(self, id: str, why: str) -> None:
        """The township will never take it."""
        self._change(id, state=REFUSED, why=why, url="", offset=0)

    def _offer_again(self) -> None:
        """A server that was set back may not have what it had: what is still here is offered once more, and costs nothing where it is held."""
        epoch, under = self._store.fact("epoch"), self._store.fact(SENT_UNDER)
        if epoch == under:
            return
        offered = [photo for photo in self._those(SENT) if self._files.has(photo.id)] if under is not None else []

        for photo in offered:  # first, for a kill in between: a locked profile must never say less than what waits
            self._files.mark(photo.id, sent=False)

        def work() -> None:
            for photo in offered:
                self._put(replace(photo, state=HERE, url="", offset=0, sent_at=None, again=False))
            self._store.set_fact(SENT_UNDER, epoch)

        self._store.together(work)
