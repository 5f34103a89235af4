"""The stage of the vault's tests: words that must never be found in a file, an enrolment with a key whose other half the test holds."""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from mobile.journal import read_lines
from mobile.notebook import Doors, Notebook
from mobile.store import Store
from server.upkeep.recovery import Opener
from shared.kinds import KINDS
from shared.photos import name_of
from shared.record import Key, Record
from shared.sync.phone import Copy, Enrolment, Mend, Written

VILLAGE = "451422103201"
PIN, OTHER_PIN, WRONG = "135790", "246813", "999998"
COST = 16
"""scrypt's n for tests: no strength, no waiting."""

HEAD, MEMBER, NAME = "覃桂兰", "韦大山", "农小妹"
IDENTITY, PHONE = "452132196305061234", "13877125566"
TOKEN = "451422103.Xk3v9-token-of-nobody-else"
TYPED = "屋顶漏雨，还没写完"
REFUSED = "这一句被退回了"
PHOTO = b"\xff\xd8\xff\xe0" + b"a roof that leaks" * 500 + b"\xff\xd9"
WORDS = (HEAD, MEMBER, NAME, IDENTITY, PHONE, TOKEN, TYPED, REFUSED)


def new_id(number: int) -> str:
    return f"0190a8a0-0000-7000-8000-{number:012d}"


# --- what lies on the disk -----------------------------------------------------------------------------------------


def forms(word: str) -> Iterator[bytes]:
    """A word in every way it could stand in a file."""
    escaped = json.dumps(word)[1:-1]
    for text in {word, escaped, escaped.upper().replace("\\U", "\\u")}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            yield text.encode(encoding)
    yield word.encode("gb18030")
    for cut in range(3):  # base64 of it, whatever stands before
        text = base64.b64encode(b"\0" * cut + word.encode())
        yield text[(8 * cut + 5) // 6 : -4]


def found_in(folder: Path, words: Iterable[str] = WORDS) -> list[tuple[str, str]]:
    """(file, word) wherever a word can be read in any file under a folder, its own name included."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "ballast"]
    read = {path: path.name.encode() + b"\n" + path.read_bytes() for path in files}
    return [(path.name, word) for path, data in read.items() for word in words if any(f in data for f in forms(word))]


def photos_in(folder: Path) -> list[str]:
    """Files under a folder in which a photo begins, or can be seen."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "ballast"]
    return [path.name for path in files if b"\xff\xd8\xff" in path.read_bytes() or PHOTO[50:90] in path.read_bytes()]


# --- a server's key, and who is enrolled ---------------------------------------------------------------------------


class Key25519:
    """A township's key pair. `public` is what an enrolment carries."""

    def __init__(self) -> None:
        private = X25519PrivateKey.generate()
        self.public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        self._opener = Opener(private.private_bytes_raw())

    def open(self, sealed: bytes) -> dict[str, Any]:
        plain = self._opener.open(sealed.decode())
        assert plain is not None
        body: dict[str, Any] = json.loads(plain)
        return body

    def journal(self, folder: Path) -> dict[int, dict[str, Any]]:
        """Number to what its last line says, of a folder's journal."""
        opened = {number: self.open(sealed) for number, sealed in read_lines(folder)}
        assert all(number == body["change"]["number"] for number, body in opened.items())
        return opened


def enrolment(key: str, device: str = "phone1", token: str = TOKEN) -> Enrolment:
    user = {"id": "user-1", "name": NAME, "roles": ["cadre"]}
    server = {"name": "海渊镇", "epoch": "e1", "time": "2018-09-03T10:15:00+08:00", "key": key}
    return Enrolment("https://ruhu.example", device, token, "451422103", user, server, [device], fingerprint="ab" * 32)


def enrol(store: Store, key: str, **who: str) -> Notebook:
    """A store enrolled by hand, without a server."""
    store.together(lambda: store.set_enrolment(enrolment(key, **who)))
    return Notebook(store, KINDS, Doors())


def change(number: int, id_: int = 1, **values: Any) -> Written:
    return Written(number, "household", new_id(id_), VILLAGE, None, f"{number:012x}-0000-phone1", dict(values), {})


def fill(store: Store, key: str) -> Notebook:
    """A profile with something of everything, all of it somebody's."""
    notebook = enrol(store, key)
    home = Record("household", new_id(1), VILLAGE, None, {"head_name": HEAD, "phone": PHONE}, {})
    home.stamps = dict.fromkeys(home.values, "000000000001-0000-other")
    person = Record("member", new_id(2), VILLAGE, new_id(1), {"name": MEMBER, "identity": IDENTITY}, {})
    person.stamps = dict.fromkeys(person.values, "000000000002-0000-other")
    mend = Mend(1, *home.key, VILLAGE, None, "000000000003-0000-phone1", {"remark": REFUSED}, "invalid", REFUSED, {})
    gone = Record("household", new_id(3), VILLAGE, None, {"head_name": HEAD * 40}, {"head_name": "1-0-x"})

    def work() -> None:
        store.set_grants({f"village:{VILLAGE}": 7}, [f"village:{VILLAGE}"])
        store.keep([home, person, gone])
        store.put_copy(Copy(person, left=False))
        store.add_mend(mend)

    store.together(work)
    store.together(lambda: store.drop_copy(gone.key))
    notebook.write("household", new_id(1), {"remark": f"{HEAD}说{TYPED}"})
    notebook.write("household", new_id(4), {"head_name": MEMBER}, village=VILLAGE)
    store.put_draft(Key("visit", new_id(5)), {"remark": TYPED, "participants": [NAME]})
    for number, sent in ((6, False), (7, True)):
        id_ = new_id(number)
        store.photo_files.keep(id_, PHOTO)
        store.photo_files.mark(id_, sent)
        body = {"field": "photos", "name": name_of(PHOTO), "bytes": len(PHOTO), "why": REFUSED}
        store.together(lambda: store.put_photo(id_, Key("visit", new_id(5)), "sent" if sent else "here", body))  # noqa: B023
    return notebook


def everything(store: Store) -> dict[str, Any]:
    """All that a store tells, to be compared."""
    return {
        "facts": {name: store.fact(name) for name in ("enrolment", "next_number", "clock", "epoch")},
        "changes": [store.numbered(number) for number in store.numbers()],
        "copies": {kind: store.copies(kind) for kind in KINDS},
        "briefs": {kind: store.briefs(kind) for kind in KINDS},
        "mends": store.mends(),
        "drafts": store.drafts(),
        "grants": store.grants(),
        "highest": store.highest_stamp(),
        "photos": [store.photos_that_are(state) for state in ("here", "sent")],
        "pictures": {id_: store.photo_files.read(id_) for id_ in store.photo_files.ids()},
    }
