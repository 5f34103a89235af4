"""A desktop keeps the contract of a device, with real files."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from mobile.device import here
from mobile.device.desktop import FileCamera, FileKeyStore, FolderShare, NoPillow, desktop, photograph
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
from mobile.jpeg import NotAJpeg
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

    def test_a_photograph_is_of_the_picture_that_was_named_small_upright_and_bare(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a phone wrote it: lying on its side, with its place, its maker and a remark."""
        named, exif = tmp_path / "named.jpg", Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "maker-of-the-phone"
        exif[0x8825] = {1: "N", 2: (22.0, 7.0, 30.0)}
        Image.new("RGB", (4000, 3000), (200, 30, 30)).save(named, exif=exif, comment=b"a remark")
        monkeypatch.setenv("RUHU_CAMERA_FILE", str(named))
        camera = desktop(tmp_path, at_once).camera
        for name in ("a.jpg", "b.jpg"):
            camera.take(tmp_path / name, lambda _: None)
            self.is_small_and_bare(tmp_path / name)
        with Image.open(tmp_path / "a.jpg") as picture:
            assert picture.size == (1200, 1600), "upright"
            red, green, blue = picture.getpixel((600, 800))
            assert red > 150 > 80 > max(green, blue)
        assert (tmp_path / "a.jpg").read_bytes() != (tmp_path / "b.jpg").read_bytes()

    def test_a_drawn_photograph_is_as_large_as_a_phones(self) -> None:
        assert 100_000 < len(photograph()) < 400_000

    def test_a_file_that_is_no_picture_is_an_answer_in_words(self, tmp_path: Path) -> None:
        answers: list[object] = []
        (tmp_path / "words.jpg").write_bytes(b"words")
        FileCamera(at_once, tmp_path / "words.jpg").take(tmp_path / "photo.jpg", answers.append)
        assert [type(one) for one in answers] == [NotAJpeg]

    def test_without_pillow_the_answer_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        answers: list[object] = []
        monkeypatch.setitem(sys.modules, "PIL", None)
        FileCamera(at_once).take(tmp_path / "photo.jpg", answers.append)
        assert [type(one) for one in answers] == [NoPillow]
        assert " / " in str(answers[0])


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
