"""The Android adapters keep the contract of a device over a Java played in Python (KIVY.md 3.4, check 11). No phone was used."""

import errno
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mobile.device import here
from mobile.device.android import android, java
from mobile.device.android.pictures import LONGEST, sample_size
from mobile.device.ports import (
    Back,
    Camera,
    Clocks,
    Device,
    Fix,
    KeyGone,
    KeyStore,
    KeyStoreBusy,
    Location,
    Network,
    NotOnThisDevice,
    Scanner,
    SecureWindow,
    Share,
    TextDialog,
)
from mobile.disk import StorageFailed, StorageFull
from tests.device.contract import (
    NAME,
    BackContract,
    ClocksContract,
    FindingLocationContract,
    KeyStoreContract,
    NetworkContract,
    PersonsCameraContract,
    ScannerContract,
    SecureWindowContract,
    ShareContract,
    TextDialogContract,
    at_once,
)
from tests.device.phone import SECURE, Phone

CAMERA, FINE, COARSE = (
    f"android.permission.{name}" for name in ("CAMERA", "ACCESS_FINE_LOCATION", "ACCESS_COARSE_LOCATION")
)
ADAPTERS = Path(java.__file__).parent


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    phone = Phone(tmp_path / "cache")
    phone.cache.mkdir()
    for name, module in phone.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("ANDROID_ARGUMENT", "/data/user/0/org.ruhu.ruhu/files/app")
    yield phone
    assert not phone.jnius.attached, "a thread of Python's own was left attached: Android ends the app when it ends"


class Android:
    phone: Phone
    device: Device

    @pytest.fixture(autouse=True)
    def an_android(self, phone: Phone) -> None:
        self.phone = phone
        self.device = here(soon=at_once)


class TestAndroidKeyStore(Android, KeyStoreContract):
    def keys(self, tmp_path: Path) -> KeyStore:
        return self.device.key_store

    def again(self, keys: KeyStore, tmp_path: Path) -> KeyStore:
        return here(soon=at_once).key_store

    @pytest.mark.parametrize(
        ("trouble", "told"),
        [
            ("android.security.keystore.KeyPermanentlyInvalidatedException", KeyGone),
            ("java.security.UnrecoverableKeyException", KeyGone),
            ("java.security.ProviderException", KeyStoreBusy),
            ("java.security.KeyStoreException", KeyStoreBusy),
        ],
    )
    def test_a_key_that_is_gone_is_told_from_a_store_that_stumbled(self, trouble: str, told: type[Exception]) -> None:
        keys = self.device.key_store
        sealed = keys.wrap(NAME, b"words")
        self.phone.key_trouble = trouble
        with pytest.raises(told, match=re.escape(trouble)):
            keys.unwrap(NAME, sealed)
        self.phone.key_trouble = ""
        assert keys.unwrap(NAME, sealed) == b"words"

    def test_a_vault_is_opened_in_another_thread_and_leaves_it_detached(self) -> None:
        keys = self.device.key_store
        sealed = keys.wrap(NAME, b"words")
        seen: list[object] = []

        def work() -> None:
            seen.append(keys.unwrap(NAME, sealed))
            try:
                keys.unwrap(NAME, sealed[:-1])
            except KeyGone as error:
                seen.append(error.code)
            seen.append(sorted(self.phone.jnius.attached))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert seen == [b"words", "key_gone", []]


