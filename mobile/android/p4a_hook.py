"""What python-for-android is told to change in the Android project it has made, just before Gradle builds it.

Promises: each change is made exactly once, or was made before (buildozer packs twice); where the text to change is not what was expected the
build stops and says so, and nobody ships half a change. Tried on p4a 2026.5.9 and a sample of SDL 2.30.11, never in a whole build.
"""

from pathlib import Path

MANIFEST = Path("src/main/AndroidManifest.xml")
SDL = Path("src/main/java/org/libsdl/app")

OLD_BACKSPACE = "Build.VERSION.SDK_INT <= 29"
NEW_BACKSPACE = "true /* Ruhu: backspace on every Android */"
"""SDL 2.30 tells the app of a backspace only up to Android 10; later it cannot delete what the keyboard did not type (kivy#8625, SDL#15171)."""

ROOT_TAG = "<manifest "
TOOLS = 'xmlns:tools="http://schemas.android.com/tools" '
END = "</application>"
PARTS = """
        <!-- Ruhu: photographs and what is shared pass to other apps by this door alone (res/xml/file_paths.xml). -->
        <provider
            android:name="androidx.core.content.FileProvider"
            android:authorities="{package}.files"
            android:exported="false"
            android:grantUriPermissions="true">
            <meta-data android:name="android.support.FILE_PROVIDER_PATHS" android:resource="@xml/file_paths" />
        </provider>
        <!-- Ruhu: the scanning page comes lying on its side; a phone is held upright. -->
        <activity
            android:name="com.journeyapps.barcodescanner.CaptureActivity"
            android:exported="false"
            android:screenOrientation="portrait"
            tools:replace="android:screenOrientation" />
    """
PACKAGE = "${applicationId}"  # Gradle puts the app's own name here


class Unexpected(Exception):
    """The text to change is not there exactly once. The message says where and what."""


def before_apk_assemble(_toolchain: object) -> None:
    """p4a calls this in the folder of the Android project, after it rendered the manifest and patched SDL."""
    sources = {path: path.read_text("utf-8") for path in sorted(SDL.glob("*.java"))}
    for path, text in every_backspace(sources).items():
        path.write_text(text, "utf-8")
    MANIFEST.write_text(with_parts(MANIFEST.read_text("utf-8")), "utf-8")


def every_backspace(sources: dict[Path, str]) -> dict[Path, str]:
    """SDL's Java files, changed so that a backspace reaches the app on every Android. Unexpected unless one place is found in all of them."""
    old = sum(text.count(OLD_BACKSPACE) for text in sources.values())
    new = sum(text.count(NEW_BACKSPACE) for text in sources.values())
    if (old, new) not in ((1, 0), (0, 1)):
        raise Unexpected(
            f"{SDL}: {OLD_BACKSPACE!r} stands there {old} times, our own text {new} times; expected 1 and 0, or 0 and 1"
        )
    return {path: text.replace(OLD_BACKSPACE, NEW_BACKSPACE) for path, text in sources.items()}


def with_parts(manifest: str) -> str:
    """The manifest with our provider and the upright scanning page. Unexpected unless it has one head and one end, and nothing of ours."""
    for part in (ROOT_TAG, END):
        if manifest.count(part) != 1:
            raise Unexpected(f"{MANIFEST}: {part!r} stands there {manifest.count(part)} times, expected once")
    if "FileProvider" in manifest or "xmlns:tools" in manifest:
        raise Unexpected(f"{MANIFEST}: python-for-android now writes a part that we add")
    return manifest.replace(ROOT_TAG, ROOT_TAG + TOOLS).replace(END, PARTS.format(package=PACKAGE) + END)
