"""Photographs by the phone's own camera app, and QR codes by ZXing's page.

Promises: a photograph is small, upright and without the place it was taken at; what the camera app wrote is gone when the answer comes.
Leaves to others: what a picture is of, and sealing it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile.device.android.java import Java
from mobile.device.android.results import CAMERA, OK, Results
from mobile.device.ports import NotOnThisDevice
from mobile.disk import StorageFailed, StorageFull, is_full, replace_file
from mobile.jpeg import NotAJpeg, bare
from shared.photos import LONGEST, QUALITY
from shared.sync.phone import PhoneError

READ_AND_WRITE = 1 | 2  # Intent's FLAG_GRANT_READ_URI_PERMISSION and FLAG_GRANT_WRITE_URI_PERMISSION
TURNED = {3: 180.0, 6: 90.0, 8: 270.0}
"""EXIF's Orientation to degrees clockwise; the mirrored ones no camera writes."""


def shared_uri(java: Java, path: Path) -> Any:
    """A file of ours as another app may open it: only under `camera/` and `share/` of the cache (res/xml/file_paths.xml)."""
    file = java.a("java.io.File")(str(path))
    authority = f"{java.activity.getPackageName()}.files"
    uri = java.a("androidx.core.content.FileProvider").getUriForFile(java.activity, authority, file)
    return java.cast("android.os.Parcelable", uri)


def has_camera(java: Java) -> bool:
    return bool(java.activity.getPackageManager().hasSystemFeature("android.hardware.camera.any"))


class AndroidCamera:
    """The camera app, asked by Intent. Leave to use the camera is asked for first: since the scanner's library declares that permission,
    Android refuses the Intent without it.
    """

    def __init__(self, java: Java, results: Results, folder: Path) -> None:
        self._java = java
        self._results = results
        self._folder = folder

    @property
    def available(self) -> bool:
        return has_camera(self._java)

    def take(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        self._results.allowed([CAMERA], lambda leave: self._open(into, done) if leave else done(None))

    def _open(self, into: Path, done: Callable[[Path | PhoneError | None], None]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        raw = self._raw(into)
        intent = self._java.a("android.content.Intent")("android.media.action.IMAGE_CAPTURE")
        intent.putExtra("output", shared_uri(self._java, raw))
        intent.addFlags(READ_AND_WRITE)
        self._results.start(intent, lambda code, _: done(self._done(raw, into, code == OK)))

    def _done(self, raw: Path, into: Path, taken: bool) -> Path | PhoneError | None:
        """What `take` answers. Nobody asks for this one again, so nothing of it is left."""
        answer = self._keep(raw, into) if taken else None
        raw.unlink(missing_ok=True)
        return answer

    def left_behind(self, into: Path) -> Path | PhoneError | None:
        raw = self._raw(into)
        answer: Path | PhoneError | None = into
        if into.exists():
            raw.with_suffix(".small").unlink(missing_ok=True)  # as that kill left it
        else:
            answer = self._keep(raw, into)
        if not isinstance(answer, StorageFull | StorageFailed):  # with room it is taken over at another start
            raw.unlink(missing_ok=True)
        return answer

    def _raw(self, into: Path) -> Path:
        """Where the camera app writes: told by the photograph's own name, so that it is found again after a kill."""
        return self._folder / f"{into.stem}.jpg"

    def _keep(self, raw: Path, into: Path) -> Path | PhoneError | None:
        small = raw.with_suffix(".small")
        try:
            if not (raw.exists() and shrink(self._java, raw, small)):
                return None
            replace_file(into, bare(small.read_bytes()))  # Android's encoder may add a colour profile
            return into
        except (StorageFull, StorageFailed, NotAJpeg) as error:
            return error
        except OSError as error:
            return StorageFull() if is_full(error) else StorageFailed(error.strerror or "")
        finally:
            small.unlink(missing_ok=True)


def shrink(java: Java, raw: Path, small: Path) -> bool:
    """A JPEG made small and upright by Android's own code, so that Pillow need not ship. False when it is no picture; StorageFull when Android
    could not write it, of which it gives no reason.
    """
    factory, options = java.a("android.graphics.BitmapFactory"), java.a("android.graphics.BitmapFactory$Options")
    look = options()
    look.inJustDecodeBounds = True
    factory.decodeFile(str(raw), look)
    longest = max(look.outWidth, look.outHeight)
    if longest <= 0:
        return False
    read = options()
    read.inSampleSize = sample_size(longest)  # 12 megapixels whole would be 48 MB of a small phone's memory
    picture = factory.decodeFile(str(raw), read)
    if picture is None:
        return False
    width, height = picture.getWidth(), picture.getHeight()
    matrix = java.a("android.graphics.Matrix")()
    scale = min(1.0, LONGEST / max(width, height))
    matrix.postScale(scale, scale)
    matrix.postRotate(
        TURNED.get(java.a("android.media.ExifInterface")(str(raw)).getAttributeInt("Orientation", 1), 0.0)
    )
    upright = java.a("android.graphics.Bitmap").createBitmap(picture, 0, 0, width, height, matrix, True)
    stream = java.a("java.io.FileOutputStream")(str(small))
    try:
        if not upright.compress(java.a("android.graphics.Bitmap$CompressFormat").JPEG, QUALITY, stream):
            raise StorageFull
        return True
    finally:
        stream.close()
        upright.recycle()
        picture.recycle()


def sample_size(longest: int) -> int:
    """The largest power of two by which a side may be divided and still be at least LONGEST."""
    size = 1
    while longest // (size * 2) >= LONGEST:
        size *= 2
    return size


class AndroidScanner:
    """ZXing's scanning page, which comes with the app (`android.gradle_dependencies`)."""

    def __init__(self, java: Java, results: Results) -> None:
        self._java = java
        self._results = results

    @property
    def available(self) -> bool:
        return has_camera(self._java)

    def scan(self, done: Callable[[str | None], None]) -> None:
        if not self.available:
            raise NotOnThisDevice
        self._results.allowed([CAMERA], lambda leave: self._open(done) if leave else done(None))

    def _open(self, done: Callable[[str | None], None]) -> None:
        intent = self._java.a("android.content.Intent")("com.google.zxing.client.android.SCAN")
        package = self._java.activity.getPackageName()
        intent.setClassName(package, "com.journeyapps.barcodescanner.CaptureActivity")
        intent.putExtra("SCAN_FORMATS", "QR_CODE")
        intent.putExtra("PROMPT_MESSAGE", "对准二维码 / Point at the QR code")
        self._results.start(
            intent, lambda code, data: done(data.getStringExtra("SCAN_RESULT") if code == OK and data else None)
        )
