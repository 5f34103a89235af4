"""A phone beside the console, for tests that need a second writer: enrolled like any other, its changes pass the gate.

Promises: its own numbers and stamps, in order. Leaves to others: HTTP and the real phone (`tests/sync`, `tests/journeys`).
"""

from collections.abc import Mapping
from typing import Any

from server import access
from server.access import caller_of
from server.service import now_ms
from server.store import TownshipStore
from shared.sync.gate import Gate
from shared.sync.wire import Refusal, Sent
from tests.console.browser import TOWN, VILLAGE, Office


class Handset:
    """A person's phone. `writes` takes what its writer saw of the record as `base`; nothing when left out."""

    def __init__(self, office: Office, person: str, name: str) -> None:
        self._database, self._number, self._last = office.database, 0, 0
        code = access.make_code(office.database, person, TOWN, now_ms())
        enrolled = access.enrol(office.database, code, {"name": name, "platform": "android", "app": "0.1.0"}, now_ms())
        self.id, self._token = enrolled.device, enrolled.token

    def writes(
        self, kind: str, id_: str, values: Mapping[str, Any], *, village: str | None = VILLAGE, household: str | None = None,
        base: Mapping[str, Any] | None = None, at: int = 0,
    ) -> Refusal | None:  # fmt: skip
        """Save and sync. `at` is what the phone's clock says, ms since 1970; the true time when left out. Returns why it was refused."""
        self._number += 1
        self._last = max(self._last + 1, now_ms())
        stamp = f"{at or self._last:012x}-0000-{self.id}"

        def work(store: TownshipStore) -> Refusal | None:
            gate = Gate(self._database.kinds, store, now_ms)
            writer = caller_of(store, self._token, now_ms()).writer()
            sent = Sent(self._number, stamp, kind, id_, village, household, dict(values), dict(base or {}))
            admitted = gate.admit([sent], writer)
            gate.close()
            return admitted.refused.get(self._number)

        return self._database.write(TOWN, work)
