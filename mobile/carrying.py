"""Carrying a locked profile's journal to the township: whoever syncs on this phone takes the others' unsent words along, unread.

Promises: the journal stays as it is until its owner's own sync; what the township answered for is not sent again within a day, and then
only in case its server was set back; nothing of a line is known here but its number. Leaves to others: the file (`journal`), whose it is
(`profiles`), opening it (the township's `server.upkeep.recovery`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile.courier import HttpCourier
from mobile.disk import replace_file
from mobile.journal import Address, Line, batches, read_lines
from shared.sync.converse import BATCH_BYTES
from shared.sync.phone import NotOurServer, PhoneError
from shared.sync.wire import MAX_CHANGES

MARKER = "carried.json"
AGAIN_MS = 24 * 3600 * 1000
LANDED = ("taken", "again", "refused")
"""What a line came to that stands in the township's log."""

Post = Callable[[Address, Sequence[str]], Sequence[str]]
"""Sends sealed texts to an address and tells what each came to. A PhoneError in words when it cannot."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of one profile's journal: lines sent, lines that stand in the township's log now, or why it could not be."""

    profile: str
    sent: int = 0
    landed: int = 0
    error: PhoneError | None = None


class NoAddress(PhoneError):
    code = "no_address"
    words = (
        "不知道这个人的内容该送到哪个服务器，需要本人解锁后同步。"
        " / It is not known where this person's words go: unlock and sync that profile."
    )


class JournalUnreadable(PhoneError):
    code = "journal_unreadable"
    words = (
        "这个人未上传的内容现在读不出来，什么都没有改动；请重启手机后再同步。"
        " / This person's unsent words cannot be read now; nothing was changed. Restart the phone, then sync again."
    )


def waiting(folder: Path) -> int:
    """How many changes of a locked profile are not known to have reached the township. JournalUnreadable."""
    landed = {mark for mark, (status, _) in _read_marks(folder).items() if status in LANDED}
    try:
        return sum(_mark(line) not in landed for line in read_lines(folder))
    except OSError as error:
        raise JournalUnreadable(error.strerror or "") from error


def carry(folder: Path, post: Post, now: int) -> Carried:
    """Send what the township has not answered for within a day; `now` in ms since 1970. What goes wrong comes in the answer."""
    sent = landed = 0
    try:
        lines, marks = read_lines(folder), _read_marks(folder)
        fresh = {mark for mark, (_, at) in marks.items() if 0 <= now - at <= AGAIN_MS}
        due = [line for line in lines if _mark(line) not in fresh]
        address = Address.read(folder)
        if due and address is None:
            raise NoAddress
        for batch in batches(due, MAX_CHANGES, BATCH_BYTES):
            assert address is not None
            statuses = post(address, [sealed.decode() for _, sealed in batch])
            if len(statuses) != len(batch):
                raise NotOurServer("sealed")
            marks |= {_mark(line): (status, now) for line, status in zip(batch, statuses, strict=True)}
            sent += len(batch)
            landed += sum(status in LANDED for status in statuses)
            kept = {_mark(line): marks[_mark(line)] for line in lines if _mark(line) in marks}
            replace_file(folder / MARKER, json.dumps(kept).encode())
    except PhoneError as error:
        return Carried(folder.name, sent, landed, error)
    except OSError as error:
        return Carried(folder.name, sent, landed, JournalUnreadable(error.strerror or ""))
    return Carried(folder.name, sent, landed)


def over_http(address: Address, sealed: Sequence[str]) -> list[str]:
    """A Post over HTTP, without any token: those are in the seals."""
    courier = HttpCourier(address.url, None, address.insecure, address.fingerprint)
    return read_statuses(courier.sealed(sealed))


def read_statuses(body: Mapping[str, Any]) -> list[str]:
    """The statuses of a reply, in the order of the lines. NotOurServer for what is no such reply."""
    try:
        return [str(line["status"]) for line in sorted(body["lines"], key=lambda line: int(line["index"]))]
    except (KeyError, TypeError, ValueError) as error:
        raise NotOurServer(f"sealed: {type(error).__name__}") from error


def _mark(line: Line) -> str:
    return hashlib.sha256(line[1]).hexdigest()[:16]


def _read_marks(folder: Path) -> dict[str, tuple[str, int]]:
    """Mark of a line to what the township said of it, and when. What cannot be read was never said: sending again does no harm."""
    try:
        body = json.loads((folder / MARKER).read_bytes())
        return {str(mark): (str(status), int(at)) for mark, (status, at) in body.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
