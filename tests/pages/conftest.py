"""One phone with an app on it, its township in memory, and a hand to touch the pages."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mobile.device.fake import FakeShare, fake
from mobile.device.ports import Fix
from mobile.notebook import Doors
from mobile.pages.application import Application
from mobile.store import Store
from shared.moments import DAY_MS
from tests.mobile.township import VILLAGE, Line, Phone, Township, Watch
from tests.pages.hand import Hand, PaperScreen, at_once

HOME = "0190a6d0-0000-7000-8000-000000000001"
OTHER = "0190a6d0-0000-7000-8000-000000000002"


@dataclass
class Stage:
    """An app over one store. `again` opens the app anew over the same store, as after a kill."""

    phone: Phone
    folder: Path
    boot: str = "boot-1"
    mono: float = 1000.0
    left: list[bool] = field(default_factory=list)
    fix: Fix | None = None
    share: FakeShare = field(default_factory=FakeShare)
    hand: Hand = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.hand = self._open()

    @property
    def app(self) -> Application:
        return self.hand.app

    @property
    def notebook(self) -> Any:
        return self.app.session.notebook

    def one_fix(self, done: Any, seconds: float = 60) -> None:
        done(self.fix)

    def _open(self) -> Hand:
        screen = PaperScreen()
        lent = {
            "location": SimpleNamespace(one_fix=self.one_fix),
            "back": SimpleNamespace(leave=lambda: self.left.append(True)),
            "share": self.share,
        }
        device: Any = replace(fake(), **lent)
        profiles: Any = SimpleNamespace(list=list, lock=lambda: None, carry=list)
        doors = Doors(now=lambda: self.phone.watch.ms, mono=lambda: self.mono, boot_id=lambda: self.boot)
        township = self.phone.township
        app = Application(
            screen, self.folder, device, profiles,
            doors=doors, courier_for=lambda one: Line(township, one.token), aside=at_once,
        )  # fmt: skip
        app.quiet = True  # no background thread: tests sync when they say so
        app.opened(self.phone.store)
        return Hand(app, screen)

    def again(self) -> Hand:
        """Kill the app and open it anew."""
        self.phone.store.close()
        self.phone.store = Store(self.phone.store.folder, ballast_bytes=0)
        self.hand = self._open()
        return self.hand

    def reboot(self) -> Hand:
        """Flat battery: another boot, the monotonic clock from nought."""
        self.boot, self.mono = self.boot + "'", 5.0
        return self.again()

    def pass_minutes(self, minutes: float) -> None:
        self.phone.watch.ms += round(minutes * 60_000)
        self.mono += minutes * 60
        self.hand.pass_time()

    def sync(self) -> None:
        self.app.session.syncing.once()
        self.app.session.heard_of_sync()

    def last(self, kind: str) -> dict[str, Any]:
        """The values of the record of this kind that was written last."""
        shown = max(self.notebook.records(kind), key=lambda one: max(map(str, one.record.stamps.values())))
        return dict(shown.record.values)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A cadre's phone with two households of one hamlet, a campaign, and everything synced."""
    watch = Watch()
    township = Township(now=lambda: watch.ms)
    phone = Phone(township, tmp_path / "phone", watch).enrol()
    phone.write(
        "household", HOME, household_no="001", head_name="覃秀英", hamlet="那桃屯", categories=["registered_poor"]
    )
    phone.write("household", OTHER, household_no="002", head_name="黄华大", hamlet="弄怀屯", categories=["general"])
    campaign = {"name": "大走访", "starts_on": "2018-08-01", "state": "running", "must_visit": ["registered_poor"]}
    phone.write("campaign", None, village=VILLAGE, **campaign)
    phone.syncing.once()
    watch.ms += DAY_MS
    stage = Stage(phone, tmp_path)
    yield stage
    stage.app.stopped()
