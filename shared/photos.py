"""What both ends agree on about photographs: their names, which fields hold them, and how one travels (tus 1.0.0 under /api/v1/photos).

A record names its pictures (`shared.fields.Photos`); the pictures follow by a lane of their own and may come hours later. Promises: a name
is the SHA-256 of the very bytes that are sent, so that either end can tell a whole picture from a damaged one. Leaves to others: keeping
(`server.photos`, `mobile.photos`), sending (`mobile.sending`), and the protocol's words (https://tus.io/protocols/resumable-upload).
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from shared.fields import PHOTO, Photos
from shared.kind import Kind

__all__ = [
    "LONGEST", "MOST_A_RECORD", "MOST_BYTES", "PATH", "PHOTO", "QUALITY", "REFUSED", "TUS", "TUS_MEDIA_TYPE",
    "metadata", "name_of", "names_in", "photo_fields", "read_metadata",
]  # fmt: skip

PATH = "photos"
"""Under /api/v1/."""
TUS = "1.0.0"
TUS_MEDIA_TYPE = "application/offset+octet-stream"
MOST_A_RECORD = 3
"""Pictures that a form takes. The gate takes more: two people may each have added three."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one picture as sent; Tus-Max-Size."""
LONGEST = 1600
"""Pixels of the longer side, as a phone sends it and as the township keeps it."""
QUALITY = 75
"""Of the JPEG."""
REFUSED = frozenset({"wrong_hash", "not_a_picture", "unsafe_picture", "too_many_pixels", "too_large"})
"""Our words, in a refusal's `code`, for bytes that will never be taken, however often they are sent. A wrong hash may be the way's fault:
that one is sent once more from the beginning."""


def name_of(data: bytes) -> str:
    """What a picture of these bytes is called."""
    return hashlib.sha256(data).hexdigest()


def photo_fields(kind: Kind) -> list[str]:
    """The fields of a kind that hold pictures, in the form's order."""
    return [name for name, field in kind.fields.items() if isinstance(field, Photos)]


def names_in(kind: Kind, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every picture that a record names, as (field, name), in the form's order."""
    for field in photo_fields(kind):
        for name in values.get(field) or ():
            yield field, name


def metadata(given: Mapping[str, str]) -> str:
    """An Upload-Metadata header. A picture's has ``name`` (its SHA-256), and ``kind`` and ``id`` of a record that names it."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in given.items())


def read_metadata(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header. ValueError for what is none."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _, coded = pair.strip().partition(" ")
        try:
            value = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError(pair) from error
        if not key or key in found:
            raise ValueError(pair)
        found[key] = value
    return found
