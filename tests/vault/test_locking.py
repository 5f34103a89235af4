"""The lock and the app around it: a sync that hangs, answers that come when the phone is locked again, a full disk, what is damaged.

The app on paper over real profiles, real stores and real threads; only the township is scripted.
"""

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mobile.carrying import JournalUnreadable
from mobile.device.fake import FakeDevice, fake
from mobile.disk import ProfileClosed
from mobile.journal import JOURNAL
from mobile.pages.application import AWAY_S, PLACE, Application, in_thread
from mobile.profiles import Profiles
from mobile.session import LAST_SYNC, SyncState
from mobile.store import SET_ASIDE, Store
from mobile.syncing import Fault, Outcome
from mobile.vault import PIN_DIGITS
from shared.sync.converse import Summary
from shared.sync.phone import PhoneError
from tests.mobile.township import Line, Township
from tests.pages.hand import Hand, PaperScreen, at_once
from tests.vault.stage import COST, NAME, OTHER_PIN, PIN, VILLAGE, Key25519

GARBAGE = bytes(range(1, 60))
"""What no key has sealed."""


class Town(Township):
    """A township whose line may hang: `silent` is cleared by whoever lets it answer."""

    def __init__(self, key: Key25519) -> None:
        super().__init__(now=lambda: 1_535_940_900_000)
        self.key = key
        self.answers, self.asked = threading.Event(), threading.Event()
        self.answers.set()

    def enrol(self, code: str) -> dict[str, Any]:
        body = super().enrol(code)
        body["user"]["name"] = NAME
        body["server"]["key"] = self.key.public
        return body

    def sync(self, token: str, request: dict[str, Any]) -> dict[str, Any]:
        reply = super().sync(token, request)
        self.asked.set()
        assert self.answers.wait(30)
        return reply


class Slow(Line):
    """The same, heard by a phone; enrolling may hang too."""

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        body = super().enrol(code, device)
        self._town.asked.set()
        assert self._town.answers.wait(30)
        return body

    @property
    def _town(self) -> Town:
        town = self.township
        assert isinstance(town, Town)
        return town


class Phone:
    """The app over a folder. `again` opens it anew, as after a kill."""

    def __init__(self, folder: Path, town: Town) -> None:
        self.folder, self.town = folder, town
        self.device: FakeDevice = fake()
        self.aside: Callable[..., None] | None = at_once
        self.hand = self.again()

    def again(self, quiet: bool = True) -> Hand:
        screen = PaperScreen()
        profiles = Profiles(self.folder / "profiles", self.device.key_store, 0, COST)
        app = Application(
            screen, self.folder, self.device, profiles,
            courier_for=lambda one: Slow(self.town, one.token), aside=self.aside,
        )  # fmt: skip
        app.quiet = quiet
        app.start()
        self.hand = Hand(app, screen)
        return self.hand

    @property
    def app(self) -> Application:
        return self.hand.app

    def enrol(self, pin: str = PIN) -> None:
        self.hand.tap("start" if self.app.page.name == "welcome" else "new")
        self.device.scanner.answers.append("ruhu://enrol?c=ABCD&u=http://127.0.0.1:9")
        self.hand.tap("scan")
        self.hand.pin(pin)
        self.hand.pin(pin)
        assert self.app.unlocked

    def wait(self, done: Callable[[], object]) -> None:
        until = time.monotonic() + 20
        while not done():
            assert time.monotonic() < until, self.hand.words()
            self.hand.breathe()


@pytest.fixture
def town(key: Key25519) -> Town:
    return Town(key)


@pytest.fixture
def phone(tmp_path: Path, town: Town) -> Phone:
    made = Phone(tmp_path, town)
    made.enrol()
    return made


def sync_thread() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sync"]


# --- a sync that hangs ------------------------------------------------------------------------------------------------