class TestAndroidClocks(Android, ClocksContract):
    def clocks(self) -> Clocks:
        return self.device.clocks

    def test_where_the_kernel_tells_nothing_the_count_of_starts_stands_in(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mobile.device.android.boot_id_of_linux", lambda: "")
        assert here(soon=at_once).clocks.boot_id() == "boot-7"
        self.phone.boots = 8
        assert here(soon=at_once).clocks.boot_id() == "boot-8"
        self.phone.boots = 0
        assert here(soon=at_once).clocks.boot_id() == ""


def _full(path: Path, data: bytes) -> None:
    raise StorageFull


class TestAndroidCamera(Android, PersonsCameraContract):
    def camera(self, tmp_path: Path) -> Camera:
        self.phone.allowed.add(CAMERA)
        return self.device.camera

    def shoots(self) -> None:
        self.phone.takes_a_picture()

    def cancels(self) -> None:
        self.phone.comes_back(0)

    def is_killed(self, camera: Camera) -> Camera:
        self.phone.shoots_and_the_app_is_killed()
        return android(at_once).camera

    def fills_the_disk(self, camera: Camera, patched: pytest.MonkeyPatch) -> bool:
        patched.setattr("mobile.device.android.pictures.replace_file", _full)
        return True

    def test_a_disk_that_fails_is_told_and_what_was_shot_before_a_kill_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(path: Path, data: bytes) -> None:
            raise OSError(errno.EIO, "no")

        camera, into = self.camera(tmp_path), tmp_path / "photo.jpg"
        camera.take(into, lambda _: None)
        again = self.is_killed(camera)
        with monkeypatch.context() as patched:
            patched.setattr("mobile.device.android.pictures.replace_file", failing)
            assert isinstance(again.left_behind(into), StorageFailed)
        assert again.left_behind(into) == into

    def test_a_picture_that_android_could_not_write_small_is_no_change_of_mind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera, into = self.camera(tmp_path), tmp_path / "photo.jpg"
        camera.take(into, lambda _: None)
        again = self.is_killed(camera)
        with monkeypatch.context() as patched:
            patched.setattr(self.phone.bitmaps, "compress", lambda *given: False)
            assert isinstance(again.left_behind(into), StorageFull)
        assert again.left_behind(into) == into

    def test_a_kill_at_the_very_end_leaves_nothing_beside_the_photograph(self, tmp_path: Path) -> None:
        camera, into = self.camera(tmp_path), tmp_path / "photo.jpg"
        camera.take(into, lambda _: None)
        again = self.is_killed(camera)
        raw = next((self.phone.cache / "camera").iterdir())
        raw.with_suffix(".small").write_bytes(raw.read_bytes())
        into.write_bytes(b"whole")
        assert again.left_behind(into) == into
        assert list((self.phone.cache / "camera").iterdir()) == []

    def test_what_a_camera_app_wrote_only_in_part_is_no_photograph(self, tmp_path: Path) -> None:
        camera = self.camera(tmp_path)
        camera.take(tmp_path / "photo.jpg", lambda _: None)
        self.phone.started[-1][0].extras["output"].path.write_bytes(b"no picture")
        assert camera.left_behind(tmp_path / "photo.jpg") is None
        assert list((self.phone.cache / "camera").iterdir()) == []

    def pictures(self, tmp_path: Path, **shot: Any) -> list[Any]:
        answers: list[Any] = []
        self.camera(tmp_path).take(tmp_path / "photo.jpg", answers.append)
        self.phone.takes_a_picture(**shot)
        return answers

    @pytest.mark.parametrize(
        ("width", "height", "turned", "kept"),
        [
            (4000, 3000, 1, (1600, 1200)),
            (4000, 3000, 6, (1200, 1600)),
            (4000, 3000, 8, (1200, 1600)),
            (4000, 3000, 3, (1600, 1200)),
            (9248, 6936, 6, (1200, 1600)),
            (1280, 960, 1, (1280, 960)),
        ],
    )
    def test_a_photograph_is_small_and_upright(
        self, tmp_path: Path, width: int, height: int, turned: int, kept: tuple[int, int]
    ) -> None:
        assert self.pictures(tmp_path, width=width, height=height, turned=turned) == [tmp_path / "photo.jpg"]
        with Image.open(tmp_path / "photo.jpg") as picture:
            assert picture.size == kept

    def test_a_large_picture_is_never_whole_in_memory(self, tmp_path: Path) -> None:
        self.pictures(tmp_path, width=9248, height=6936)  # 64 megapixels: 257 MB whole
        assert self.phone.bitmaps.largest < 40_000_000  # type: ignore[attr-defined]

    def test_where_it_was_taken_is_not_kept_and_nothing_is_left_behind(self, tmp_path: Path) -> None:
        self.pictures(tmp_path)
        assert b"22.3,107.1" not in (tmp_path / "photo.jpg").read_bytes()
        assert list((self.phone.cache / "camera").iterdir()) == []

    def test_leave_is_asked_for_first_and_refusing_answers_none(self, tmp_path: Path) -> None:
        answers: list[Any] = []
        for close in (self.phone.allows, self.phone.closes_the_box):
            self.device.camera.take(tmp_path / "photo.jpg", answers.append)
            assert not self.phone.started
            close()
        assert answers == [None, None]
        self.device.camera.take(tmp_path / "photo.jpg", answers.append)
        self.phone.allows(CAMERA)
        self.phone.takes_a_picture()
        assert answers[-1] == tmp_path / "photo.jpg"

    def test_a_phone_without_a_camera_app_answers_none(self, tmp_path: Path) -> None:
        answers: list[Any] = []
        self.phone.no_app_for.add("android.media.action.IMAGE_CAPTURE")
        self.camera(tmp_path).take(tmp_path / "photo.jpg", answers.append)
        assert answers == [None]

    def test_a_camera_app_that_says_yes_and_writes_nothing_answers_none(self, tmp_path: Path) -> None:
        answers: list[Any] = []
        for left in (None, b"", b"no picture"):
            self.camera(tmp_path).take(tmp_path / "photo.jpg", answers.append)
            if left is not None:
                self.phone.started[-1][0].extras["output"].path.write_bytes(left)
            self.phone.comes_back(-1)
        assert answers == [None, None, None]
        assert list((self.phone.cache / "camera").iterdir()) == []

    def test_a_full_disk_is_told_and_nothing_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mobile.device.android.pictures.replace_file", _full)
        (answer,) = self.pictures(tmp_path)
        assert isinstance(answer, StorageFull)
        assert list((self.phone.cache / "camera").iterdir()) == []

    def test_a_phone_without_a_camera_says_so(self) -> None:
        self.phone.features.clear()
        assert not self.device.camera.available

    @pytest.mark.parametrize(("longest", "size"), [(100, 1), (3199, 1), (3200, 2), (4000, 2), (6400, 4), (9248, 4)])
    def test_a_picture_is_read_at_the_smallest_power_of_two_that_is_enough(self, longest: int, size: int) -> None:
        assert sample_size(longest) == size
        assert longest < LONGEST or longest / size >= LONGEST


class TestAndroidLocation(Android, FindingLocationContract):
    def location(self) -> Location:
        self.phone.allowed |= {FINE, COARSE}
        return self.device.location

    def is_found(self, fix: Fix) -> None:
        self.phone.is_at("gps", fix.lat, fix.lon, fix.accuracy_m)

    def time_is_over(self) -> None:
        self.phone.waits(60)

    def listening(self) -> bool:
        return bool(self.phone.listening)

    @pytest.mark.parametrize("android", [26, 30, 31, 34])
    def test_every_android_is_heard(self, android: int) -> None:
        self.phone.android = android  # from 31 on the system calls the method that takes a list
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append)
        self.is_found(self.here)
        assert answers == [self.here]

    def test_a_rough_fix_waits_for_a_better_one_until_the_time_is_over(self) -> None:
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append, 60)
        self.phone.is_at("network", 22.0, 107.0, 800.0)
        assert answers == []
        self.phone.waits(60)
        assert answers == [Fix(22.0, 107.0, 800.0)]
        assert not self.listening()

    def test_the_best_one_stands_when_all_have_answered(self) -> None:
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append, 60)
        self.phone.is_at("network", 22.0, 107.0, 800.0)
        self.phone.is_at("gps", 22.3, 107.1, 90.0)
        assert answers == [Fix(22.3, 107.1, 90.0)]

    def test_a_place_without_a_radius_is_no_fix(self) -> None:
        answers: list[Fix | None] = []
        self.phone.providers = {"gps"}
        self.location().one_fix(answers.append)
        self.phone.is_at("gps", 22.0, 107.0, None)
        assert answers == [None]

    def test_location_switched_off_answers_none_at_once(self) -> None:
        self.phone.providers.clear()
        answers: list[Fix | None] = []
        self.location().one_fix(answers.append)
        assert answers == [None]

    def test_a_refusal_answers_none_and_nothing_listens(self) -> None:
        answers: list[Fix | None] = []
        for close in (self.phone.allows, self.phone.closes_the_box):
            self.device.location.one_fix(answers.append)
            close()
        assert answers == [None, None]
        assert not self.listening()

    def test_the_coarse_place_alone_will_do(self) -> None:
        answers: list[Fix | None] = []
        self.device.location.one_fix(answers.append)
        assert self.phone.asked[0][0] == [FINE, COARSE]
        self.phone.allows(COARSE)
        self.phone.is_at("network", 22.3, 107.1, 30.0)
        assert answers == [Fix(22.3, 107.1, 30.0)]

    def test_leave_withdrawn_in_between_answers_none(self) -> None:
        answers: list[Fix | None] = []
        location = self.location()
        self.phone.modules["android.permissions"].check_permission = lambda name: True
        self.phone.allowed.clear()
        location.one_fix(answers.append)
        assert answers == [None]


