"""An Android phone as a device: Java's own camera app, key store, text box and the rest, by pyjnius.

Promises: what the doors in `ports` say. Here alone are `jnius` and python-for-android's `android` imported, and only inside functions, so
that every other machine can read these files. Tried over a Java played in Python, and once with pyjnius 1.7.0 over a desktop's Java with the
same overloads; never on a phone (`mobile/android/CHECKLIST.md`).
"""

from pathlib import Path

from mobile.device.android.java import Java
from mobile.device.android.keys import AndroidKeyStore
from mobile.device.android.pictures import AndroidCamera, AndroidScanner
from mobile.device.android.place import AndroidLocation, AndroidNetwork
from mobile.device.android.results import Results
from mobile.device.android.window import AndroidBack, AndroidShare, AndroidTextDialog, AndroidWindow
from mobile.device.desktop import SystemClocks, boot_id_of_linux
from mobile.device.ports import Device, Soon


def android(soon: Soon) -> Device:
    """This phone. To be called once, in the main thread."""
    java = Java()
    results = Results(java, soon)
    cache = Path(java.activity.getCacheDir().getAbsolutePath())
    return Device(
        key_store=AndroidKeyStore(java),
        clocks=SystemClocks(boot_id_of_linux() or _boot_count(java)),
        camera=AndroidCamera(java, results, cache / "camera"),
        location=AndroidLocation(java, results, soon),
        text_dialog=AndroidTextDialog(java, soon),
        secure_window=AndroidWindow(java),
        scanner=AndroidScanner(java, results),
        back=AndroidBack(java),
        share=AndroidShare(java, cache / "share"),
        network=AndroidNetwork(java),
    )


def _boot_count(java: Java) -> str:
    """How often the phone was started, where the kernel's own text may not be read; empty when not even that is told."""
    count = java.a("android.provider.Settings$Global").getInt(java.activity.getContentResolver(), "boot_count", 0)
    return f"boot-{count}" if count else ""