def test_locking_waits_for_no_request_that_hangs_and_what_it_brings_later_is_nobodys(
    phone: Phone, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    session = phone.app.session
    written = session.notebook.write("household", None, {"head_name": "覃秀英"}, village=VILLAGE)
    town.answers.clear()
    town.asked.clear()
    session.sync_now()
    assert town.asked.wait(10)
    began = time.monotonic()
    phone.app.lock()
    assert time.monotonic() - began < 2
    assert sync_thread(), "its request still hangs"
    with pytest.raises(ProfileClosed, match=" / "):
        session.store.fact("enrolment")

    # Somebody else takes the phone while the first one's thread winds down.
    town.user = "user-2"
    town.answers.set()
    phone.enrol(OTHER_PIN)
    other, shown = phone.app.session, phone.hand.view
    for thread in sync_thread():
        thread.join(20)
    while not phone.hand.screen.waiting.empty():
        phone.hand.breathe()
    assert phone.app.session is other
    assert phone.hand.view is shown
    assert other.store.count_unsent() == 0
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    # Nothing was lost: the township was told, the phone does not know it, and asks again.
    phone.app.lock()
    phone.hand.tap(phone.app.profiles.list()[0].label)
    phone.hand.pin(PIN)
    assert phone.app.session.store.count_unsent() == 1
    phone.app.session.syncing.once()
    assert phone.app.session.store.count_unsent() == 0
    assert phone.app.session.notebook.get("household", written.id).record.values["head_name"] == "覃秀英"


def test_a_fault_while_carrying_ends_no_syncing(
    phone: Phone, town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("覃秀英")

    session = phone.app.session
    monkeypatch.setattr(session, "_carry", broken)
    for _ in range(2):
        before = len(town.requests)
        session.sync_now()
        phone.wait(lambda before=before: len(town.requests) > before and not session.state.running)  # type: ignore[misc]
    (thread,) = sync_thread()
    assert thread.is_alive()
    assert "RuntimeError" in caplog.text
    assert "覃秀英" not in caplog.text
    phone.app.lock()
    thread.join(10)


def test_locked_while_enrolling_again_the_app_stays_locked(tmp_path: Path, town: Town) -> None:
    phone = Phone(tmp_path, town)
    phone.enrol()
    phone.app.lock()
    phone.aside = None
    phone.again()
    phone.hand.pin(PIN)
    phone.wait(lambda: phone.app.unlocked)
    phone.app.go("enrol")
    town.asked.clear()
    town.answers.clear()
    phone.device.scanner.answers.append("ruhu://enrol?c=EFGH&u=http://127.0.0.1:9")
    phone.hand.tap("scan")
    assert town.asked.wait(10)
    town.answers.set()
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(10)
    phone.app.lock()  # before the screen hears of it
    while not phone.hand.screen.waiting.empty():
        phone.hand.breathe()
    assert not phone.app.unlocked
    assert phone.app.page.name == "unlock"


def test_a_code_scanned_for_a_page_that_is_gone_enrols_nobody(phone: Phone, town: Town) -> None:
    phone.app.go("enrol")
    phone.hand.tap("scan")
    phone.app.lock()
    phone.hand.pin(PIN)
    phone.device.scanner.answer("ruhu://enrol?c=EFGH&u=http://127.0.0.1:9")
    assert town.enrolled == 1


def test_work_aside_that_has_a_fault_is_told_as_one_and_nobody_waits_for_ever() -> None:
    screen, results = PaperScreen(), []

    def broken() -> None:
        raise RuntimeError("覃秀英")

    in_thread(screen)(broken, results.append)
    screen.waiting.get(timeout=10)()
    assert isinstance(results[0], Fault)
    assert "覃秀英" not in str(results[0])


# --- away --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [AWAY_S, -1.0])
def test_the_clock_since_the_start_tells_how_long_and_one_that_began_anew_counts_as_long(
    phone: Phone, seconds: float
) -> None:
    phone.app.paused()
    phone.device.clocks.since_boot += seconds
    phone.device.clocks.wall -= 3_600_000  # the wall clock is anybody's to set
    phone.app.resumed()
    assert phone.app.page.name == "unlock"


def test_told_twice_that_it_is_out_of_sight_it_counts_from_the_first_time(phone: Phone) -> None:
    for _ in range(2):
        phone.app.paused()
        phone.device.clocks.advance(AWAY_S / 2 + 1)
    phone.app.resumed()
    assert not phone.app.unlocked


# --- a full disk --------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on nothing can be written."""

    def now() -> None:
        def no_room(*_: object) -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "fsync", no_room)
        monkeypatch.setattr(Store, "_before_commit", no_room)

    return now


def test_on_a_full_disk_pages_open_and_a_setting_holds_and_that_it_is_not_kept_is_said(
    phone: Phone, full: Callable[[], None]
) -> None:
    full()
    phone.app.go("me")
    phone.hand.tap("language", "English")
    assert phone.hand.sees("storage is full")
    assert phone.app.page.name == "me"
    assert phone.hand.sees("Settings")
    phone.app.session.sync_now()
    phone.wait(lambda: phone.app.session.state.error)
    assert phone.app.session.state.error.code == "storage_full"  # type: ignore[union-attr]
    phone.app.session.state = SyncState()
    phone.app.session._ended(Outcome(Summary()))  # a sync that ended well just before
    phone.app.lock()


def test_what_the_store_has_to_say_is_said_once(phone: Phone) -> None:
    phone.app.session.store.notice = "快满了。 / Nearly full."
    phone.app.go("today")
    phone.app.go("me")
    assert [text for text, _, _ in phone.hand.screen.toasts] == ["快满了。"]


def test_a_profile_is_removed_from_a_full_disk(phone: Phone, full: Callable[[], None]) -> None:
    phone.app.lock()
    (one,) = phone.app.profiles.list()
    full()
    phone.app.profiles.remove(one.id)
    assert phone.app.profiles.list() == []


# --- what is damaged ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [b"", b"\xff\xfe", b"[" * 200_000, b"null", b'{"url": [1], "language": {}}'])
def test_settings_that_cannot_be_read_keep_nobody_out(phone: Phone, settings: bytes) -> None:
    phone.app.lock()
    (phone.folder / "settings.json").write_bytes(settings)
    phone.again()
    phone.hand.pin(PIN)
    assert phone.app.page.name == "today"


@pytest.mark.parametrize("name", [PLACE, LAST_SYNC])
def test_a_damaged_note_of_the_apps_own_keeps_nobody_out(phone: Phone, name: str) -> None:
    store = phone.app.session.store
    store.together(lambda: store._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, GARBAGE))
    phone.app.stopped()
    phone.again()
    phone.hand.pin(PIN)
    assert phone.app.page.name == "today"
    assert phone.hand.sees("今天")


