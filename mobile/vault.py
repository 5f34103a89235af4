"""What keeps a profile shut: documents sealed under a data key, the data key under a PIN and the phone's own key store.

Promises: each stored document is AES-256-GCM under a nonce of its own and bound to its row, so a damaged or exchanged one is refused; a
try at the PIN is on the disk before the PIN is looked at, so no kill gives it back; ten wrong ones destroy the data key for good.
Leaves to others: which words are sealed (`store`), what stays recoverable without the key (`journal`), whose profile it is (`profiles`).
"""

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mobile.disk import StorageFull, give_up_ballast, replace_file
from shared.sync.phone import PhoneError

if TYPE_CHECKING:
    from mobile.device.ports import KeyStore

VAULT = "vault.json"
MOST_TRIES = 10
PIN_DIGITS = 6
USUAL_COST = 2**15
"""scrypt's n, with r=8 and p=1: 32 MiB, and a tenth of a second to one second by phone."""
LARGEST_COST = 2**16
AIM_SECONDS = 0.5

_BLOCK, _LANES = 8, 1
_SEALED = b"\x01"  # the first byte of all that is sealed: the layout, and one day which key
_NONCE = 12
_NAME = re.compile(r"ruhu-[0-9a-f]{16}")
_WRAPPED_AS = b"ruhu data key 1"


class Unsealable(PhoneError):
    """`detail` names the row, never what stood in it."""

    code = "unsealable"
    words = (
        "手机里有一条内容损坏或被换过，打不开；请联系乡镇办公室，未上传的填写内容另有一份密封给乡镇，没上传的照片恢复不了。"
        " / Something kept on this phone is damaged or was exchanged. Call the township desk: unsent words are also"
        " kept sealed to it; photos that were not sent cannot be recovered."
    )


class PinNeeded(PhoneError):
    code = "pin_needed"
    words = "这个档案上了锁，要输入密码才能打开。 / This profile is locked: it opens only with its PIN."


class PinRefused(PhoneError):
    """Not a PIN at all, or one that anybody would try first. No try is counted."""

    code = "pin_refused"
    words = "密码应为六位数字，不能全部相同，也不能是 123456 或 654321。 / A PIN is six digits, not all alike, not 123456 or 654321."


class WrongPin(PhoneError):
    """`left` is how many tries are left."""

    code = "wrong_pin"

    def __init__(self, left: int) -> None:
        super().__init__(
            f"密码不对，还可以试 {left} 次；输错 {MOST_TRIES} 次，这个档案的钥匙就会销毁。"
            f" / Wrong PIN: {left} tries left, then this profile's key is destroyed."
        )
        self.left = left


class VaultDestroyed(PhoneError):
    code = "vault_destroyed"
    words = (
        f"密码输错 {MOST_TRIES} 次，这个档案的钥匙已销毁，里面的内容再也打不开。未上传的填写内容仍密封给乡镇，可以恢复，没上传的照片恢复不了；"
        "请联系乡镇办公室。"
        f" / {MOST_TRIES} wrong PINs: this profile's key is destroyed and nothing in it can be opened again."
        " Words that were not sent stay sealed to the township and can be recovered; photos that were not sent cannot be recovered."
        " Call the township desk."
    )


class VaultUnreadable(PhoneError):
    code = "vault_unreadable"
    words = (
        "档案的锁损坏，打不开；未上传的填写内容仍密封给乡镇，没上传的照片恢复不了；请联系乡镇办公室。"
        " / The lock of this profile is damaged. Words that were not sent stay sealed to the township; photos that were not"
        " sent cannot be recovered. Call the township desk."
    )


# --- documents -----------------------------------------------------------------------------------------------------


class Sealing(Protocol):
    """How a store keeps a text, or a file's bytes. `at` names its row, ``table|key|...``; what was closed at one row opens at no other."""

    def close(self, text: str, at: str) -> str | bytes: ...
    def open(self, held: Any, at: str) -> str: ...
    def close_bytes(self, data: bytes, at: str) -> bytes: ...
    def open_bytes(self, held: bytes, at: str) -> bytes: ...


