"""The doors of the device: what a phone lends the app, written as contracts.

Three adapters stand behind each door: the phone itself (`android`), a desktop without any of this (`desktop`), and one that a test tells
what to answer (`fake`). All pass the suite in `tests/device/`. Answers that take a person's time come to `done`, exactly once and in the
screen's thread (what `here` was given as `soon`); a PhoneError comes the same way where the contract names one. Nothing here runs unasked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.sync.phone import PhoneError

Soon = Callable[[Callable[[], None]], None]
"""Runs work in the screen's thread; callable from any thread."""


class KeyGone(PhoneError):
    """The device's key of this name is not the one that wrapped, and never will be again: the profile must be filled anew."""

    code = "key_gone"
    words = (
        "手机里保管的钥匙已经没有了（系统升级、改动锁屏或清除数据都可能造成），这个档案打不开；未上传的填写内容另有一份密封给乡镇，"
        "没上传的照片恢复不了；请联系乡镇办公室，重新注册后数据会同步回来。 / This phone's own key is gone (a system upgrade, a changed screen lock or cleared data can do"
        " that) and this profile cannot be opened. Words that were not sent are also kept sealed to the township; photos that"
        " were not sent cannot be recovered. Call the desk, then enrol again."
    )


class KeyStoreBusy(PhoneError):
    """The key store did not answer this time. Nothing is known to be lost; the same call may be made again."""

    code = "key_store_busy"
    words = (
        "手机的密钥库这次没有回应，什么都没有丢失；请稍后再试，仍不行就重启手机。"
        " / The phone's key store did not answer this time; nothing is lost. Try again, then restart the phone."
    )


class NotOnThisDevice(PhoneError):
    code = "not_on_this_device"
    words = "这台设备没有这项功能。 / This device cannot do that."


class KeyStore(Protocol):
    """Keys that never leave the device. A name is 1 to 64 of ``a-z 0-9 -``; anything else is a ValueError. Callable from any thread."""

    def wrap(self, name: str, plain: bytes) -> bytes:
        """`plain` sealed under the key of this name, which is made when there is none; never twice the same. KeyStoreBusy."""
        ...

    def unwrap(self, name: str, sealed: bytes) -> bytes:
        """What was wrapped under this name. KeyGone when the key is gone or another one wrapped it; KeyStoreBusy."""
        ...

    def destroy(self, name: str) -> None:
        """The key of this name is gone for good; no error when there is none. KeyStoreBusy: it may still be there."""
        ...


class Clocks(Protocol):
    """The device's clocks; callable from any thread. They make `mobile.notebook.Doors(clocks.now_ms, clocks.mono, clocks.boot_id)`."""

    def now_ms(self) -> int:
        """The wall clock, ms since 1970. A person or the network may set it forward or back."""
        ...

    def mono(self) -> float:
        """Seconds since the device started, sleep included; nobody can set it, and a restart begins anew."""
        ...

    def boot_id(self) -> str:
        """The same text from one start of the device to the next, then another. Empty where the device does not tell."""
        ...


class Camera(Protocol):
    """Photographs taken by the person with the device's own camera app."""

    @property
    def available(self) -> bool: ...

    def take(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        """Let the person take one photograph; `done(into)` when it stands there whole: a JPEG of at most 1,600 px, upright, mode 0600, and
        nothing but the picture in it: no place, time, serial number or second small picture. `done(None)` when there is none: cancelled,
        refused, or no camera; StorageFull the same way. Nothing is left elsewhere, in no gallery either. The app may be killed behind the
        camera: note what the picture is for before asking. `into` has a name of its own, and its folder is there.
        """
        ...

    def left_behind(self, into: Path) -> Path | PhoneError | None:
        """After such a kill: what the camera app still wrote for this `into` stands there, as `take` would have left it, and nowhere else.
        None when it wrote nothing whole; StorageFull or StorageFailed as an answer, and then it is kept for another start. For no photograph that is still being taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the device is: degrees WGS 84, and the radius in metres within which it is two times in three."""

    lat: float
    lon: float
    accuracy_m: float


class Location(Protocol):
    """Where the device is, once, when a person asks. Never required, never in the background, never a track."""

    def one_fix(self, done: Callable[[Fix | None], None], seconds: float = 60) -> None:
        """The first fix good to 50 m, else the best one when the time is over; None when there is none or the person refuses. Then it
        stops listening. A second call while one is under way ends the first with None.
        """
        ...


class TextDialog(Protocol):
    """The system's own text box, where every input method works."""

    @property
    def available(self) -> bool: ...

    def ask(self, title: str, text: str, multiline: bool, hint: str, done: Callable[[str | None], None]) -> None:
        """Show `text` (or `hint` while it is empty) for the person to write in. `done` gets all of it on OK, the empty text too; None on
        Cancel. Only these two close it: no stray touch loses a note. NotOnThisDevice, raised at once, where it is not available.
        """
        ...


class SecureWindow(Protocol):
    def protect(self, on: bool) -> None:
        """From now on no screenshot, no recording and no picture in the list of recent apps shows the window, or they may again."""
        ...


class Scanner(Protocol):
    """Reads one QR code with the camera. Everything scanned can also be typed."""

    @property
    def available(self) -> bool: ...

    def scan(self, done: Callable[[str | None], None]) -> None:
        """`done` gets the code's text, None when the person gave up or refused. NotOnThisDevice, raised at once, where not available."""
        ...


class Back(Protocol):
    def leave(self) -> None:
        """Step behind the other apps, as the back key does on a first page. The app goes on living."""
        ...


class Share(Protocol):
    def send(self, path: Path, title: str) -> Path:
        """Hand a copy of this file to whatever app the person chooses, under this title; the answer is the copy. OSError when there is no
        such file. The original stays as it is.
        """
        ...


class Network(Protocol):
    def online(self) -> bool | None:
        """Whether a network that leads outside is there, as a hint: False spares an attempt that must fail, True promises nothing. None where
        the device does not tell. Callable from any thread.
        """
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """All that a device lends the app. Where a screen does one part better, put it in with `dataclasses.replace`."""

    key_store: KeyStore
    clocks: Clocks
    camera: Camera
    location: Location
    text_dialog: TextDialog
    secure_window: SecureWindow
    scanner: Scanner
    back: Back
    share: Share
    network: Network