@pytest.mark.parametrize("place", [7, {"today": {}}, [["today"]], [["household", {"id": "gone"}]], [["today", 5]]])
def test_a_place_of_another_app_version_is_left_for_the_first_page(phone: Phone, place: Any) -> None:
    phone.app.session.note(PLACE, place)
    phone.app.stopped()
    phone.again()
    phone.hand.pin(PIN)
    assert phone.app.page.name == "today"


def test_a_first_page_that_cannot_be_drawn_says_why_and_the_diagnostics_and_the_lock_are_there(phone: Phone) -> None:
    session = phone.app.session
    session.notebook.write("household", None, {"head_name": "覃秀英"}, village=VILLAGE)
    session.syncing.once()
    for table in ("briefs", "copies"):
        session.store.together(lambda table=table: session.store._run(f"UPDATE {table} SET document = ?", GARBAGE))  # type: ignore[misc]
    phone.app.stopped()
    phone.again()
    phone.hand.pin(PIN)
    assert phone.hand.sees("损坏")
    assert not phone.hand.sees("正在打开")
    phone.app.go("diagnostics")
    assert phone.app.page.name == "diagnostics"
    phone.app.go("today")
    phone.hand.tap("lock")
    assert phone.app.page.name == "unlock"


def test_diagnostics_open_although_drafts_are_damaged(phone: Phone) -> None:
    store = phone.app.session.store
    store.together(lambda: store._run("INSERT INTO drafts VALUES ('visit', 'x', ?)", GARBAGE))
    phone.app.go("diagnostics")
    assert phone.hand.sees("unsealable")


