"""Asking a person for leave, and other apps for an answer.

Promises: one listener for the whole life of the app, since p4a walks its list while it calls and a listener that leaves then breaks the walk;
every question is answered once, in the screen's thread. An answer that comes after the app was killed is nobody's.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any

from mobile.device.android.java import Java
from mobile.device.ports import Soon

log = logging.getLogger(__name__)
OK, CANCELED = -1, 0
CAMERA = "android.permission.CAMERA"
FINE = "android.permission.ACCESS_FINE_LOCATION"
COARSE = "android.permission.ACCESS_COARSE_LOCATION"

Heard = Callable[[int, Any], None]
"""Hears OK or CANCELED, and the answering Intent or None."""


class Results:
    def __init__(self, java: Java, soon: Soon) -> None:
        self._java = java
        self._soon = soon
        self._open: dict[int, Heard] = {}
        self._numbers = itertools.count(0x5200)
        from android import activity  # type: ignore[import-not-found]  # p4a's, on the phone

        activity.bind(on_activity_result=self._arrived)

    def start(self, intent: Any, heard: Heard) -> None:
        """Open another app, or a page of ours; `heard` once it is left. Where there is no such app it hears CANCELED."""
        number = next(self._numbers)
        self._open[number] = heard
        try:
            self._java.activity.startActivityForResult(intent, number)
        except self._java.error as error:
            log.warning("no app answers: %s", getattr(error, "classname", error))
            self._arrived(number, CANCELED, None)

    def allowed(self, permissions: Sequence[str], then: Callable[[bool], None]) -> None:
        """Ask for these permissions where they are missing; one of them is enough. `then` hears whether there is leave."""
        from android import permissions as ours

        def granted() -> bool:
            return any(ours.check_permission(name) for name in permissions)

        if granted():
            then(True)
        else:  # what the callback carries may be empty, so the phone is asked again
            ours.request_permissions(list(permissions), lambda _names, _grants: self._soon(lambda: then(granted())))

    def _arrived(self, number: int, code: int, intent: Any) -> None:
        heard = self._open.pop(number, None)
        if heard is not None:
            self._soon(lambda: heard(code, intent))
