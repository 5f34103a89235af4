"""A phone played in Python: the Java classes that the adapters touch, and python-for-android's `android` module.

A test is the person: it allows or refuses, takes a picture in the camera app, presses a button of a dialog, walks into a valley. Promises:
windows and dialogs are touched in the UI thread only; a listener leaving p4a's list while it is walked breaks the walk, as it does in Java.
"""

# ruff: noqa: N802, N815 - Java names its members so

import re
import secrets
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from tests.device.pyjnius import JavaException, JavaObject, Jnius, Listener

SECURE = 0x2000
PICTURE = b"\xff\xd8\xff picture %dx%d turned %d place %s"
_PICTURE = re.compile(rb"\xff\xd8\xff picture (\d+)x(\d+) turned (\d+)")


class Phone:
    """The whole phone. `jnius` and `android` are its modules; `install` puts them where an import finds them."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.in_ui = False
        self.allowed: set[str] = set()
        self.asked: list[tuple[list[str], Callable[[list[str], list[bool]], None]]] = []
        self.features = {"android.hardware.camera.any"}
        self.started: list[tuple[Any, int]] = []
        self.no_app_for: set[str] = set()
        self.shared: list[Any] = []
        self.behind = 0
        self.flags = 0
        self.dialogs: list[Any] = []
        self.timers: list[tuple[Listener, int]] = []
        self.keys: dict[str, bytes] = {}
        self.key_trouble = ""
        self.providers = {"gps", "network"}
        self.android = 30
        self.listening: dict[str, Listener] = {}
        self.networks: list[set[int]] = [{12, 16}]
        self.boots = 7
        self._results: list[Callable[[int, int, Any], None]] = []
        self.jnius = Jnius(_cast_of(self))
        self.modules = self._modules()

    def _modules(self) -> dict[str, types.ModuleType]:
        android, activity, permissions = (
            types.ModuleType(name) for name in ("android", "android.activity", "android.permissions")
        )
        activity.bind = lambda on_activity_result: self._results.append(on_activity_result)  # type: ignore[attr-defined]
        activity.unbind = lambda on_activity_result: self._results.remove(on_activity_result)  # type: ignore[attr-defined]
        permissions.check_permission = self.allowed.__contains__  # type: ignore[attr-defined]
        permissions.request_permissions = lambda names, heard: self.asked.append((names, heard))  # type: ignore[attr-defined]
        android.activity, android.permissions = activity, permissions  # type: ignore[attr-defined]
        return {
            "jnius": self.jnius,
            "android": android,
            "android.activity": activity,
            "android.permissions": permissions,
        }

    # --- what the person does --------------------------------------------------------------------------------------

    def allows(self, *names: str) -> None:
        """Answer the permission box: yes to these, no to the rest."""
        asked, heard = self.asked.pop(0)
        self.allowed |= set(names)
        self.ui(lambda: heard(asked, [name in names for name in asked]))

    def closes_the_box(self) -> None:
        """The permission box was interrupted: Android then tells nothing at all."""
        _, heard = self.asked.pop(0)
        self.ui(lambda: heard([], []))

    def takes_a_picture(self, width: int = 4000, height: int = 3000, turned: int = 1) -> None:
        """Shoot in the camera app: the picture is written where the Intent said, place and all."""
        self._shoots(width, height, turned)
        self.comes_back(-1)

    def shoots_and_the_app_is_killed(self) -> None:
        """The picture is written; what waits for the answer is gone with the app."""
        self._shoots(4000, 3000, 6)
        self.started.pop()

    def _shoots(self, width: int, height: int, turned: int) -> None:
        intent, _ = self.started[-1]
        assert intent.action == "android.media.action.IMAGE_CAPTURE"
        assert intent.flags == 3, "the camera app may not write"
        assert {"android.permission.CAMERA"} <= self.allowed, "SecurityException: CAMERA is declared, but not granted"
        place = f"22.3,107.1 {secrets.token_hex(4)}".encode()
        intent.extras["output"].path.write_bytes(PICTURE % (width, height, turned, place))

    def comes_back(self, code: int, intent: Any = None) -> None:
        """Leave the other app with this answer."""
        _, number = self.started.pop()
        self._walk(number, code, intent)

    def scans(self, text: str) -> None:
        answer = self.jnius.played["android.content.Intent"]("answer")
        answer.extras["SCAN_RESULT"] = text
        self.comes_back(-1, JavaObject(self.jnius, "android.content.Intent", answer))

    def presses(self, button: str, write: str | None = None) -> None:
        dialog = self.dialogs.pop()
        if write is not None:
            dialog.view.text = write
        self.ui(lambda: dialog.buttons[button].call("onClick", "(Landroid/content/DialogInterface;I)V", None, -1))

    def is_at(self, provider: str, lat: float, lon: float, accuracy: float | None) -> None:
        """A provider finds the place; it was asked for one."""
        listener = self.listening.pop(provider)
        place = self.jnius.played["android.location.Location"](lat, lon, accuracy)
        one = JavaObject(self.jnius, "android.location.Location", place)
        if self.android < 31:
            self.ui(lambda: listener.call("onLocationChanged", "(Landroid/location/Location;)V", one))
        else:
            several = JavaObject(self.jnius, "java.util.List", self.jnius.played["java.util.List"]([place]))
            self.ui(lambda: listener.call("onLocationChanged", "(Ljava/util/List;)V", several))

    def waits(self, seconds: float) -> None:
        """Time passes: what was put off until now happens."""
        due = [listener for listener, ms in self.timers if ms <= seconds * 1000]
        self.timers = [one for one in self.timers if one[1] > seconds * 1000]
        for listener in due:
            self.ui(lambda listener=listener: listener.call("run", "()V"))  # type: ignore[misc]

    # --- Java's side -----------------------------------------------------------------------------------------------

    def ui(self, work: Callable[[], None]) -> None:
        before, self.in_ui = self.in_ui, True
        try:
            work()
        finally:
            self.in_ui = before

    def in_ui_thread(self) -> None:
        assert self.in_ui, "CalledFromWrongThreadException"

    def _walk(self, number: int, code: int, intent: Any) -> None:
        """p4a's PythonActivity.onActivityResult: an iterator over the list itself."""

        def walk() -> None:
            count = len(self._results)
            for heard in self._results:
                heard(number, code, intent)
                assert len(self._results) == count, "ConcurrentModificationException"

        self.ui(walk)


