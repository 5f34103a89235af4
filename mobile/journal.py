"""The outbox once more, beside the database, for the day the database cannot be opened: each unsent change sealed to the township alone.

A line is the change's number, a blank, and base64 of what only the township's private key opens (X25519, HKDF-SHA256, AES-256-GCM):
{"device", "token", "change"}. Promises: a line is on the disk before the change it tells of is committed, and goes only after the commit
that made it needless. A line too many does no harm: the township knows each change by number and stamp.
Leaves to others: when to write (`store`), carrying it (`profiles`); the other end is the township's `server.upkeep.recovery`.
"""

import base64
import json
import logging
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mobile.disk import StorageFull, is_full, open_private, replace_file, sync_folder
from shared.sync.phone import Enrolment, PhoneError, Written

JOURNAL = "outbox.journal"
LOST = "lost.journal"
"""Lines of changes that the database does not know, because it was damaged or set back: kept for the township's desk, never sent from here."""
ADDRESS = "carry.json"
INFO = b"ruhu outbox 1"
LAYOUT = b"\x01"
_LONGEST_NUMBER = 18

log = logging.getLogger(__name__)


class JournalFailed(PhoneError):
    code = "journal_failed"
    words = (
        "没有存上：密封的备份写不进去，请重启手机后再存一次。"
        " / Not saved: the sealed copy could not be written. Restart the phone, then save again."
    )


class KeyUnusable(PhoneError):
    code = "key_unusable"
    words = (
        "服务器给的公钥无法使用，未上传的内容不能密封；请联系乡镇办公室。"
        " / The server's public key cannot be used to seal what is unsent; call the township desk."
    )


class CryptographyMissing(PhoneError):
    code = "no_cryptography"
    words = "缺少 cryptography，请安装 ruhu[mobile]。 / The package cryptography is missing: install ruhu[mobile]."


class Envelope:
    """Seals to a township's public key (base64, as an enrolment gives it); what it sealed, this phone cannot open either."""

    def __init__(self, key: str) -> None:
        """KeyUnusable for what is no such key, CryptographyMissing."""
        try:  # late: a phone starts without it
            from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
        except ImportError as error:
            raise CryptographyMissing from error
        try:
            self._raw = base64.b64decode(key, validate=True)
            self._theirs = X25519PublicKey.from_public_bytes(self._raw)
        except ValueError as error:
            raise KeyUnusable from error

    def seal(self, plain: bytes) -> bytes:
        """base64 of: layout (1 byte), one-time public key (32), words and tag."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        once = X25519PrivateKey.generate()
        ours = once.public_key().public_bytes_raw()
        secret = once.exchange(self._theirs)
        made = HKDF(SHA256(), 44, salt=ours + self._raw, info=INFO).derive(secret)
        return base64.b64encode(LAYOUT + ours + AESGCM(made[:32]).encrypt(made[32:], plain, LAYOUT))


# --- the file ------------------------------------------------------------------------------------------------------

Line = tuple[int, bytes]
"""A change's number and its sealed text."""