class TestAndroidTextDialog(Android, TextDialogContract):
    def dialog(self) -> TextDialog:
        return self.device.text_dialog

    def writes(self, text: str) -> None:
        self.phone.presses("确定 / OK", write=text)

    def cancels(self) -> None:
        self.phone.presses("取消 / Cancel", write="not to be kept")

    def seen(self) -> tuple[str, str, str]:
        dialog = self.phone.dialogs[-1]
        return dialog.title, dialog.view.text, dialog.view.hint

    def test_what_was_written_comes_back_whichever_get_text_is_found(self) -> None:
        self.phone.jnius.text_is_plain = True
        self.test_what_was_written_comes_back_whole()

    def test_the_cursor_stands_at_the_end_also_after_a_rare_character(self) -> None:
        self.dialog().ask("姓名", "覃𠮷", False, "", lambda _: None)
        assert self.phone.dialogs[-1].view.cursor == 3

    def test_a_long_note_has_room_a_line_has_one(self) -> None:
        for multiline, lines, kind in ((True, 6, 0x24001), (False, 1, 0x1)):
            self.dialog().ask("备注", "", multiline, "", lambda _: None)
            view = self.phone.dialogs[-1].view
            assert (view.lines, view.kind, view.focus) == (lines, kind, True)

    def test_no_stray_touch_closes_it_and_no_screenshot_shows_it(self) -> None:
        self.dialog().ask("备注", "", True, "", lambda _: None)
        dialog = self.phone.dialogs[-1]
        assert not dialog.cancelable
        assert dialog.window.flags & SECURE
        assert dialog.window.soft_input == 0x14

    def test_nothing_is_held_once_it_is_answered(self) -> None:
        held = self.device.text_dialog._java._held  # type: ignore[attr-defined]
        self.dialog().ask("备注", "", True, "", lambda _: None)
        assert len(held) == 2
        self.writes("x")
        assert not held