def test_a_page_that_cannot_be_made_says_why_and_the_one_before_stays(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mobile.pages.me import MePage

    def refuse(*_: object, **__: object) -> None:
        raise PhoneError("不行 / No")

    monkeypatch.setattr(MePage, "__init__", refuse)
    for way in (phone.app.go, phone.app.instead):
        way("me")
        assert phone.app.page.name == "today"
        assert phone.hand.sees("不行")


def test_a_journal_that_cannot_be_read_keeps_nobody_from_the_lock(phone: Phone) -> None:
    phone.app.session.notebook.write("household", None, {"head_name": "覃秀英"}, village=VILLAGE)
    journal = phone.app.session.store.folder / JOURNAL
    phone.app.lock()
    journal.unlink()
    journal.mkdir()
    phone.again()
    assert phone.app.page.name == "unlock"
    (one,) = phone.app.profiles.list()
    assert one.waiting == 0
    with pytest.raises(JournalUnreadable):
        phone.app.profiles.remove(one.id)


def test_a_database_that_is_gone_takes_no_sealed_word_along(phone: Phone, key: Key25519) -> None:
    phone.app.session.notebook.write("household", None, {"head_name": "覃秀英"}, village=VILLAGE)
    folder = phone.app.session.store.folder
    phone.app.lock()
    (folder / "phone.sqlite3").unlink()
    phone.again()
    phone.hand.pin(PIN)
    assert phone.app.page.name == "enrol"
    assert phone.hand.sees(SET_ASIDE.format(n=1).split(" / ")[0])
    (line,) = (folder / "lost.journal").read_bytes().splitlines()
    assert key.open(line.split(b" ")[1])["change"]["set"] == {"head_name": "覃秀英"}


def test_a_damaged_lock_is_not_told_as_ten_wrong_pins(phone: Phone) -> None:
    folder = phone.app.session.store.folder
    phone.app.lock()
    (folder / "vault.json").write_bytes(b"{}")
    phone.again()
    phone.hand.tap(NAME)
    assert phone.hand.sees("锁损坏")
    assert not phone.hand.sees("10 次")


# --- a profile that was not enrolled to the end ---------------------------------------------------------------------------


def test_back_from_a_profile_half_enrolled_leaves_the_app_and_opens_no_page_that_needs_more(
    tmp_path: Path, town: Town
) -> None:
    phone = Phone(tmp_path, town)
    phone.app.profiles.create(PIN)
    phone.app.profiles.lock()
    phone.again()
    phone.hand.pin(PIN)
    assert phone.app.page.name == "enrol"
    phone.hand.back()
    assert phone.app.page.name == "enrol"
    assert phone.device.back.left == 1


# --- what can be reached after the lock ------------------------------------------------------------------------------------


def test_nothing_that_the_locked_app_holds_leads_to_a_token_a_word_or_a_pin(phone: Phone) -> None:
    import gc
    import types

    phone.app.session.notebook.write("household", None, {"head_name": "覃秀英"}, village=VILLAGE)
    token = phone.app.session.store.enrolment().token  # type: ignore[union-attr]
    phone.app.go("households")
    phone.app.lock()
    seen: set[int] = set()
    waiting: list[Any] = [{k: v for k, v in vars(phone.app).items() if k != "courier_for"}]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | types.ModuleType | types.FrameType):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            text = one if isinstance(one, str) else one.decode("utf-8", "replace")
            assert token not in text
            assert "覃秀英" not in text
            assert text != PIN
        elif not (isinstance(one, dict) and "__builtins__" in one):
            waiting += gc.get_referents(one)
    assert len(PIN) == PIN_DIGITS
