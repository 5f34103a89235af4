"""`make screenshots`: a day with the app against a real server with made-up people, and a picture of every page on the way.

    python -m tests.journeys.pictures FOLDER [WORD]    # only the pictures whose name holds WORD

Promises: the same day every time, at 360x740 dp and density 2; every page is reached by touches a person could make. Leaves to others:
looking at them.
"""

import os

os.environ["KIVY_METRICS_DENSITY"] = "2"

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shared.moments import milliseconds
from tests.demo import Office
from tests.journeys.app_phone import AppPhone
from tests.journeys.glass import GlassHand, on_glass
from tests.journeys.test_visit import Phone, Watch
from tests.scenes import photograph

NOON = milliseconds("2018-10-29T09:05:00+08:00")
CADRE = "韦振宁"
DESK = "谭建强"


class Album:
    """Pictures, numbered in the order of the day."""

    def __init__(self, folder: Path, word: str = "") -> None:
        self.folder = folder
        self.word = word
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, phone: AppPhone, name: str, down: float = 0, at: str = "") -> None:
        """Picture the page, scrolled `down` by so many pixels, or until what is called `at` can be touched."""
        self.count += 1
        if self.word and self.word not in name:
            return
        hand = phone.hand
        assert isinstance(hand, GlassHand)
        hand.still(down)
        if at:
            hand.glass.reveal(hand.glass.find(at))
            hand.glass.frames(40)
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
    _rest(album, phone, office, folder)
    phone.hand.put_away()
    _party_member(album, office, folder)


def _shoot(phone: AppPhone, slot: str, *scenes: str) -> None:
    """Photos, one after the other."""
    for number, scene in enumerate(scenes):
        phone.device.camera.answers.append(photograph(scene, number, scene == "roof" and number == 1))
        phone.hand.tap(slot, "add")


def _visit(album: Album, phone: AppPhone) -> None:
    session = phone.app.session
    session.sending.pause()  # how far the photos are is the day's to say
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
    album.take(phone, "visit-no-photos", at="photos.add")
    _shoot(phone, "photos", "roof", "roof")
    album.take(phone, "visit-photos", at="photos.0")
    phone.hand.tap("photos", "1")
    album.take(phone, "photo")
    phone.hand.tap("delete")
    album.take(phone, "photo-deleted", at="photos.0")
    phone.hand.tap("undo")
    phone.hand.tap("all_ok") if phone.hand.has("all_ok") else phone.hand.tap("as_before")
    phone.hand.tap("finish")
    album.take(phone, "visit-short")
    phone.minutes(14)
    phone.hand.tap("finish")
    album.take(phone, "visit-done")


def _rest(album: Album, phone: AppPhone, office: Office, folder: Path) -> None:
    """Clean-up, the ledger, disagreements, what was refused, one's own page; then the same app in English."""
    session, hand = phone.app.session, phone.hand
    home = next(e.household for e in session.notebook.entries("cleanup_check") if e.household)
    phone.app.go("household", id=str(home))
    hand.tap("cleanup")
    album.take(phone, "cleanup")
    hand.tap("as_before")
    hand.tap("e4_rubbish", "-")
    for _ in range(14):
        hand.tap("e4_rubbish", "-")
    hand.tap("red_lines", "露天垃圾堆")
    album.take(phone, "cleanup-rebound")
    _shoot(phone, "photos_before", "yard")
    _shoot(phone, "photos", "yard_clean", "lane")
    album.take(phone, "cleanup-photos", at="photos.0")
    check = phone.app.page.where["id"]
    hand.tap("save")
    album.take(phone, "cleanup-asked")
    hand.tap("later")
    _two_of_three(album, phone, str(home), check)
    phone.app.go("cleanups")
    album.take(phone, "cleanups")

    phone.app.go("problems")
    album.take(phone, "problems")
    one = next(
        (p for p in session.problems() if p.standing.state in ("assigned", "in_progress")), session.problems()[0]
    )
    phone.app.go("problem", id=one.entry.id)
    album.take(phone, "problem")
    step = next((name for name in ("step/fixed", "step/started", "step/verified") if hand.has(name)), "")
    if step:
        hand.tap(step)
        album.take(phone, "step")

    _disagree(phone, office, folder, str(home))
    phone.app.go("today")
    album.take(phone, "today-news")
    phone.app.go("conflicts")
    album.take(phone, "conflicts")
    phone.app.go("conflict", id=session.conflicts()[0].shown.record.id)
    album.take(phone, "conflict")
    phone.app.go("mend")
    album.take(phone, "mend")
    phone.app.go("mend_one", number=str(session.notebook.mends()[0].number))
    album.take(phone, "mend-one")

    phone.app.go("me")
    album.take(phone, "me")
    album.take(phone, "me-below", down=500)
    for page in ("waiting", "about", "diagnostics", "feedback", "pin"):
        phone.app.go(page)
        album.take(phone, page)
    phone.app.go("record", kind="household", id=str(home), household=str(home))
    album.take(phone, "record")
    _english(album, phone, str(home))
    phone.app.lock()
    album.take(phone, "unlock")
    hand.pin("111112")
    phone.wait(lambda: hand.sees("left") or hand.sees("还可以试"), "the wrong PIN to be said")
    album.take(phone, "wrong-pin")