class TestAndroidScanner(Android, ScannerContract):
    def scanner(self) -> Scanner:
        self.phone.allowed.add(CAMERA)
        return self.device.scanner

    def shows(self, text: str) -> None:
        intent = self.phone.started[-1][0]
        assert intent.component == ("org.ruhu.ruhu", "com.journeyapps.barcodescanner.CaptureActivity")
        assert intent.extras["SCAN_FORMATS"] == "QR_CODE"
        self.phone.scans(text)

    def gives_up(self) -> None:
        self.phone.comes_back(0)

    def test_a_refusal_answers_none(self) -> None:
        answers: list[str | None] = []
        self.device.scanner.scan(answers.append)
        self.phone.allows()
        assert answers == [None]

    def test_a_phone_without_a_camera_says_so(self) -> None:
        self.phone.features.clear()
        assert not self.device.scanner.available
        with pytest.raises(NotOnThisDevice):
            self.device.scanner.scan(lambda _: None)


class TestAndroidWindow(Android, SecureWindowContract):
    def window(self) -> SecureWindow:
        return self.device.secure_window

    def hidden(self) -> bool:
        return bool(self.phone.window.flags & SECURE)  # type: ignore[attr-defined]


class TestAndroidBack(Android, BackContract):
    def back(self) -> Back:
        return self.device.back

    def times_left(self) -> int:
        return self.phone.behind


