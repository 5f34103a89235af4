"""Pictures for tests of keeping, sweeping and backing up: any bytes will do there, for only their sums are looked at."""

import hashlib
import uuid
from typing import Any

from server.photos.store import Held
from server.service import Service
from tests.server.backup_town import TOWNSHIP, Phone, Town

DAY = 86_400_000


def service_of(town: Town) -> Service:
    found: Service = town.app.extensions["ruhu"]
    return found


def name_of(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def hang(town: Town, word: str, arrived_at: int, *, township: str = TOWNSHIP, size: int = 0) -> str:
    """Put a picture as an upload would; its name. `word` tells one from another."""
    picture = b"\xff\xd8\xff" + word.encode() + bytes(size)
    small = picture[:3] + word.encode()[::-1]
    held = Held(
        name_of(word), "phone", arrived_at, len(picture), hashlib.sha256(picture).hexdigest(), 1600, 1200,
        len(small), hashlib.sha256(small).hexdigest(),
    )  # fmt: skip
    service_of(town).photos.put(township, held, picture, small)
    return held.name


def take(phone: Phone, kind: str, field: str, names: list[str], **values: Any) -> str:
    """A record that names these pictures; its id."""
    id_ = str(uuid.uuid4())
    reply = phone.sync(phone.change(kind, id_, {field: names} | values))
    assert not reply["refused"], reply
    return id_


def begin(town: Town, now: int, length: int = 1000, came: bytes = b"abc", device: str = "phone") -> str:
    """An upload that stopped after a few bytes; its id."""
    from server.photos.uploads import About

    uploads = service_of(town).uploads
    upload = uploads.begin(TOWNSHIP, About(name_of(str(uuid.uuid4())), "visit", str(uuid.uuid4()), device, length, now))
    uploads.append(TOWNSHIP, device, upload.id, 0, [came], now)
    return upload.id
