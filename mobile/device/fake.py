"""A device that a test tells what to answer. `fake()` makes one; each part remembers what it was asked.

What waits for a person stays open until the test says what the person did (`answer`), or answers at once from `answers`. Promises: what the
doors say, in memory and without waiting. Leaves to others: files under the folder that a test gives.
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobile.device.desktop import check_name, photograph, put_picture
from mobile.device.ports import Device, Fix, KeyGone, KeyStoreBusy, NotOnThisDevice, Soon
from mobile.disk import StorageFull
from shared.sync.phone import PhoneError

FAKE_LONGEST = 320
"""Pixels: enough to look at, quick to draw."""


@dataclass(frozen=True, slots=True)
class FakeDevice(Device):
    """A Device whose parts are the fakes below, so that a test reads what they remember."""

    key_store: "FakeKeyStore"
    clocks: "FakeClocks"
    camera: "FakeCamera"
    location: "FakeLocation"
    text_dialog: "FakeTextDialog"
    secure_window: "FakeWindow"
    scanner: "FakeScanner"
    back: "FakeBack"
    share: "FakeShare"
    network: "FakeNetwork"


def fake(soon: Soon = lambda work: work()) -> FakeDevice:
    """A device that has everything."""
    return FakeDevice(
        key_store=FakeKeyStore(),
        clocks=FakeClocks(),
        camera=FakeCamera(soon),
        location=FakeLocation(soon),
        text_dialog=FakeTextDialog(soon),
        secure_window=FakeWindow(),
        scanner=FakeScanner(soon),
        back=FakeBack(),
        share=FakeShare(),
        network=FakeNetwork(),
    )


@dataclass
class FakeKeyStore:
    """Keys in memory. `lose` is what a system upgrade does; while `busy`, nothing answers."""

    busy: bool = False
    _kept: dict[str, dict[bytes, bytes]] = field(default_factory=dict)

    def wrap(self, name: str, plain: bytes) -> bytes:
        self._look(name)
        sealed = secrets.token_bytes(32)
        self._kept.setdefault(name, {})[sealed] = bytes(plain)
        return sealed

    def unwrap(self, name: str, sealed: bytes) -> bytes:
        self._look(name)
        try:
            return self._kept[name][bytes(sealed)]
        except KeyError:
            raise KeyGone from None

    def destroy(self, name: str) -> None:
        self._look(name)
        self._kept.pop(name, None)

    def lose(self, name: str | None = None) -> None:
        """This key is gone, or all of them."""
        for one in [name] if name else list(self._kept):
            self._kept.pop(one, None)

    def _look(self, name: str) -> None:
        check_name(name)
        if self.busy:
            raise KeyStoreBusy


@dataclass
class FakeClocks:
    """Clocks that stand until a test moves them: `wall` in ms since 1970, `since_boot` in seconds."""

    wall: int = 1_535_940_900_000
    since_boot: float = 1_000.0
    boots: int = 1

    def now_ms(self) -> int:
        return self.wall

    def mono(self) -> float:
        return self.since_boot

    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def advance(self, seconds: float) -> None:
        """Time passes on every clock."""
        self.wall += round(seconds * 1000)
        self.since_boot += seconds

    def restart(self, seconds: float = 60) -> None:
        """The phone was off for this long, and is on again."""
        self.wall += round(seconds * 1000)
        self.since_boot = 0.0
        self.boots += 1


class _Person:
    """A question to a person: open until `answer`, or answered at once from `answers`, the oldest first."""

    def __init__(self, soon: Soon) -> None:
        self.soon = soon
        self.answers: deque[Any] = deque()
        self.waiting: deque[Callable[[Any], None]] = deque()

    def put(self, question: Callable[[Any], None]) -> None:
        self.waiting.append(question)
        if self.answers:
            self.answer(self.answers.popleft())

    def answer(self, value: Any) -> None:
        """What the person did about the oldest open question; IndexError when nothing was asked."""
        question = self.waiting.popleft()
        self.soon(lambda: question(value))


class FakeCamera(_Person):
    """Answer with a file's very bytes, True for a drawn house (small, no two the same), None for a change of mind, or a PhoneError."""

    available = True
    full = False
    """While it is, nothing that a kill left can be made into a photograph."""

    def take(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        def taken(picture: bytes | bool | PhoneError | None) -> None:
            if picture is None or picture is False or isinstance(picture, PhoneError):
                done(picture or None)
            else:
                done(put_picture(into, photograph(longest=FAKE_LONGEST) if picture is True else picture))

        self.put(taken)

    def left_behind(self, into: Path) -> Path | PhoneError | None:
        if self.full and into.exists():
            return StorageFull()
        return into if into.exists() else None


class FakeLocation(_Person):
    """Answer with a Fix, or None for none. `asked_for` holds the seconds of every call."""

    def __init__(self, soon: Soon) -> None:
        super().__init__(soon)
        self.asked_for: list[float] = []

    def one_fix(self, done: Callable[[Fix | None], None], seconds: float = 60) -> None:
        self.asked_for.append(seconds)
        if self.waiting:
            self.answer(None)
        self.put(done)

    @property
    def listening(self) -> bool:
        return bool(self.waiting)


class FakeTextDialog(_Person):
    """Answer with what was written, None for Cancel. `shown` holds (title, text, multiline, hint) of every call."""

    def __init__(self, soon: Soon) -> None:
        super().__init__(soon)
        self.available = True
        self.shown: list[tuple[str, str, bool, str]] = []

    def ask(self, title: str, text: str, multiline: bool, hint: str, done: Callable[[str | None], None]) -> None:
        if not self.available:
            raise NotOnThisDevice
        self.shown.append((title, text, multiline, hint))
        self.put(done)


class FakeScanner(_Person):
    """Answer with the code's text, None for a change of mind."""

    def __init__(self, soon: Soon) -> None:
        super().__init__(soon)
        self.available = True

    def scan(self, done: Callable[[str | None], None]) -> None:
        if not self.available:
            raise NotOnThisDevice
        self.put(done)


@dataclass
class FakeWindow:
    protected: bool = False

    def protect(self, on: bool) -> None:
        self.protected = on


@dataclass
class FakeBack:
    left: int = 0

    def leave(self) -> None:
        self.left += 1


@dataclass
class FakeShare:
    """`sent` holds (path, title, bytes) of every call; the copy is the original's path with `.sent`."""

    sent: list[tuple[Path, str, bytes]] = field(default_factory=list)

    def send(self, path: Path, title: str) -> Path:
        data = path.read_bytes()
        self.sent.append((path, title, data))
        copy = path.with_name(f"{path.name}.sent")
        copy.write_bytes(data)
        return copy


@dataclass
class FakeNetwork:
    state: bool | None = True

    def online(self) -> bool | None:
        return self.state
