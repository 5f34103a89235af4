"""The real phone against the real server, over a real socket: store, notebook and sync loop as they are, at the test's own time."""

import shutil
from pathlib import Path
from typing import Any

from mobile.notebook import Doors, Notebook
from mobile.store import Store
from mobile.syncing import Syncing
from shared.kind import POLICY_VERSION, Registry
from shared.kinds import KINDS
from shared.sync.converse import Summary
from shared.sync.phone import Written
from tests.sync.world import V1, World

BEGUN = {POLICY_VERSION: "2018.1"}
"""What the phone puts to each new visit by itself: under which policy it was begun."""


class RealPhone:
    """One person's phone. `lead` is how many ms its clock is ahead; `address` is where the server listens."""

    def __init__(
        self, world: World, address: tuple[str, int], folder: Path, lead: int = 0, kinds: Registry = KINDS
    ) -> None:
        self.world = world
        self.address = address
        self.folder = folder
        self.lead = lead
        self.kinds = kinds
        self._open()

    def _open(self) -> None:
        self.store = Store(self.folder, ballast_bytes=0)
        self.notebook = Notebook(self.store, self.kinds, Doors(now=self.now, mono=lambda: self.now() / 1000))
        self.syncing = Syncing(self.store, self.kinds, self.now, roll=lambda: 0.5)

    def now(self) -> int:
        self.world.later(ms=1)
        return self.world.now + self.lead

    def enrol(self, name: str) -> "RealPhone":
        host, port = self.address
        self.syncing.enrol(f"http://{host}:{port}", self.world.code(name), "x", "test")
        return self

    @property
    def device(self) -> str:
        enrolment = self.store.enrolment()
        assert enrolment
        return enrolment.device

    def write(self, kind: str, id: str | None, household: str | None = None, **values: Any) -> Written:
        written = self.notebook.write(kind, id, values, village=V1, household=household)
        assert written
        return written

    def sync(self) -> Summary:
        self.world.later(ms=1)
        return self.syncing.once()

    def values(self, kind: str, id: str) -> dict[str, Any]:
        """What was written: without the version of the policy, which the phone puts to each new record by itself."""
        values = self.notebook.get(kind, id).record.values
        return {name: value for name, value in values.items() if name != POLICY_VERSION}

    def lines(self) -> list[Written]:
        """Every change the phone keeps, sent or not, in number order."""
        return [w for w in map(self.store.numbered, self.store.numbers()) if w]

    def copy_to(self, folder: Path) -> None:
        """A backup of the phone as it is now."""
        self.store.close()
        shutil.copytree(self.folder, folder)
        self._open()

    def become(self, folder: Path) -> None:
        """The phone is lost; its backup goes on in its place."""
        self.store.close()
        self.folder = folder
        self._open()

    def close(self) -> None:
        self.store.close()
