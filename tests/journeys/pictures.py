"""`make screenshots`: a day with the app against a real server with made-up people, and a picture of every page on the way.

    python -m tests.journeys.pictures FOLDER [WORD]    # only the pictures whose name holds WORD

Promises: the same day every time, at 360x740 dp and density 2; every page is reached by touches a person could make. Leaves to others:
looking at them.
"""

import os

os.environ["KIVY_METRICS_DENSITY"] = "2"

import contextlib  # noqa: E402 - the density must stand before Kivy is imported
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

from shared.moments import milliseconds  # noqa: E402
from tests.demo import Office  # noqa: E402
from tests.journeys.app_phone import AppPhone  # noqa: E402
from tests.journeys.glass import GlassHand, on_glass  # noqa: E402

NOON = milliseconds("2018-10-22T09:05:00+08:00")
CADRE = "韦振宁"
DESK = "谭建强"


class Album:
    """Pictures, numbered in the order of the day."""

    def __init__(self, folder: Path, word: str = "") -> None:
        self.folder = folder
        self.word = word
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, phone: AppPhone, name: str, down: float = 0) -> None:
        """Picture the page, scrolled `down` by so many dp."""
        self.count += 1
        if self.word and self.word not in name:
            return
        hand = phone.hand
        assert isinstance(hand, GlassHand)
        hand.still(down)
        hand.screenshot(self.folder / f"{self.count:02d}-{name}.png")
        print(f"  {self.count:02d}-{name}.png", flush=True)


@contextlib.contextmanager
def _office(folder: Path) -> Iterator[Office]:
    office = Office(folder)
    office("upgrade")
    office("demo-data", "--villages", "2", "--seed", "3", "--households", "60")
    office.open()
    try:
        yield office
    finally:
        office.kill()


def _invited(office: Office, name: str) -> str:
    return str(office("enrol", name, "--url", f"http://127.0.0.1:{office.port}")["invitation"])


def a_day(album: Album, office: Office, folder: Path) -> None:
    """From the QR to the evening."""
    phone = AppPhone(folder / "phone", on_glass, NOON)
    album.take(phone, "welcome")
    phone.hand.tap("start")
    album.take(phone, "enrol")
    phone.hand.back()
    phone.enrol(_invited(office, CADRE), lambda: album.take(phone, "pin"))
    album.take(phone, "today")
    phone.hand.tap("households")
    album.take(phone, "households")
    phone.hand.type("search", "qx")
    album.take(phone, "search")
    phone.hand.type("search", "没有这个人")
    album.take(phone, "search-empty")
    phone.hand.back()
    _visit(album, phone)
    _rest(album, phone, office)
    phone.hand.put_away()


def _visit(album: Album, phone: AppPhone) -> None:
    session = phone.app.session
    visited = [e.household for e in session.notebook.entries("visit")]
    due = [place.household for place in session.due().places if place.household]
    home = next((id_ for id_ in due if id_ in visited), due[0])
    phone.app.go("household", id=str(home))
    album.take(phone, "household")
    album.take(phone, "household-below", down=600)
    phone.hand.tap("start")
    album.take(phone, "visit")
    phone.minutes(17)
    phone.hand.tap("guarantees_status", "有问题")
    phone.hand.type("guarantees_note", "厨房西角漏雨，雨季没法做饭")
    album.take(phone, "visit-running", down=230)
    phone.hand.tap("problem/guarantees")
    album.take(phone, "new-problem")
    phone.hand.back()
    phone.hand.tap("all_ok") if phone.hand.has("all_ok") else phone.hand.tap("as_before")
    phone.hand.tap("finish")
    album.take(phone, "visit-short")
    phone.minutes(14)
    phone.hand.tap("finish")
    album.take(phone, "visit-done")


def _rest(album: Album, phone: AppPhone, office: Office) -> None:
    """Every other page, and the same in English."""


def main(folder: str, word: str = "") -> None:
    with tempfile.TemporaryDirectory(prefix="ruhu-day-") as scratch, _office(Path(scratch) / "office") as office:
        a_day(Album(Path(folder), word), office, Path(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:3])
