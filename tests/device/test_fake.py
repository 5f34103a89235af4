"""The fake device, which other tests lean on, keeps the contract of a device."""

from pathlib import Path

import pytest

from mobile.device.fake import FakeDevice, fake
from mobile.device.ports import (
    Back,
    Camera,
    Clocks,
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
from mobile.disk import StorageFull
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
)


class Faked:
    device: FakeDevice

    @pytest.fixture(autouse=True)
    def a_fake(self) -> None:
        self.device = fake()


class TestFakeKeyStore(Faked, KeyStoreContract):
    def keys(self, tmp_path: Path) -> KeyStore:
        return self.device.key_store

    def again(self, keys: KeyStore, tmp_path: Path) -> KeyStore:
        return keys

    def test_a_test_can_lose_a_key_and_make_the_store_stumble(self) -> None:
        keys = self.device.key_store
        sealed = keys.wrap(NAME, b"words")
        keys.busy = True
        with pytest.raises(KeyStoreBusy):
            keys.unwrap(NAME, sealed)
        keys.busy = False
        assert keys.unwrap(NAME, sealed) == b"words"
        keys.lose()
        with pytest.raises(KeyGone):
            keys.unwrap(NAME, sealed)


class TestFakeClocks(Faked, ClocksContract):
    def clocks(self) -> Clocks:
        return self.device.clocks

    def test_a_test_moves_them_and_restarts_the_phone(self) -> None:
        clocks = self.device.clocks
        wall, mono, boot = clocks.now_ms(), clocks.mono(), clocks.boot_id()
        clocks.advance(1800)
        assert (clocks.now_ms() - wall, clocks.mono() - mono, clocks.boot_id()) == (1_800_000, 1800, boot)
        clocks.restart()
        assert clocks.mono() == 0
        assert clocks.boot_id() != boot


class TestFakeCamera(Faked, PersonsCameraContract):
    def camera(self, tmp_path: Path) -> Camera:
        return self.device.camera

    def shoots(self) -> None:
        self.device.camera.answer(True)

    def cancels(self) -> None:
        self.device.camera.answer(None)

    def is_killed(self, camera: Camera) -> Camera:
        self.shoots()
        return fake().camera

    def fills_the_disk(self, camera: Camera, patched: pytest.MonkeyPatch) -> bool:
        patched.setattr(camera, "full", True)
        return True

    def test_a_full_disk_is_told(self, tmp_path: Path) -> None:
        answers: list[object] = []
        full = StorageFull()
        self.device.camera.answers.append(full)
        self.device.camera.take(tmp_path / "a.jpg", answers.append)
        assert answers == [full]


class TestFakeLocation(Faked, FindingLocationContract):
    def location(self) -> Location:
        return self.device.location

    def is_found(self, fix: Fix) -> None:
        self.device.location.answer(fix)

    def time_is_over(self) -> None:
        if self.device.location.listening:
            self.device.location.answer(None)

    def listening(self) -> bool:
        return self.device.location.listening


class TestFakeTextDialog(Faked, TextDialogContract):
    def dialog(self) -> TextDialog:
        return self.device.text_dialog

    def writes(self, text: str) -> None:
        self.device.text_dialog.answer(text)

    def cancels(self) -> None:
        self.device.text_dialog.answer(None)

    def seen(self) -> tuple[str, str, str]:
        title, text, _, hint = self.device.text_dialog.shown[-1]
        return title, text, hint

    def test_a_device_without_one_says_so(self) -> None:
        self.device.text_dialog.available = False
        with pytest.raises(NotOnThisDevice):
            self.device.text_dialog.ask("", "", False, "", lambda _: None)


class TestFakeScanner(Faked, ScannerContract):
    def scanner(self) -> Scanner:
        return self.device.scanner

    def shows(self, text: str) -> None:
        self.device.scanner.answer(text)

    def gives_up(self) -> None:
        self.device.scanner.answer(None)


class TestFakeWindow(Faked, SecureWindowContract):
    def window(self) -> SecureWindow:
        return self.device.secure_window

    def hidden(self) -> bool:
        return self.device.secure_window.protected


class TestFakeBack(Faked, BackContract):
    def back(self) -> Back:
        return self.device.back

    def times_left(self) -> int:
        return self.device.back.left


class TestFakeShare(Faked, ShareContract):
    def share(self, tmp_path: Path) -> Share:
        return self.device.share


class TestFakeNetwork(Faked, NetworkContract):
    def network(self) -> Network:
        return self.device.network


def test_answers_given_beforehand_are_taken_in_order() -> None:
    heard: list[str | None] = []
    device = fake()
    device.text_dialog.answers.extend(["第一", None])
    for _ in range(2):
        device.text_dialog.ask("", "", False, "", heard.append)
    assert heard == ["第一", None]


def test_an_answer_to_nothing_is_a_mistake_of_the_test() -> None:
    with pytest.raises(IndexError):
        fake().scanner.answer("x")
