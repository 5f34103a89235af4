"""Where the phone is, once; and whether a network is there.

Promises: satellites and network are both asked, by Android's own LocationManager (phones in China have no Google services); whatever comes,
listening ends with the answer. No service, no passive listening, no last known place.
"""

from collections.abc import Callable
from typing import Any

from mobile.device.android.java import Java
from mobile.device.android.results import COARSE, FINE, Results
from mobile.device.ports import Fix, Soon

GOOD_M = 50.0
"""A fix this good is not waited to be bettered."""
PROVIDERS = ("gps", "network")
LEADS_OUTSIDE = 12  # NetworkCapabilities.NET_CAPABILITY_INTERNET; not "validated": a county's own network never is


class AndroidLocation:
    def __init__(self, java: Java, results: Results, soon: Soon) -> None:
        self._java = java
        self._results = results
        self._soon = soon
        self._listening: _Listening | None = None

    def one_fix(self, done: Callable[[Fix | None], None], seconds: float = 60) -> None:
        listening = _Listening(self._java, lambda fix: self._soon(lambda: done(fix)))
        if self._listening is not None:
            self._java.on_ui(self._listening.give_up)
        self._listening = listening
        self._results.allowed(
            [FINE, COARSE],  # asked for together: Android 12 lets the person choose the coarse one alone
            lambda leave: self._java.on_ui((lambda: listening.start(seconds)) if leave else listening.give_up),
        )


class _Listening:
    """One question for one fix. Everything here happens in Java's UI thread."""

    def __init__(self, java: Java, done: Callable[[Fix | None], None]) -> None:
        self._java = java
        self._done: Callable[[Fix | None], None] | None = done
        self._best: Fix | None = None
        self._waiting_for = 0
        self._manager: Any = None
        self._listener: Any = None

    def start(self, seconds: float) -> None:
        if self._done is None:
            return
        manager = self._java.cast("android.location.LocationManager", self._java.activity.getSystemService("location"))
        providers = [name for name in PROVIDERS if manager.isProviderEnabled(name)]
        self._manager, self._listener = manager, self._java.listener(self._heard)
        looper = self._java.a("android.os.Looper").getMainLooper()
        try:
            for name in providers:
                manager.requestSingleUpdate(name, self._listener, looper)
        except self._java.error:  # leave withdrawn between asking and listening
            providers = []
        self._waiting_for = len(providers)
        if not providers:
            self.finish()
            return
        view = self._java.activity.getWindow().getDecorView()
        view.postDelayed(self._java.runnable(self.finish), round(seconds * 1000))

    def _heard(self, location: Any) -> None:
        self._waiting_for -= 1  # each provider answers once
        if location.hasAccuracy():
            fix = Fix(location.getLatitude(), location.getLongitude(), location.getAccuracy())
            if self._best is None or fix.accuracy_m < self._best.accuracy_m:
                self._best = fix
        if self._waiting_for == 0 or (self._best is not None and self._best.accuracy_m <= GOOD_M):
            self.finish()

    def finish(self) -> None:
        """Stop listening and give the best there is; only the first time."""
        done, self._done = self._done, None
        if done is None:
            return
        if self._listener is not None:
            self._manager.removeUpdates(self._listener)
            self._java.let_go(self._listener)
        done(self._best)

    def give_up(self) -> None:
        """Stop listening, with nothing."""
        self._best = None
        self.finish()


class AndroidNetwork:
    def __init__(self, java: Java) -> None:
        self._java = java

    def online(self) -> bool | None:
        return self._java.anywhere(self._look)

    def _look(self) -> bool | None:
        service = self._java.activity.getSystemService("connectivity")
        manager = self._java.cast("android.net.ConnectivityManager", service)
        network = manager.getActiveNetwork()
        if network is None:
            return False
        abilities = manager.getNetworkCapabilities(network)
        return None if abilities is None else bool(abilities.hasCapability(LEADS_OUTSIDE))