def _two_of_three(album: Album, phone: AppPhone, home: str, check: str) -> None:
    """Two photos of a check are through and one is on its way; one of the visit's was refused."""
    photos, hand = phone.app.session.photos, phone.hand
    first, second, third = photos.of("cleanup_check", check)
    photos.arrived(first.id)
    photos.arrived(second.id)
    photos.progress(third.id, "upload", third.bytes * 2 // 5)
    phone.app.go("household", id=home)
    album.take(phone, "household-photos", down=2400)
    hand.tap(f"cleanup_check/{check}")
    album.take(phone, "record-photos", at="photos.1")
    hand.tap("photos", "1")
    album.take(phone, "photo-on-its-way")
    phone.app.set_setting("language", "en")
    phone.app.go("household", id=home)
    hand.tap(f"cleanup_check/{check}")
    album.take(phone, "en-record-photos", at="photos.1")
    phone.app.set_setting("language", "zh")
    refused = photos.all()[0]
    photos.refused(refused.id, "照片里夹带别的文件，没有收下。 / Another file hides in the picture; it was not taken.")
    phone.app.go("waiting")
    album.take(phone, "waiting-photos")
    hand.tap(f"photo/{refused.id}")
    album.take(phone, "photo-refused", down=300)
    phone.app.go("me")
    album.take(phone, "me-photos", down=160)
    phone.app.go("today")
    album.take(phone, "today-photos")


def _disagree(phone: AppPhone, office: Office, folder: Path, home: str) -> None:
    """Another cadre corrects the same number, unseen; the township refuses a step that only the desk may take."""
    others = [u for u in office("user", "list")["users"] if "cadre" in str(u["roles"]) and u["name"] != CADRE]
    session = phone.app.session
    village = session.notebook.get("household", home).record.village
    name = next(str(u["name"]) for u in others if f"village:{village}" in str(u["grants"]))
    watch = Watch()
    watch.ms = phone.device.clocks.wall
    other = Phone(folder / "other", watch, office, office("enrol", name)["code"])
    session.notebook.write("household", home, {"phone": "13800000001"})
    problem = session.problems()[0]
    step = {"problem": problem.entry.id, "step": "accepted", "at": "2018-10-29T09:40:00+08:00", "by_name": CADRE}
    session.notebook.write("problem_step", None, step, village=problem.entry.village, household=problem.entry.household)
    other.write("household", home, {"phone": "13900000002"})
    other.line.once()
    phone.sync()
    session.notebook.write("household", home, {"remark": "路口第二家"})


def _english(album: Album, phone: AppPhone, home: str) -> None:
    phone.app.set_setting("language", "en")
    for page in ("today", "households", "problems", "me", "cleanups"):
        phone.app.go(page)
        album.take(phone, f"en-{page}")
    phone.app.go("household", id=home)
    album.take(phone, "en-household")
    phone.hand.tap("start")
    album.take(phone, "en-visit")
    album.take(phone, "en-visit-below", down=260)


def _party_member(album: Album, office: Office, folder: Path) -> None:
    """Somebody linked to a few households, and nothing more."""
    names = [str(u["name"]) for u in office("user", "list")["users"] if "party_member" in str(u["roles"])]
    phone = AppPhone(folder / "member", on_glass, NOON)
    phone.enrol(_invited(office, names[0]))
    album.take(phone, "member-today")
    phone.hand.tap("contacts")
    album.take(phone, "contacts")
    phone.app.go("contact", link=phone.app.session.links()[0].id, id=phone.app.doors.new_id())
    album.take(phone, "contact")
    phone.hand.put_away()


def main(folder: str, word: str = "") -> None:
    with tempfile.TemporaryDirectory(prefix="ruhu-day-") as scratch, _office(Path(scratch) / "office") as office:
        a_day(Album(Path(folder), word), office, Path(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:3])