class Journal:
    """The journal of one profile's folder, open for writing. `numbers` are those it has a line for.

    A store tells it what a transaction does (`note`, `renew`, `tidy`), has it `write` before the commit, and says how it ended.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._envelope: tuple[str, Envelope] | None = None
        self._size = 0
        self.numbers: set[int] = set()
        self.has_spare = False
        """Whether some number has more than one line: what a kill may leave, and only the last one counts."""
        self._read()
        self.to_write: set[int] | None = set()
        """Numbers that need a line before this transaction ends; None for all that is unsent."""
        self.is_moved = False
        """Whether this transaction may have made lines needless."""
        self._is_renewed = False
        self._before = self._size

    def _read(self) -> None:
        """Look at the file as it is; a line cut short goes, for its change was never committed."""
        lines, self._size = _read(self._path) if self._path.exists() else ([], 0)
        self.numbers = {number for number, _ in lines}
        self.has_spare = len(lines) != len(self.numbers)
        self._cut_back(self._size)

    def _cut_back(self, size: int) -> None:
        if self._path.exists() and self._path.stat().st_size != size:
            os.truncate(self._path, size)

    def set_aside(self, first: int) -> int:
        """Copy the lines of this number and above into `lost.journal`; how many there were. StorageFull, OSError.

        Their changes were committed, or all but committed, and the database has none of them.
        """
        lost = {number for number in self.numbers if number >= first}
        if lost:
            beside = self._folder / LOST
            held = beside.read_bytes() if beside.exists() else b""
            new = [line for line in _read(self._path)[0] if line[0] in lost]
            replace_file(beside, held + b"".join(b"%d %s\n" % line for line in new))
        return len(lost)

    # --- one transaction

    def note(self, number: int) -> None:
        """The change of this number is new, or reads differently."""
        if self.to_write is not None:
            self.to_write.add(number)

    def renew(self) -> None:
        """Numbers, or whose they are, have changed: every unsent change needs a new line."""
        self.to_write = None
        self.is_moved = self._is_renewed = True

    def tidy(self) -> None:
        """Something need not be sent any more."""
        self.is_moved = True

    def write(self, enrolment: Enrolment | None, waiting: Iterable[Written]) -> None:
        """Before the commit: a line for each of these. Without a server's key there is nothing to seal to, and so no journal."""
        envelope = self._envelope_to(enrolment)
        if enrolment is not None and envelope is not None:
            self.append((w.number, envelope.seal(_text(enrolment, w))) for w in waiting)

    def committed(self, enrolment: Enrolment | None, unsent: Collection[int]) -> None:
        """The transaction is on the disk: lines that it made needless go. Where that fails they stay, and go at the next chance."""
        try:
            self.keep(unsent)
            if self._is_renewed:
                self.keep_address(enrolment)
        except (OSError, StorageFull) as error:
            log.warning("journal: %s", type(error).__name__)

    def begin(self) -> None:
        """The next transaction: of the last one nothing is left to do."""
        self.to_write = set()
        self.is_moved = self._is_renewed = False
        self._before = self._size

    def rolled_back(self) -> None:
        """The transaction was undone, and so are its lines; where they will not go, the next transaction writes all anew."""
        wrote, before = self._size != self._before, self._before
        self.begin()
        if not wrote:
            return
        try:
            self._cut_back(before)
            self._read()
            self.begin()
        except OSError as error:
            log.warning("journal: %s", type(error).__name__)
            self.renew()

    # --- who it is sealed to, and where it goes

    def check(self, enrolment: Enrolment) -> None:
        """KeyUnusable when nothing can be sealed to this server's key."""
        self._envelope_to(enrolment)

    def _envelope_to(self, enrolment: Enrolment | None) -> Envelope | None:
        key = enrolment.server.get("key") if enrolment else None
        if not key:
            return None
        if self._envelope is None or self._envelope[0] != key:
            self._envelope = key, Envelope(key)
        return self._envelope[1]

    def keep_address(self, enrolment: Enrolment | None) -> None:
        """Say beside the journal where somebody else's phone work is to carry it."""
        if enrolment:
            Address(enrolment.url, enrolment.fingerprint, enrolment.insecure).keep(self._folder)

    # --- lines

    def append(self, lines: Iterable[Line]) -> None:
        """Add lines, on the disk when this returns. StorageFull or JournalFailed; then none of them is there."""
        new = list(lines)
        if not new:
            return
        data = b"".join(b"%d %s\n" % line for line in new)
        is_new = not self._path.exists()
        try:
            with open_private(self._path, os.O_APPEND) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self._path.parent)
        except OSError as error:
            self._cut_back(self._size)
            raise (StorageFull if is_full(error) else JournalFailed)(error.strerror or "") from error
        self._size += len(data)
        self.has_spare = self.has_spare or not self.numbers.isdisjoint(number for number, _ in new)
        self.numbers.update(number for number, _ in new)

    def keep(self, numbers: Collection[int]) -> None:
        """Drop every line but the last of each of these numbers. StorageFull, OSError; then all lines are still there."""
        if not self._path.exists():
            return
        kept = {number: sealed for number, sealed in _read(self._path)[0] if number in numbers}
        data = b"".join(b"%d %s\n" % line for line in sorted(kept.items()))
        if len(data) != self._size:
            replace_file(self._path, data)
            self._size = len(data)
        self.numbers, self.has_spare = set(kept), False


def _read(path: Path) -> tuple[list[Line], int]:
    """The whole lines and their length in bytes; a last line without its end does not count."""
    data = path.read_bytes()
    size = data.rfind(b"\n") + 1
    lines = []
    for text in data[:size].splitlines():
        number, _, sealed = text.partition(b" ")
        if (
            number.isdigit() and len(number) <= _LONGEST_NUMBER and sealed.isascii()
        ):  # anything else is damage, and opens nowhere
            lines.append((int(number), sealed))
    return lines, size


def read_lines(folder: Path) -> list[Line]:
    """The lines of a folder's journal by number, of each number the last one; the folder may be locked, or destroyed."""
    path = folder / JOURNAL
    return sorted(dict(_read(path)[0]).items()) if path.exists() else []


# --- where it goes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """Where a journal is to be carried: all that a locked profile tells without its key. None of it is a secret."""

    url: str
    fingerprint: str = ""
    insecure: bool = False

    @classmethod
    def read(cls, folder: Path) -> "Address | None":
        """The address beside a journal; None when there is none, or none that can be read."""
        try:
            body = json.loads((folder / ADDRESS).read_bytes())
            return cls(str(body["url"]), str(body["fingerprint"]), body["insecure"] is True)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def keep(self, folder: Path) -> None:
        """Write it down, where it is not what stands there already."""
        if self.read(folder) != self:
            replace_file(folder / ADDRESS, json.dumps(asdict(self)).encode())


def _text(enrolment: Enrolment, written: Written) -> bytes:
    """What is sealed of one change."""
    body = {"device": enrolment.device, "token": enrolment.token, "change": written.wire()}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def batches(lines: Sequence[Line], most: int, most_bytes: int) -> Iterable[list[Line]]:
    """The lines in order, in portions of so many lines and bytes at most."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == most or size + len(line[1]) > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line[1])
    if batch:
        yield batch
