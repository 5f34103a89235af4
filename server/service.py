"""The township's half of a sync, end to end: read, admit, commit, answer.

The order is the promise: decode outside the transaction, lock the township, admit, commit, and only then build the reply, so nothing
is ever acknowledged that is not on disk. Knows no HTTP; `api.sync` hands it bytes-turned-request and a caller.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect

from server.access import Caller, note_seen
from server.config import GUARD_BYTES, Config
from server.photos.folder_store import FolderStore
from server.photos.store import PhotoStore
from server.photos.uploads import Uploads
from server.store import Database, TownshipStore
from shared.grants import Grant
from shared.kind import Registry
from shared.moments import iso
from shared.sync.answer import Page, Reader
from shared.sync.digest import digest_of, record_hash
from shared.sync.gate import Admitted, Gate
from shared.sync.wire import PROTOCOL, Request, RequestError

DIGEST_PAGE = 1000
PHOTOS = "photos"
"""The folder in the instance's."""


def now_ms() -> int:
    """The server's wall clock, ms since 1970: the one place it is read."""
    return time.time_ns() // 1_000_000


class DiskFullError(RequestError):
    """Too little room to take changes safely."""

    status, code = 507, "disk_full"


def disk_full() -> DiskFullError:
    """What to say to whoever sends while there is no room."""
    return DiskFullError(
        "服务器磁盘将满，请联系管理员；内容仍在手机里。 / The server's disk is nearly full; your words stay on the phone."
    )


@dataclass
class Service:
    """One server: its database, its kinds, its identity."""

    database: Database
    kinds: Registry
    config: Config
    photos: PhotoStore = field(init=False, repr=False)
    uploads: Uploads = field(init=False, repr=False)
    _epoch: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        folder = self.config.instance / PHOTOS
        self.photos = FolderStore(folder)
        self.uploads = Uploads(folder, self.photos)

    def epoch(self) -> str:
        """The identity of this server's history, read at first use; a restore needs a restart and so a new read."""
        if self._epoch is None:
            self._epoch, _ = self.identity()
        return self._epoch

    def identity(self) -> tuple[str, str]:
        """(epoch, public key). RuntimeError in words when the database was never set up."""
        with self.database.engine.connect() as connection:
            ready = inspect(connection).has_table("server")
            found = ready and TownshipStore(self.database, connection, "").sql("SELECT epoch, public_key FROM server")
        if not found:
            raise RuntimeError(
                "数据库尚未建立，请先运行 ruhu upgrade。 / The database is not set up; run ruhu upgrade first."
            )
        return found[0][0], found[0][1]

    def sync(self, request: Request, caller: Caller) -> dict[str, Any]:
        """Take a request's changes, then answer with a page of records. RequestError where the contract says so."""
        cursors = request.cursors if request.epoch == self.epoch() else {}
        if cursors and request.changes:  # a request that will be turned away must change nothing
            with self.database.read(caller.township) as store:
                Reader(self.kinds, store, caller.grants).check(cursors)
        admitted = self._push(request, caller) if request.changes else None
        note_seen(self.database, caller, now_ms(), request, wrote=admitted is not None)
        with self.database.read(caller.township) as store:
            number = admitted.next if admitted else store.numbers([caller.device])[caller.device]
            page = Reader(self.kinds, store, caller.grants).page(cursors, request.limit)
            grants = [str(grant) for grant in caller.grants]
            # Whoever begins to fill a grant learns what the villages are called; after that a reply stays short.
            places = {} if all(grant in cursors for grant in grants) else dict(store.villages())
        return {
            "protocol": PROTOCOL,
            "epoch": self.epoch(),
            "time": iso(now_ms()),
            "next": number,
            "restamped": {str(n): stamp for n, stamp in admitted.restamped.items()} if admitted else {},
            "refused": [refusal.wire(n) for n, refusal in admitted.refused.items()] if admitted else [],
            "grants": grants,
            "dropped": [grant for grant in request.cursors if grant not in grants],
            "records": page.records,
            "cursors": page.cursors,
            "more": page.more,
            **({"places": places} if places else {}),
        }

    def must_have_room(self, free: int) -> None:
        """DiskFullError when fewer bytes than these are free."""
        if shutil.disk_usage(self.config.instance).free < free:
            raise disk_full()

    def _push(self, request: Request, caller: Caller) -> Admitted:
        self.must_have_room(GUARD_BYTES)

        def work(store: TownshipStore) -> Admitted:
            gate = Gate(self.kinds, store, now_ms)
            admitted = gate.admit(request.changes, caller.writer())
            gate.close()
            return admitted

        return self.database.write(caller.township, work)

    def records(self, caller: Caller, kind: str, grant: Grant | None, since: Any, limit: int) -> Page:
        """A page of one kind's records for reading: the same grants and masking as a sync. BadCursor."""
        grants = [grant] if grant else list(caller.grants)
        with self.database.read(caller.township) as store:
            reader = Reader(self.kinds, store, grants, only=kind, seen_by=caller.grants)
            cursors = since if isinstance(since, dict) else {str(g): since for g in grants}
            return reader.page(cursors, limit)

    def digest(self, caller: Caller) -> dict[str, Any]:
        """Count and hash per grant of what this caller holds, so that a phone can tell that it differs."""
        with self.database.read(caller.township) as store:
            reader = Reader(self.kinds, store, caller.grants)
            return {str(grant): self._digest_of(store, reader, str(grant)) for grant in caller.grants}

    def _digest_of(self, store: TownshipStore, reader: Reader, grant: str) -> dict[str, Any]:
        def hashes() -> Iterator[int]:
            for kind in self.kinds:
                after = ""
                while page := store.fill(grant, kind, after, DIGEST_PAGE):
                    for record in page:
                        hidden = reader.hidden(record)
                        if hidden is not None:
                            yield record_hash(record, frozenset(hidden))
                    after = page[-1].id

        return digest_of(hashes())