def _cast_of(phone: Phone) -> dict[str, Any]:
    """Who plays which Java class."""

    class Played:
        java = ""

    class Activity(Played):
        java = "org.kivy.android.PythonActivity"
        mActivity: Any = None

        def getCacheDir(self) -> Any:
            return File(str(phone.cache))

        def getPackageName(self) -> str:
            return "org.ruhu.ruhu"

        def getPackageManager(self) -> Any:
            return PackageManager()

        def getContentResolver(self) -> Any:
            return ContentResolver()

        def getSystemService(self, name: str) -> Any:
            return {"location": LocationManager, "connectivity": ConnectivityManager}[name]()

        def getWindow(self) -> Any:
            return window

        def runOnUiThread(self, runnable: Listener) -> None:
            phone.ui(lambda: runnable.call("run", "()V"))

        def moveTaskToBack(self, non_root: bool) -> bool:
            phone.in_ui_thread()
            phone.behind += 1
            return True

        def startActivityForResult(self, intent: Any, number: int) -> None:
            assert 0 <= number < 0x10000
            if intent.action in phone.no_app_for:
                raise JavaException("android.content.ActivityNotFoundException")
            phone.started.append((intent, number))

        def startActivity(self, intent: Any) -> None:
            phone.shared.append(intent)

    class Window(Played):
        java = "android.view.Window"

        def __init__(self) -> None:
            self.flags = self.soft_input = 0

        def addFlags(self, flags: int) -> None:
            phone.in_ui_thread()
            self.flags |= flags

        def clearFlags(self, flags: int) -> None:
            phone.in_ui_thread()
            self.flags &= ~flags

        def setSoftInputMode(self, mode: int) -> None:
            self.soft_input = mode

        def getDecorView(self) -> Any:
            return View()

    class View(Played):
        java = "android.view.View"

        def postDelayed(self, runnable: Listener, ms: int) -> bool:
            phone.timers.append((runnable, ms))
            return True

    class File(Played):
        java = "java.io.File"

        def __init__(self, path: str) -> None:
            self.path = Path(path)

        def getAbsolutePath(self) -> str:
            return str(self.path)

    class Uri(Played):
        java = "android.net.Uri"

        def __init__(self, path: Path) -> None:
            self.path = path

    class FileProvider(Played):
        @staticmethod
        def getUriForFile(context: Any, authority: str, file: Any) -> Any:
            assert authority == "org.ruhu.ruhu.files"
            inside = file.path.relative_to(phone.cache).parts[0]
            assert inside in ("camera", "share"), f"IllegalArgumentException: {inside} is not in file_paths.xml"
            return Uri(file.path)

    class Intent(Played):
        java = "android.content.Intent"

        def __init__(self, action: str) -> None:
            self.action, self.flags, self.extras, self.component, self.type = action, 0, {}, None, None  # type: ignore[var-annotated]

        def addFlags(self, flags: int) -> Any:
            self.flags |= flags
            return self

        def putExtra(self, name: str, value: Any) -> Any:
            self.extras[name] = value
            return self

        def getStringExtra(self, name: str) -> Any:
            return self.extras.get(name)

        def setClassName(self, package: str, name: str) -> Any:
            self.component = (package, name)
            return self

        def setType(self, kind: str) -> Any:
            self.type = kind
            return self

        @staticmethod
        def createChooser(intent: Any, title: str) -> Any:
            chooser = Intent("android.intent.action.CHOOSER")
            chooser.extras = {"intent": intent, "title": title}
            return chooser

    class PackageManager(Played):
        java = "android.content.pm.PackageManager"

        def hasSystemFeature(self, name: str) -> bool:
            return name in phone.features

    class ContentResolver(Played):
        java = "android.content.ContentResolver"

    class Settings(Played):
        @staticmethod
        def getInt(resolver: Any, name: str, otherwise: int) -> int:
            return {"boot_count": phone.boots}.get(name, otherwise)

    # --- keys

    class Key(Played):
        java = "javax.crypto.SecretKey"

        def __init__(self, alias: str) -> None:
            self.alias, self.secret = alias, phone.keys[alias]

    class KeyStore(Played):
        java = "java.security.KeyStore"
        loaded = False

        @staticmethod
        def getInstance(provider: str) -> Any:
            assert provider == "AndroidKeyStore"
            if phone.key_trouble:
                raise JavaException(phone.key_trouble)
            return KeyStore()

        def load(self, parameter: Any) -> None:
            self.loaded = True

        def getKey(self, alias: str, password: Any) -> Any:
            assert self.loaded, "KeyStoreException: not initialized"
            return Key(alias) if alias in phone.keys else None

        def deleteEntry(self, alias: str) -> None:
            assert self.loaded, "KeyStoreException: not initialized"
            phone.keys.pop(alias, None)

    class Spec(Played):
        java = "android.security.keystore.KeyGenParameterSpec"

        def __init__(self, builder: Any) -> None:
            self.builder = builder

    class SpecBuilder(Played):
        java = "android.security.keystore.KeyGenParameterSpec$Builder"

        def __init__(self, alias: str, purposes: int) -> None:
            self.alias, self.purposes, self.modes, self.paddings, self.bits = alias, purposes, (), (), 0  # type: ignore[var-annotated]

        def setBlockModes(self, *modes: str) -> Any:
            self.modes = modes
            return self

        def setEncryptionPaddings(self, *paddings: str) -> Any:
            self.paddings = paddings
            return self

        def setKeySize(self, bits: int) -> Any:
            self.bits = bits
            return self

        def build(self) -> Any:
            return Spec(self)

    class KeyGenerator(Played):
        java = "javax.crypto.KeyGenerator"
        spec: Any = None

        @staticmethod
        def getInstance(algorithm: str, provider: str) -> Any:
            assert (algorithm, provider) == ("AES", "AndroidKeyStore")
            return KeyGenerator()

        def init(self, spec: Any) -> None:
            self.spec = spec.builder

        def generateKey(self) -> Any:
            assert (self.spec.purposes, self.spec.modes, self.spec.paddings, self.spec.bits) == (
                3,
                ("GCM",),
                ("NoPadding",),
                256,
            )
            phone.keys[self.spec.alias] = secrets.token_bytes(32)
            return Key(self.spec.alias)

    class GcmSpec(Played):
        java = "javax.crypto.spec.GCMParameterSpec"

        def __init__(self, bits: int, iv: bytes) -> None:
            assert bits == 128
            self.iv = iv

    class Cipher(Played):
        java = "javax.crypto.Cipher"

        @staticmethod
        def getInstance(transformation: str) -> Any:
            assert transformation == "AES/GCM/NoPadding"
            return Cipher()

        def init(self, mode: int, key: Any, spec: Any = None) -> None:
            assert (mode == 1) == (spec is None), "the key store picks the IV itself"
            self.mode, self.cipher = mode, AESGCM(key.secret)
            self.iv = secrets.token_bytes(12) if spec is None else spec.iv

        def getIV(self) -> bytes:
            return self.iv

        def doFinal(self, data: bytes) -> bytes:
            try:
                work = self.cipher.encrypt if self.mode == 1 else self.cipher.decrypt
                return work(self.iv, data, None)
            except (InvalidTag, ValueError) as error:
                raise JavaException("javax.crypto.AEADBadTagException") from error

    # --- pictures

    class Options(Played):
        java = "android.graphics.BitmapFactory$Options"

        def __init__(self) -> None:
            self.inJustDecodeBounds, self.inSampleSize, self.outWidth, self.outHeight = False, 1, 0, 0

    class Bitmap(Played):
        java = "android.graphics.Bitmap"
        largest = 0

        def __init__(self, width: int, height: int, words: bytes) -> None:
            self.width, self.height, self.words, self.recycled = width, height, words, False
            Bitmap.largest = max(Bitmap.largest, width * height * 4)

        def getWidth(self) -> int:
            return self.width

        def getHeight(self) -> int:
            return self.height

        def recycle(self) -> None:
            self.recycled = True

        def compress(self, form: Any, quality: int, stream: Any) -> bool:
            assert quality == 75
            picture = Image.new("L", (self.width, self.height))
            picture.paste(Image.frombytes("L", (32, 32), secrets.token_bytes(1024)))
            picture.save(stream.path, "JPEG", quality=quality)
            return True

        @staticmethod
        def createBitmap(bitmap: Any, x: int, y: int, width: int, height: int, matrix: Any, smooth: bool) -> Any:
            assert (x, y, width, height, smooth) == (0, 0, bitmap.width, bitmap.height, True)
            size = [round(width * matrix.scale), round(height * matrix.scale)]
            return Bitmap(*(size if matrix.turned % 180 == 0 else size[::-1]), bitmap.words)

    class BitmapFactory(Played):
        @staticmethod
        def decodeFile(path: str, options: Any) -> Any:
            match = _PICTURE.match(Path(path).read_bytes())
            options.outWidth, options.outHeight = (int(match[1]), int(match[2])) if match else (-1, -1)
            if match is None or options.inJustDecodeBounds:
                return None
            return Bitmap(int(match[1]) // options.inSampleSize, int(match[2]) // options.inSampleSize, b"")

    class Format(Played):
        java = "android.graphics.Bitmap$CompressFormat"
        JPEG: Any = None

    class Matrix(Played):
        java = "android.graphics.Matrix"

        def __init__(self) -> None:
            self.scale, self.turned = 1.0, 0.0

        def postScale(self, x: float, y: float) -> bool:
            assert x == y
            self.scale = x
            return True

        def postRotate(self, degrees: float) -> bool:
            self.turned = degrees
            return True

    class Exif(Played):
        java = "android.media.ExifInterface"

        def __init__(self, path: str) -> None:
            self.path = Path(path)

        def getAttributeInt(self, name: str, otherwise: int) -> int:
            match = _PICTURE.match(self.path.read_bytes())
            return int(match[3]) if match and name == "Orientation" else otherwise

    class Stream(Played):
        java = "java.io.FileOutputStream"

        def __init__(self, path: str) -> None:
            self.path = Path(path)

        def close(self) -> None: ...

    # --- place and network

    class LocationManager(Played):
        java = "android.location.LocationManager"

        def isProviderEnabled(self, name: str) -> bool:
            return name in phone.providers

        def requestSingleUpdate(self, name: str, listener: Listener, looper: Any) -> None:
            if not phone.allowed & {
                "android.permission.ACCESS_FINE_LOCATION",
                "android.permission.ACCESS_COARSE_LOCATION",
            }:
                raise JavaException("java.lang.SecurityException")
            phone.listening[name] = listener

        def removeUpdates(self, listener: Listener) -> None:
            phone.listening.clear()

    class Location(Played):
        java = "android.location.Location"

        def __init__(self, lat: float, lon: float, accuracy: float | None) -> None:
            self.lat, self.lon, self.accuracy = lat, lon, accuracy

        def getLatitude(self) -> float:
            return self.lat

        def getLongitude(self) -> float:
            return self.lon

        def hasAccuracy(self) -> bool:
            return self.accuracy is not None

        def getAccuracy(self) -> float:
            return self.accuracy or 0.0

    class Several(Played):
        java = "java.util.List"

        def __init__(self, things: list[Any]) -> None:
            self.things = things

        def size(self) -> int:
            return len(self.things)

        def get(self, at: int) -> Any:
            return self.things[at]

    class Looper(Played):
        java = "android.os.Looper"

        @staticmethod
        def getMainLooper() -> Any:
            return Looper()

    class ConnectivityManager(Played):
        java = "android.net.ConnectivityManager"

        def getActiveNetwork(self) -> Any:
            return Network() if phone.networks else None

        def getNetworkCapabilities(self, network: Any) -> Any:
            return Capabilities()

    class Network(Played):
        java = "android.net.Network"

    class Capabilities(Played):
        java = "android.net.NetworkCapabilities"

        def hasCapability(self, number: int) -> bool:
            return number in phone.networks[0]

    # --- text box

    class EditText(Played):
        java = "android.widget.EditText"

        def __init__(self, context: Any) -> None:
            phone.in_ui_thread()
            assert isinstance(context, Themed), "without the dialog's theme the field is drawn as on Android 1"
            self.text, self.hint, self.kind, self.lines, self.cursor, self.gravity, self.focus = (
                "",
                "",
                0,
                1,
                0,
                0,
                False,
            )

        def setText(self, text: str) -> None:
            self.text = text

        def getText(self) -> Any:
            return Editable(self.text)

        def length(self) -> int:
            return len(self.text.encode("utf-16-le")) // 2

        def setHint(self, hint: str) -> None:
            self.hint = hint

        def setInputType(self, kind: int) -> None:
            self.kind = kind

        def setMinLines(self, lines: int) -> None:
            self.lines = lines

        def setGravity(self, gravity: int) -> None:
            self.gravity = gravity

        def setSelection(self, at: int) -> None:
            assert at <= self.length(), "IndexOutOfBoundsException"
            self.cursor = at

        def requestFocus(self) -> bool:
            self.focus = True
            return True

    class String(Played):
        java = "java.lang.String"

        def __init__(self, text: str) -> None:
            self.text = text

    class Editable(Played):
        java = "android.text.Editable"

        def __init__(self, text: str) -> None:
            self.text = text

        def toString(self) -> str:
            return self.text

    class Themed(Played):
        java = "android.content.Context"

    class Builder(Played):
        java = "android.app.AlertDialog$Builder"

        def __init__(self, context: Any, theme: int) -> None:
            phone.in_ui_thread()
            assert theme == 5
            self.title, self.view, self.buttons, self.cancelable = "", None, {}, True  # type: ignore[var-annotated]
            self.window = Window()

        def getContext(self) -> Any:
            return Themed()

        def setTitle(self, title: str) -> Any:
            self.title = title
            return self

        def setView(self, view: Any) -> Any:
            self.view = view
            return self

        def setPositiveButton(self, words: str, listener: Listener) -> Any:
            self.buttons[words] = listener
            return self

        def setNegativeButton(self, words: str, listener: Listener) -> Any:
            self.buttons[words] = listener
            return self

        def setCancelable(self, may: bool) -> Any:
            self.cancelable = may
            return self

        def create(self) -> Any:
            return Dialog(self)

    class Dialog(Played):
        java = "android.app.AlertDialog"

        def __init__(self, builder: Any) -> None:
            vars(self).update(vars(builder))

        def getWindow(self) -> Any:
            return self.window

        def show(self) -> None:
            phone.in_ui_thread()
            phone.dialogs.append(self)

    window = Window()
    Activity.mActivity = Activity()
    Format.JPEG = Format()
    phone.window = window  # type: ignore[attr-defined]
    phone.bitmaps = Bitmap  # type: ignore[attr-defined]
    others = {"androidx.core.content.FileProvider": FileProvider, "android.provider.Settings$Global": Settings}
    others["android.graphics.BitmapFactory"] = BitmapFactory
    return {one.java: one for one in Played.__subclasses__() if one.java} | others
