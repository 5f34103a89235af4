"""What every device must do, door by door: one suite that fake, desktop and Android adapter inherit, and a text box drawn by the app too.

A suite is a class named ...Contract; an heir is named Test... and says how its adapter is made and what the person in front of it does.
The answers of `done` arrive at once in these tests: an heir hands its adapter a `soon` that runs the work where it stands.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mobile.device.ports import (
    Back,
    Camera,
    Clocks,
    Fix,
    KeyGone,
    KeyStore,
    Location,
    Network,
    Scanner,
    SecureWindow,
    Share,
    TextDialog,
)
from mobile.disk import StorageFull
from mobile.jpeg import bare
from mobile.notebook import Doors
from mobile.visits import Reading
from shared.photos import LONGEST

NAME, OTHER = "ruhu-0123456789abcdef", "label"


def at_once(work: Callable[[], None]) -> None:
    work()


class KeyStoreContract:
    """`keys` makes the adapter; `again` makes another over the same device, as after a restart of the app."""

    def keys(self, tmp_path: Path) -> KeyStore:
        raise NotImplementedError

    def again(self, keys: KeyStore, tmp_path: Path) -> KeyStore:
        raise NotImplementedError

    def test_what_was_wrapped_is_unwrapped_as_it_was(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        for plain in (b"\0" * 32, b"", b"\xff" * 1000):
            assert keys.unwrap(NAME, keys.wrap(NAME, plain)) == plain

    def test_what_is_wrapped_does_not_show_and_is_never_twice_the_same(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        sealed = [keys.wrap(NAME, b"the data key of a profile") for _ in range(3)]
        assert len(set(sealed)) == 3
        assert all(isinstance(one, bytes) and b"data key" not in one for one in sealed)
        assert [keys.unwrap(NAME, one) for one in sealed] == [b"the data key of a profile"] * 3

    def test_the_key_survives_a_restart_of_the_app(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        sealed = keys.wrap(NAME, b"words")
        assert self.again(keys, tmp_path).unwrap(NAME, sealed) == b"words"

    def test_a_destroyed_key_is_gone_for_good_and_a_new_one_opens_nothing_old(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        sealed = keys.wrap(NAME, b"words")
        keys.destroy(NAME)
        with pytest.raises(KeyGone):
            keys.unwrap(NAME, sealed)
        fresh = keys.wrap(NAME, b"new words")
        with pytest.raises(KeyGone):
            keys.unwrap(NAME, sealed)
        assert keys.unwrap(NAME, fresh) == b"new words"

    def test_destroying_a_key_that_is_not_there_is_no_error(self, tmp_path: Path) -> None:
        self.keys(tmp_path).destroy(NAME)

    def test_one_name_does_not_open_what_another_wrapped(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        keys.wrap(OTHER, b"x")
        sealed = keys.wrap(NAME, b"words")
        with pytest.raises(KeyGone):
            keys.unwrap(OTHER, sealed)
        keys.destroy(OTHER)
        assert keys.unwrap(NAME, sealed) == b"words"

    def test_damaged_words_are_not_opened(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        sealed = keys.wrap(NAME, b"words")
        for damaged in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:5], b""):
            with pytest.raises(KeyGone):
                keys.unwrap(NAME, damaged)

    def test_a_name_that_is_no_name_is_refused(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        for name in ("", "../key", "A", "a" * 65, "键"):
            with pytest.raises(ValueError, match="not a key's name"):
                keys.wrap(name, b"x")
            with pytest.raises(ValueError, match="not a key's name"):
                keys.unwrap(name, b"x")
            with pytest.raises(ValueError, match="not a key's name"):
                keys.destroy(name)

    def test_the_words_of_a_lost_key_say_what_to_do(self) -> None:
        assert "乡镇办公室" in str(KeyGone())
        assert " / " in str(KeyGone())


class ClocksContract:
    def clocks(self) -> Clocks:
        raise NotImplementedError

    def test_the_clocks_make_the_doors_of_a_notebook(self) -> None:
        clocks = self.clocks()
        reading = Doors(clocks.now_ms, clocks.mono, clocks.boot_id).reading()
        assert isinstance(reading, Reading)
        assert isinstance(reading.wall, int)
        assert isinstance(reading.mono, float)
        assert isinstance(reading.boot_id, str)

    def test_the_wall_clock_tells_milliseconds_since_1970(self) -> None:
        assert 1_500_000_000_000 < self.clocks().now_ms() < 5_000_000_000_000

    def test_time_since_the_start_never_goes_back(self) -> None:
        clocks = self.clocks()
        told = [clocks.mono() for _ in range(100)]
        assert told == sorted(told)
        assert told[0] >= 0

    def test_the_start_keeps_its_text(self) -> None:
        clocks = self.clocks()
        assert clocks.boot_id() == clocks.boot_id() != ""


class CameraContract:
    """`camera` makes the adapter; `shoots` is what the person then does; `is_killed` ends the app behind the camera after she shot, before
    it hears of that, and gives the adapter of the app's next start.
    """

    def camera(self, tmp_path: Path) -> Camera:
        raise NotImplementedError

    def shoots(self) -> None: ...

    def is_killed(self, camera: Camera) -> Camera:
        return camera

    def test_a_photograph_stands_where_it_was_asked_for_when_the_answer_comes(self, tmp_path: Path) -> None:
        into, answers = tmp_path / "photo.jpg", []
        camera = self.camera(tmp_path)
        assert camera.available
        camera.take(into, lambda answer: answers.append((answer, into.exists())))
        self.shoots()
        assert answers == [(into, True)]
        assert into.read_bytes()[:3] == b"\xff\xd8\xff", "a JPEG"
        assert into.stat().st_mode & 0o777 == 0o600
        assert not list(tmp_path.rglob("*.part"))

    def test_a_photograph_is_small_and_holds_nothing_but_the_picture(self, tmp_path: Path) -> None:
        into = tmp_path / "photo.jpg"
        self.camera(tmp_path).take(into, lambda _: None)
        self.shoots()
        self.is_small_and_bare(into)

    def is_small_and_bare(self, path: Path) -> None:
        """No EXIF, no remark, nothing after the end; at most 1,600 pixels a side."""
        data = path.read_bytes()
        assert bare(data) == data
        with Image.open(path) as picture:
            assert max(picture.size) <= LONGEST
            assert not picture.getexif()
            assert not {"exif", "comment", "icc_profile", "photoshop", "xmp"} & picture.info.keys()

    def test_two_photographs_are_two(self, tmp_path: Path) -> None:
        camera = self.camera(tmp_path)
        for name in ("a.jpg", "b.jpg"):
            camera.take(tmp_path / name, lambda _: None)
            self.shoots()
        assert (tmp_path / "a.jpg").read_bytes() != (tmp_path / "b.jpg").read_bytes()

    def test_what_was_shot_before_a_kill_is_found_by_the_apps_next_start(self, tmp_path: Path) -> None:
        into = tmp_path / "photo.jpg"
        camera = self.camera(tmp_path)
        camera.take(into, lambda _: None)
        again = self.is_killed(camera)
        assert again.left_behind(into) == into
        self.is_small_and_bare(into)
        assert into.stat().st_mode & 0o777 == 0o600
        assert again.left_behind(into) == into, "asked a second time: a kill may come once more"
        assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in (".jpg", ".small")] == [into]

    def fills_the_disk(self, camera: Camera, patched: pytest.MonkeyPatch) -> bool:
        """Until undone, the disk is full for what this adapter writes. False when it writes nothing at the next start."""
        return False

    def test_on_a_full_disk_what_was_shot_before_a_kill_waits_for_a_start_with_room(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        into = tmp_path / "photo.jpg"
        camera = self.camera(tmp_path)
        camera.take(into, lambda _: None)
        again = self.is_killed(camera)
        with monkeypatch.context() as patched:
            if self.fills_the_disk(again, patched):
                for _ in range(2):
                    assert isinstance(again.left_behind(into), StorageFull)
        assert again.left_behind(into) == into
        self.is_small_and_bare(into)
        assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in (".jpg", ".small")] == [into]

    def test_where_nothing_was_shot_before_a_kill_nothing_is_found(self, tmp_path: Path) -> None:
        assert self.camera(tmp_path).left_behind(tmp_path / "photo.jpg") is None
        assert not (tmp_path / "photo.jpg").exists()


class PersonsCameraContract(CameraContract):
    """A camera with a person at it, who may change her mind: `cancels`."""

    def cancels(self) -> None:
        raise NotImplementedError

    def test_a_change_of_mind_leaves_nothing_and_is_told_once(self, tmp_path: Path) -> None:
        into, answers = tmp_path / "photo.jpg", []
        self.camera(tmp_path).take(into, answers.append)
        self.cancels()
        assert answers == [None]
        assert not into.exists()


class LocationContract:
    """`location` makes the adapter; `time_is_over` lets the seconds pass."""

    def location(self) -> Location:
        raise NotImplementedError

    def time_is_over(self) -> None: ...

    def listening(self) -> bool:
        return False

    def test_nothing_listens_before_a_person_asks(self) -> None:
        self.location()
        assert not self.listening()

    def test_without_a_fix_the_answer_is_none_when_the_time_is_over(self) -> None:
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append, 5)
        self.time_is_over()
        assert answers == [None]
        assert not self.listening()

    def test_a_second_question_ends_the_first_with_none(self) -> None:
        first: list[Fix | None] = []
        second: list[Fix | None] = []
        location = self.location()
        location.one_fix(first.append)
        location.one_fix(second.append)
        assert first == [None]
        self.time_is_over()
        assert second == [None]


class FindingLocationContract(LocationContract):
    """A device that can find its place: `is_found` lets it."""

    here = Fix(22.345678, 107.123456, 12.5)

    def is_found(self, fix: Fix) -> None:
        raise NotImplementedError

    def test_one_fix_is_answered_once_and_then_nothing_listens(self) -> None:
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append, 60)
        assert self.listening()
        self.is_found(self.here)
        self.time_is_over()
        assert answers == [self.here]
        assert not self.listening()

    def test_a_second_question_is_answered_when_the_first_was_ended(self) -> None:
        answers: list[Fix | None] = []
        location = self.location()
        location.one_fix(lambda _: None)
        location.one_fix(answers.append)
        self.is_found(self.here)
        assert answers == [self.here]
        assert not self.listening()


class TextDialogContract:
    """`dialog` makes the adapter; `writes` types this and presses OK, `cancels` presses Cancel; `seen` is (title, text, hint) on screen."""

    def dialog(self) -> TextDialog:
        raise NotImplementedError

    def writes(self, text: str) -> None:
        raise NotImplementedError

    def cancels(self) -> None:
        raise NotImplementedError

    def seen(self) -> tuple[str, str, str]:
        raise NotImplementedError

    def test_what_was_written_comes_back_whole(self) -> None:
        for text in ("她说水管坏了。\n第二行", "𠮷野 Ɓ 😀", "", "a" * 5000):
            answers: list[str | None] = []
            dialog = self.dialog()
            assert dialog.available
            dialog.ask("备注 / Remark", "原来的", True, "写下听到的", answers.append)
            assert answers == [], "nothing is answered before the person does"
            self.writes(text)
            assert answers == [text]

    def test_the_box_opens_with_the_text_and_the_hint(self) -> None:
        self.dialog().ask("备注 / Remark", "原来的", True, "写下听到的", lambda _: None)
        assert self.seen() == ("备注 / Remark", "原来的", "写下听到的")
        self.cancels()

    def test_cancel_answers_none(self) -> None:
        answers: list[str | None] = []
        self.dialog().ask("姓名 / Name", "覃桂兰", False, "", answers.append)
        self.cancels()
        assert answers == [None]


class ScannerContract:
    """`scanner` makes the adapter; `shows` holds this code in front of it, `gives_up` leaves."""

    def scanner(self) -> Scanner:
        raise NotImplementedError

    def shows(self, text: str) -> None:
        raise NotImplementedError

    def gives_up(self) -> None:
        raise NotImplementedError

    def test_the_code_comes_back_as_text(self) -> None:
        answers: list[str | None] = []
        scanner = self.scanner()
        assert scanner.available
        scanner.scan(answers.append)
        self.shows("https://township.example/enrol#入户")
        assert answers == ["https://township.example/enrol#入户"]

    def test_giving_up_answers_none(self) -> None:
        answers: list[str | None] = []
        self.scanner().scan(answers.append)
        self.gives_up()
        assert answers == [None]


class SecureWindowContract:
    def window(self) -> SecureWindow:
        raise NotImplementedError

    def hidden(self) -> bool:
        raise NotImplementedError

    def test_the_window_hides_and_shows_again(self) -> None:
        window = self.window()
        assert not self.hidden()
        for on in (True, True, False, False, True):
            window.protect(on)
            assert self.hidden() is on


class BackContract:
    def back(self) -> Back:
        raise NotImplementedError

    def times_left(self) -> int:
        raise NotImplementedError

    def test_leaving_steps_behind_and_may_happen_again(self) -> None:
        back = self.back()
        back.leave()
        back.leave()
        assert self.times_left() == 2


class ShareContract:
    def share(self, tmp_path: Path) -> Share:
        raise NotImplementedError

    def test_a_copy_is_handed_on_and_the_original_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "未上传.txt"
        path.write_bytes(b"sealed to the township")
        copy = self.share(tmp_path).send(path, "发给乡镇 / To the township")
        assert copy != path
        assert copy.read_bytes() == path.read_bytes() == b"sealed to the township"

    def test_a_file_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="nothing"):
            self.share(tmp_path).send(tmp_path / "nothing.txt", "x")


class NetworkContract:
    def network(self) -> Network:
        raise NotImplementedError

    def test_the_hint_is_yes_no_or_unknown(self) -> None:
        assert self.network().online() in (True, False, None)
