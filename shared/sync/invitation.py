"""The invitation: what the QR of an enrolment says, written by the township and read by the phone, so both ends are on this page.

`ruhu://enrol?c=<code>&f=<SHA-256 of the server's certificate, hex>&u=<URL>`, plain ASCII, short enough for a small QR; `f` is missing
where the certificate comes from a public authority. Promises: what `text` wrote, `read` reads back the same; whatever else a camera or a
keyboard brings is an InvitationError in words, and never another error. Leaves to others: pictures (`ruhu enrol`, the phone's camera),
whether plain http may be used (`mobile.courier`), whether the code is still good (the server).
"""

import re
import unicodedata
from dataclasses import dataclass

from shared.sync.phone import PhoneError

LONGEST = 1000
"""Characters: more than any invitation; what is longer was not one."""

_OPENING = "ruhu://enrol?"
_BEGINS = re.compile(re.escape(_OPENING), re.ASCII | re.IGNORECASE)
_HOST = r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]"
_URL = re.compile(rf"(https?)://({_HOST})(:[0-9]{{1,5}})?((?:/[A-Za-z0-9._~-]+)*)", re.ASCII)
_CODE = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+){0,9}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEYBOARD = str.maketrans({"。": ".", "、": "/", "—": "-", "–": "-", "‐": "-", "−": "-"})
"""What a Chinese keyboard writes for ASCII and compatibility folding leaves alone."""


class InvitationError(PhoneError):
    code = "bad_invitation"
    words = (
        "邀请读不懂，请再扫一次，或完整粘贴；仍不行，请向乡镇办公室要新的。"
        " / The invitation cannot be read: scan it again or paste the whole of it; if it still fails, ask the desk for a new one."
    )


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where to enrol, with which one-time code, and whom to trust. Every part is in its one normal form, or InvitationError.

    `url` has no trailing slash; `code` is upper-case; `fingerprint` is 64 lower-case hex digits, or empty for a certificate that a
    public authority vouches for. Only https has a fingerprint.
    """

    url: str
    code: str
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if clean_url(self.url) != self.url:
            raise InvitationError("URL")
        if not _CODE.fullmatch(self.code) or len(self.code) > 100:
            raise InvitationError("注册码 / code")
        if self.fingerprint and not _FINGERPRINT.fullmatch(self.fingerprint):
            raise InvitationError("指纹 / fingerprint")
        if self.fingerprint and not self.url.startswith("https:"):
            raise InvitationError("有指纹的网址应以 https:// 开头 / a fingerprint needs https")

    @classmethod
    def of(cls, url: str, code: str, fingerprint: str = "") -> "Invitation":
        """An invitation from parts as a person types or copies them: spaces, full-width signs, small letters, colons."""
        return cls(clean_url(url), _clean(code).upper(), clean_fingerprint(fingerprint))

    @classmethod
    def read(cls, text: str) -> "Invitation":
        """The invitation in a scanned or pasted text; words before it do not matter, nor do parts that we do not know."""
        if len(text) > LONGEST:
            raise InvitationError
        plain = _clean(text)
        begins = _BEGINS.search(plain)
        if not begins:
            raise InvitationError
        parts: dict[str, str] = {}
        for part in plain[begins.end() :].split("&"):
            name, _, value = part.partition("=")
            if name in parts:
                raise InvitationError(name)
            parts[name] = value
        if "u" not in parts or "c" not in parts:
            raise InvitationError("不完整 / incomplete")
        return cls.of(parts["u"], parts["c"], parts.get("f", ""))

    def text(self) -> str:
        """What the QR holds. The URL stands last, so that it needs no escaping."""
        pinned = f"f={self.fingerprint}&" if self.fingerprint else ""
        return f"{_OPENING}c={self.code}&{pinned}u={self.url}"


def clean_url(text: str) -> str:
    """A server's URL in its one form: scheme and host in small letters, no slash at the end. InvitationError for anything else."""
    scheme, colon, rest = _clean(text).rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    found = f"{scheme.lower()}{colon}{host.lower()}{slash}{path}"
    whole = _URL.fullmatch(found)
    if not whole or len(found) > 200 or int((whole[3] or ":1")[1:]) not in range(1, 65536):
        raise InvitationError("网址应形如 https://192.168.1.10:8000 / a URL looks like https://192.168.1.10:8000")
    return found


def clean_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as 64 small hex digits, from any way it is written; empty stays empty. InvitationError."""
    found = _clean(text).replace(":", "").lower()
    if found and not _FINGERPRINT.fullmatch(found):
        raise InvitationError("指纹应为 64 位十六进制 / a fingerprint is 64 hex digits")
    return found


def _clean(text: str) -> str:
    """Without white space and what cannot be seen, full-width signs made plain."""
    plain = unicodedata.normalize("NFKC", text).translate(_KEYBOARD)
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())
