"""What a phone sealed to this township before it could be sent: opened here, and taken as if the phone had sent it itself.

A line is base64 of what only this server's private key opens (its other end, which says how, is the phone's `mobile.journal`): the device,
its token and one change. Promises: a change goes through the one gate in its writer's name, in number order and once, however often a
line comes; of a line that gives no entry nothing is told, not even why. Leaves to others: HTTP (`api.sealed`), files (`cli.recovery`).
"""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.access import Caller, TokenError, caller_of, revoke_device
from server.codec import Decoder
from server.config import Config
from server.service import Service, now_ms
from server.store import TownshipStore
from server.upkeep.dump import SEAL_KEY
from shared.sync.wire import MAX_CHANGES, Gap, Renumber, Request, RequestError, Sent

INFO = b"ruhu outbox 1"
LAYOUT = b"\x01"

TAKEN, AGAIN, REFUSED, GAP, UNREADABLE = "taken", "again", "refused", "gap", "unreadable"
SAYS = {
    TAKEN: "已收下 / taken",
    AGAIN: "早已收下 / taken before",
    REFUSED: "未被接受，已记入日志 / judged and refused, as the log says",
    GAP: "编号接不上，需由这台手机自己同步 / its number does not follow: the phone itself must sync",
    UNREADABLE: "打不开，或其令牌无效 / cannot be opened, or its token gives no entry",
}
"""What a line may come to, and what that means. The first three stand in the log."""


@dataclass(slots=True)
class _Line:
    """One opened line, and what it came to."""

    place: int
    caller: Caller
    sent: Sent
    status: str = GAP


class Recovery:
    """Takes sealed lines for one server. `pardon_revoked` is for an administrator: a lost phone's token still tells whose words they are.

    `renumber` too: the changes of a phone that will never sync again are numbered from where the server is, and its token ends.
    """

    def __init__(
        self, service: Service, decoder: Decoder, *, pardon_revoked: bool = False, renumber: bool = False
    ) -> None:
        self._service = service
        self._decoder = decoder
        self._pardon = pardon_revoked
        self._renumber = renumber
        self._keys = [Opener(key) for key in private_keys(service.config)]
        self._callers: dict[str, Caller | None] = {}
        self.people: dict[tuple[str, str], Counter[str]] = {}
        """(name, device) of every writer met, with how many of his changes came to what."""
        self._townships: dict[str, Counter[str]] = {}

    def take(self, sealed: Sequence[str]) -> list[str]:
        """What each line came to, in their order: one of SAYS. RequestError when the server cannot take anything now."""
        lines = [line for place, text in enumerate(sealed) if (line := self._read(place, text))]
        statuses = [UNREADABLE] * len(sealed)
        for device in dict.fromkeys((line.caller.township, line.caller.device) for line in lines):
            self._take_device([line for line in lines if (line.caller.township, line.caller.device) == device])
        for line in lines:
            statuses[line.place] = line.status
            self.people.setdefault((line.caller.name, line.caller.device), Counter())[line.status] += 1
            self._townships.setdefault(line.caller.township, Counter())[line.status] += 1
        return statuses

    def counts(self) -> dict[str, dict[str, int]]:
        """Township to how many lines came to what: what the audit trail is told."""
        return {township: dict(counted) for township, counted in self._townships.items()}

    # --- reading ---------------------------------------------------------------------------------------------------

    def _read(self, place: int, text: str) -> _Line | None:
        """A line with its writer and its change; None for one that gives no entry, for whatever reason."""
        plain = next((found for opener in self._keys if (found := opener.open(text)) is not None), None)
        if plain is None:
            return None
        try:
            body = msgspec.json.decode(plain, type=_Sealed)
            request = self._decoder.read(b'{"protocol":1,"changes":[%s]}' % bytes(body.change))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RequestError):
            return None
        caller = self._caller(body.token)
        if caller is None or not caller.device or caller.device != body.device:
            return None
        return _Line(place, caller, request.changes[0])

    def _caller(self, token: str) -> Caller | None:
        if token not in self._callers:
            self._callers[token] = self._look_up(token)
        return self._callers[token]

    def _look_up(self, token: str) -> Caller | None:
        township = token[:9]
        if not (township.isascii() and township.isdigit()) or len(token) > 200:
            return None
        try:
            with self._service.database.read(township) as store:
                return caller_of(store, token, now_ms(), pardon_revoked=self._pardon)
        except TokenError:
            return None

    # --- taking ----------------------------------------------------------------------------------------------------

    def _take_device(self, lines: list[_Line]) -> None:
        """One device's lines, in number order. Of one number the last line counts; an earlier one shares the fate of its stamp."""
        by_number = {line.sent.number: line for line in lines}
        ordered = [by_number[number] for number in sorted(by_number)]
        caller = lines[0].caller
        with self._service.database.read(caller.township) as store:
            wanted = store.numbers([caller.device])[caller.device]
            new = [line for line in ordered if not _was_taken(line, store, wanted)]
            if self._renumber:
                new = _not_logged(new, store, wanted)
        ahead = [line for line in new if line.sent.number >= wanted]
        following = [line for number, line in enumerate(ahead, wanted) if line.sent.number == number]
        stamps = {line.sent.stamp for line in following}
        left = [line for line in new if line.sent.stamp not in stamps]
        if left and self._renumber:  # first the token ends: the phone numbers them otherwise than we are about to
            revoke_device(self._service.database, caller.device, now_ms())
            for number, line in enumerate(left, wanted + len(following)):
                line.sent = replace(line.sent, number=number)
            following += left
        for start in range(0, len(following), MAX_CHANGES):
            if not self._push(following[start : start + MAX_CHANGES], caller):
                break
        fates: dict[str, str] = {}
        for line in ordered:
            if fates.get(line.sent.stamp, GAP) == GAP:
                fates[line.sent.stamp] = line.status
        for line in lines:
            line.status = fates.get(line.sent.stamp, GAP)

    def _push(self, lines: Sequence[_Line], caller: Caller) -> bool:
        """Send changes through the gate as the phone would. False when the phone itself was here meanwhile: they stay where they are."""
        request = Request([line.sent for line in lines], {}, None, 0, waiting=caller.waiting)
        try:
            reply = self._service.sync(request, caller)
        except (Gap, Renumber):
            return False
        refused = {entry["number"] for entry in reply["refused"]}
        for line in lines:
            line.status = REFUSED if line.sent.number in refused else TAKEN
        return True