class TestAndroidShare(Android, ShareContract):
    def share(self, tmp_path: Path) -> Share:
        return self.device.share

    def test_the_person_chooses_the_app_and_it_may_read_this_file_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "outbox.txt"
        path.write_bytes(b"sealed")
        copy = self.device.share.send(path, "发给乡镇")
        (chooser,) = self.phone.shared
        intent = chooser.extras["intent"]
        assert chooser.extras["title"] == "发给乡镇"
        assert (intent.action, intent.type, intent.flags) == (
            "android.intent.action.SEND",
            "application/octet-stream",
            1,
        )
        assert intent.extras["android.intent.extra.STREAM"].path == copy


class TestAndroidNetwork(Android, NetworkContract):
    def network(self) -> Network:
        return self.device.network

    @pytest.mark.parametrize(("networks", "hint"), [([], False), ([{12}], True), ([{12, 16}], True), ([{16}], False)])
    def test_a_network_that_leads_outside_is_told(self, networks: list[set[int]], hint: bool) -> None:
        self.phone.networks = networks
        assert self.device.network.online() is hint


def test_answers_of_two_apps_reach_their_own_questions(phone: Phone, tmp_path: Path) -> None:
    phone.allowed.add(CAMERA)
    device, answers = here(soon=at_once), []
    device.camera.take(tmp_path / "photo.jpg", answers.append)
    device.scanner.scan(answers.append)
    phone.scans("code")
    phone.takes_a_picture()
    assert answers == ["code", tmp_path / "photo.jpg"]


def test_answers_wait_for_the_screens_thread(phone: Phone, tmp_path: Path) -> None:
    waiting: list[Any] = []
    answers: list[Any] = []
    phone.allowed |= {CAMERA, FINE}
    device = here(soon=waiting.append)
    device.text_dialog.ask("备注", "", True, "", answers.append)
    phone.presses("取消 / Cancel")
    device.scanner.scan(answers.append)
    phone.comes_back(0)
    device.location.one_fix(answers.append)
    phone.is_at("gps", 1.0, 2.0, 3.0)
    assert answers == []
    while waiting:
        waiting.pop(0)()
    assert answers == [None, None, Fix(1.0, 2.0, 3.0)]


# --- the table of signatures ---------------------------------------------------------------------------------------


def test_a_day_with_everything_uses_every_row_of_the_table(
    phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile.device.android.boot_id_of_linux", lambda: "")
    phone.android = 34
    phone.allowed |= {CAMERA, FINE}
    device, done = here(soon=at_once), print
    device.key_store.unwrap(NAME, device.key_store.wrap(NAME, b"words"))
    device.key_store.destroy(NAME)
    device.camera.take(tmp_path / "photo.jpg", done)
    phone.takes_a_picture()
    device.scanner.scan(done)
    phone.scans("code")
    device.location.one_fix(done)
    phone.is_at("gps", 22.3, 107.1, 10.0)
    device.text_dialog.ask("备注", "", True, "", done)
    phone.presses("确定 / OK", write="x")
    for on in (True, False):
        device.secure_window.protect(on)
    device.back.leave()
    device.share.send(tmp_path / "photo.jpg", "照片")
    device.network.online()
    assert phone.jnius.used == {(cls, member) for cls, rows in java.TOUCHED.items() for member in rows}


def test_every_class_that_is_named_has_its_row() -> None:
    for path in ADAPTERS.glob("*.py"):
        for name in re.findall(r'\.(?:a|cast)\(\s*"([^"]+)"', path.read_text("utf-8")):
            assert name in java.TOUCHED, f"{path.name}: {name}"


def test_a_class_that_is_not_in_the_table_cannot_be_had(phone: Phone) -> None:
    with pytest.raises(KeyError):
        java.Java().a("java.lang.Runtime")