class Clear:
    """No sealing: a profile without a PIN."""

    def close(self, text: str, at: str) -> str:
        return text

    def open(self, held: Any, at: str) -> str:
        """PinNeeded for what is sealed."""
        if not isinstance(held, str):
            raise PinNeeded
        return held

    def close_bytes(self, data: bytes, at: str) -> bytes:
        return data

    def open_bytes(self, held: bytes, at: str) -> bytes:
        """PinNeeded for what is sealed."""
        if is_sealed(held):
            raise PinNeeded
        return held


def is_sealed(held: bytes) -> bool:
    """Whether a file is sealed: no JPEG begins so."""
    return held[:1] == _SEALED


CLEAR = Clear()


class Seal:
    """AES-256-GCM over each text, as bytes: the layout's byte, 96 random bits, then words and tag."""

    def __init__(self, key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late: a clear profile starts without it

        self._cipher = AESGCM(key)
        self._mistakes = (InvalidTag, ValueError)

    def close(self, text: str, at: str) -> bytes:
        return self.close_bytes(text.encode(), at)

    def open(self, held: Any, at: str) -> str:
        """Unsealable for what this key did not close at this very row."""
        if not isinstance(held, bytes):
            raise Unsealable(at)
        try:
            return self.open_bytes(held, at).decode()
        except UnicodeDecodeError as error:
            raise Unsealable(at) from error

    def close_bytes(self, data: bytes, at: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return _SEALED + nonce + self._cipher.encrypt(nonce, data, at.encode())

    def open_bytes(self, held: bytes, at: str) -> bytes:
        """Unsealable, as `open`."""
        if not is_sealed(held):
            raise Unsealable(at)
        try:
            return self._cipher.decrypt(held[1 : 1 + _NONCE], held[1 + _NONCE :], at.encode())
        except self._mistakes as error:
            raise Unsealable(at) from error


# --- the lock ------------------------------------------------------------------------------------------------------


class Vault:
    """The lock of one profile's folder: `vault.json`, mode 0600, which holds nothing about its owner.

    {"version", "name": of the phone's key, "salt", "n", "r", "p", "key": the wrapped data key or null, "tries", "created": ms since 1970}.
    """

    def __init__(self, folder: Path, keystore: "KeyStore") -> None:
        self._folder = folder
        self._keystore = keystore
        self._one = threading.Lock()

    @staticmethod
    def stands_in(folder: Path) -> bool:
        """Whether this folder's profile has a lock."""
        return (folder / VAULT).exists()

    def make(self, pin: str, cost: int | None = None) -> Seal:
        """A new data key under this PIN. `cost` is scrypt's n, None to suit this phone. PinRefused; then nothing is made."""
        check_pin(pin)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name, key = f"ruhu-{secrets.token_hex(8)}", secrets.token_bytes(32)
        body = {"version": 1, "name": name, "created": time.time_ns() // 1_000_000}
        self._write(body | self._wrapped(name, key, pin, cost or calibrated()))
        return Seal(key)

    def open(self, pin: str) -> Seal:
        """What opens the profile's documents. WrongPin, VaultDestroyed, VaultUnreadable, or the key store's own PhoneError."""
        with self._one:
            return Seal(self._data_key(pin))

    def change_pin(self, old: str, new: str) -> None:
        """Another PIN for the same data key. As `open`, and PinRefused for the new one; a wrong old one is a try."""
        check_pin(new)
        with self._one:
            key, body = self._data_key(old), self._read()
            self._write(body | self._wrapped(body["name"], key, new, body["n"]))

    @property
    def destroyed(self) -> bool:
        body = self._read()
        return body["key"] is None or body["tries"] >= MOST_TRIES

    @property
    def created(self) -> int:
        """When the lock was made, ms since 1970."""
        return self._read()["created"]

    def destroy(self) -> None:
        """Nothing in this profile opens again: the phone's key goes first, then what it had wrapped."""
        body = self._read()
        try:
            self._keystore.destroy(body["name"])
        finally:
            self._write(body | {"key": None})

    def _data_key(self, pin: str) -> bytes:
        """The data key. A try is counted on the disk before the PIN is looked at, and taken back when it was right."""
        body = self._read()
        if body["key"] is None or body["tries"] >= MOST_TRIES:
            if body["key"] is not None:  # killed between the last try and the destruction
                self.destroy()
            raise VaultDestroyed
        if not _is_pin(pin):
            raise PinRefused
        # What is slow and may fail tells nothing about the PIN, so it comes before the count: no try is lost to a want of memory.
        sealed = self._keystore.unwrap(body["name"], base64.b64decode(body["key"]))
        stretched = _stretch(pin, body)
        body["tries"] += 1
        self._write(body)
        key = _unwrap(stretched, sealed)
        if key is not None:
            self._write(body | {"tries": 0})
            return key
        if body["tries"] >= MOST_TRIES:
            self.destroy()
            raise VaultDestroyed
        raise WrongPin(MOST_TRIES - body["tries"])

    def _wrapped(self, name: str, key: bytes, pin: str, cost: int) -> dict[str, Any]:
        """The part of the file that depends on the PIN."""
        part: dict[str, Any] = {"salt": secrets.token_hex(16), "n": cost, "r": _BLOCK, "p": _LANES, "tries": 0}
        sealed = self._keystore.wrap(name, _wrap(_stretch(pin, part), key))
        return part | {"key": base64.b64encode(sealed).decode()}

    def _read(self) -> dict[str, Any]:
        try:
            body = json.loads((self._folder / VAULT).read_bytes())
            bytes.fromhex(body["salt"])
            whole = [body[name] for name in ("n", "r", "p", "tries", "created")]
            if not all(type(number) is int and number >= 0 for number in whole) or body["version"] != 1:
                raise ValueError("number")
            if not isinstance(body["name"], str) or not isinstance(body["key"], str | None):
                raise TypeError("text")
            if not _NAME.fullmatch(body["name"]) or body["key"] == "":
                raise ValueError("key")
            base64.b64decode(body["key"] or "", validate=True)
            if (
                body["n"].bit_count() != 1
                or not 2 <= body["n"] <= LARGEST_COST
                or (body["r"], body["p"]) != (_BLOCK, _LANES)
            ):
                raise ValueError("cost")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise VaultUnreadable(type(error).__name__) from error
        return body

    def _write(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        try:
            replace_file(self._folder / VAULT, data)
        except StorageFull:
            if not give_up_ballast(self._folder):
                raise
            replace_file(self._folder / VAULT, data)


# --- PIN and keys --------------------------------------------------------------------------------------------------


def _is_pin(text: str) -> bool:
    return len(text) == PIN_DIGITS and text.isascii() and text.isdigit()


def check_pin(pin: str) -> None:
    """PinRefused for what cannot be one, and for those that everybody tries first."""
    if not _is_pin(pin) or len(set(pin)) == 1 or pin in ("123456", "654321"):
        raise PinRefused


def calibrated() -> int:
    """scrypt's n for this phone: about AIM_SECONDS for a try, within what a small phone's memory takes."""
    began = time.perf_counter()
    _scrypt(b"000000", b"calibration", USUAL_COST // 2)
    usual = 2 * (time.perf_counter() - began)
    return LARGEST_COST if 2 * usual <= AIM_SECONDS else USUAL_COST


def _stretch(pin: str, body: dict[str, Any]) -> bytes:
    return _scrypt(pin.encode(), bytes.fromhex(body["salt"]), body["n"])


def _scrypt(pin: bytes, salt: bytes, n: int) -> bytes:
    return hashlib.scrypt(pin, salt=salt, n=n, r=_BLOCK, p=_LANES, maxmem=256 * n * _BLOCK, dklen=32)


def _wrap(key: bytes, plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, _WRAPPED_AS)


def _unwrap(key: bytes, sealed: bytes) -> bytes | None:
    """What was wrapped; None when this is not its key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _WRAPPED_AS)
    except InvalidTag:
        return None