def _not_logged(lines: Sequence[_Line], store: TownshipStore, wanted: int) -> list[_Line]:
    """The lines whose change is not in the device's log under whatever number; of the others the status says so. No change comes twice."""
    logged = store.logged(lines[0].caller.device, 1, wanted - 1).values() if lines else ()
    before = {stamp for row in logged for stamp in (row.sent_stamp, row.stamp)}
    for line in lines:
        if line.sent.stamp in before:
            line.status = AGAIN
    return list({line.sent.stamp: line for line in lines if line.sent.stamp not in before}.values())


def _was_taken(line: _Line, store: TownshipStore, wanted: int) -> bool:
    """Whether the log has this very change under its number; then its status says so."""
    number = line.sent.number
    row = store.logged(line.caller.device, number, number).get(number) if number < wanted else None
    if row is None or line.sent.stamp not in (row.sent_stamp, row.stamp):
        return False
    line.status = REFUSED if row.refusal else AGAIN
    return True


# --- opening -------------------------------------------------------------------------------------------------------


class _Sealed(msgspec.Struct):
    device: str
    token: str
    change: msgspec.Raw


class Opener:
    """One private key."""

    def __init__(self, private: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(private)
        self._public = self._key.public_key().public_bytes_raw()

    def open(self, text: str) -> bytes | None:
        """What was sealed to this key; None for anything else."""
        try:
            raw = base64.b64decode(text, validate=True)
            layout, theirs, words = raw[:1], raw[1:33], raw[33:]
            if layout != LAYOUT:
                return None
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(theirs))
            made = HKDF(SHA256(), 44, salt=theirs + self._public, info=INFO).derive(secret)
            return AESGCM(made[:32]).decrypt(made[32:], words, layout)
        except (ValueError, InvalidTag):
            return None


def private_keys(config: Config) -> list[bytes]:
    """The server's key and those that a restore set aside, newest first. RuntimeError in words when there is none."""
    found = [config.instance / SEAL_KEY, *sorted(config.instance.glob(f"{SEAL_KEY}.before-*"), reverse=True)]
    keys = [path.read_bytes() for path in found if path.exists()]
    if not keys:
        raise RuntimeError(
            f"数据目录里没有密钥 {SEAL_KEY}，请从备份恢复。 / The key {SEAL_KEY} is not in the instance folder; restore it from a backup."
        )
    return keys


def lines_of(file: bytes) -> Iterable[str]:
    """The sealed texts of a phone's journal: each line is a number, a blank and the text."""
    for line in file.decode("ascii", "replace").splitlines():
        yield re.sub(r"\A\d+ ", "", line)


def reply_of(statuses: Sequence[str]) -> dict[str, Any]:
    """The reply's body: what each line came to, and nothing of what it says."""
    return {"lines": [{"index": n, "status": status, "message": SAYS[status]} for n, status in enumerate(statuses)]}
