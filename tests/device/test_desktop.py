"""A desktop keeps the contract of a device, with real files."""

from pathlib import Path

import pytest

from mobile.device import here
from mobile.device.desktop import HOUSE, FileCamera, FileKeyStore, FolderShare, desktop
from mobile.device.ports import (
    Back,
    Camera,
    Clocks,
    Device,
    KeyGone,
    KeyStore,
    Location,
    Network,
    NotOnThisDevice,
    SecureWindow,
    Share,
)
from tests.device.contract import (
    NAME,
    BackContract,
    CameraContract,
    ClocksContract,
    KeyStoreContract,
    LocationContract,
    NetworkContract,
    SecureWindowContract,
    ShareContract,
    at_once,
)


class Desktop:
    device: Device

    @pytest.fixture(autouse=True)
    def a_desktop(self, tmp_path: Path) -> None:
        self.device = desktop(tmp_path / "ruhu", at_once)


class TestFileKeyStore(KeyStoreContract):
    def keys(self, tmp_path: Path) -> KeyStore:
        return FileKeyStore(tmp_path / "keys")

    def again(self, keys: KeyStore, tmp_path: Path) -> KeyStore:
        return FileKeyStore(tmp_path / "keys")

    def test_a_key_is_one_private_file(self, tmp_path: Path) -> None:
        self.keys(tmp_path).wrap(NAME, b"words")
        file = tmp_path / "keys" / NAME
        assert [one.name for one in file.parent.iterdir()] == [NAME]
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert len(file.read_bytes()) == 32

    def test_a_damaged_key_opens_nothing(self, tmp_path: Path) -> None:
        keys = self.keys(tmp_path)
        sealed = keys.wrap(NAME, b"words")
        (tmp_path / "keys" / NAME).write_bytes(b"")
        with pytest.raises(KeyGone):
            keys.unwrap(NAME, sealed)


class TestSystemClocks(Desktop, ClocksContract):
    def clocks(self) -> Clocks:
        return self.device.clocks


class TestFileCamera(CameraContract):
    def camera(self, tmp_path: Path) -> Camera:
        return FileCamera(at_once)

    def test_a_photograph_is_a_copy_of_the_file_that_was_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        named = tmp_path / "named.jpg"
        named.write_bytes(HOUSE + b"its own")
        monkeypatch.setenv("RUHU_CAMERA_FILE", str(named))
        desktop(tmp_path, at_once).camera.take(tmp_path / "photo.jpg", lambda _: None)
        assert (tmp_path / "photo.jpg").read_bytes().endswith(HOUSE[2:] + b"its own")


class TestNoLocation(Desktop, LocationContract):
    def location(self) -> Location:
        return self.device.location


class TestOpenWindow(Desktop, SecureWindowContract):
    def window(self) -> SecureWindow:
        return self.device.secure_window

    def hidden(self) -> bool:
        return bool(getattr(self.device.secure_window, "protected", None))


class TestNoBack(Desktop, BackContract):
    def back(self) -> Back:
        return self.device.back

    def times_left(self) -> int:
        return int(getattr(self.device.back, "left", -1))


class TestFolderShare(ShareContract):
    def share(self, tmp_path: Path) -> Share:
        return FolderShare(tmp_path / "shared")


class TestUnknownNetwork(Desktop, NetworkContract):
    def network(self) -> Network:
        return self.device.network


def test_a_desktop_has_no_text_box_of_its_own_and_no_scanner_and_says_so(tmp_path: Path) -> None:
    device = desktop(tmp_path, at_once)
    assert not device.text_dialog.available
    with pytest.raises(NotOnThisDevice):
        device.text_dialog.ask("", "", True, "", lambda _: None)
    assert not device.scanner.available
    with pytest.raises(NotOnThisDevice):
        device.scanner.scan(lambda _: None)


def test_here_is_a_desktop_where_no_phone_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANDROID_ARGUMENT", raising=False)
    device = here(tmp_path)
    device.key_store.wrap(NAME, b"words")
    assert (tmp_path / "keys" / NAME).exists()
