"""What the device lends the app: keys, clocks, camera, place, dialogs. `here` says which device this is; the doors are in `ports`.

Leaves to others: what any of it is used for.
"""

import os
from pathlib import Path

from mobile.device.ports import Device, Soon


def here(folder: Path | None = None, soon: Soon = lambda work: work()) -> Device:
    """The device this runs on: a phone where python-for-android says so, else a desktop.

    `folder` is where a desktop keeps what a phone keeps for itself (keys, what was shared); `~/.ruhu` unless given. `soon` brings answers to
    the screen's thread; without one they come in whatever thread they arose.
    """
    if "ANDROID_ARGUMENT" in os.environ:
        from mobile.device.android import android

        return android(soon)
    from mobile.device.desktop import desktop

    return desktop(folder or Path.home() / ".ruhu", soon)
