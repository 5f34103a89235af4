"""A phone as it behaves in the field, for tests of what it loses: it says which history its cursors are of, so that the township tells what
left; it forgets what was dropped; and it says how much it has not sent."""

import uuid
from collections.abc import Mapping
from typing import Any

from server.service import now_ms
from tests.console.browser import VILLAGE
from tests.console.phones import Phone


class FieldPhone(Phone):
    """`held` is what is on it now; `dropped` the grants that fell away with the last sync."""

    _epoch: str | None = None
    dropped: list[str]

    def words(
        self, kind: str, id_: str | None, values: Mapping[str, Any], household: str | None = None
    ) -> dict[str, Any]:
        """A change that is written and not sent."""
        self._number += 1
        self._last = max(now_ms(), self._last + 1)
        return {
            "number": self._number, "kind": kind, "id": id_ or str(uuid.uuid4()), "village": VILLAGE, "household": household,
            "stamp": f"{self._last:012x}-0000-{self.me['device']}", "set": dict(values), "base": {},
        }  # fmt: skip

    def sync(self, *changes: dict[str, Any], waiting: int = 0) -> Any:
        body = {"protocol": 1, "app": "0.1.0", "epoch": self._epoch, "waiting": waiting}
        body |= {"cursors": self._cursors, "changes": list(changes)}
        answer = self._client.post("/api/v1/sync", json=body, headers={"Authorization": f"Bearer {self.me['token']}"})
        told: Any = answer.json
        if answer.status_code != 200:
            return told
        self._epoch, self._cursors, self.dropped = told["epoch"], told["cursors"], told["dropped"]
        for record in told["records"]:
            self.held.pop((record["kind"], record["id"]), None)
            if not record.get("left"):
                self.held[record["kind"], record["id"]] = record
        for grant in self.dropped:
            scope, _, value = grant.partition(":")
            place = {"village": "village", "household": "household"}[scope]
            gone = [key for key, one in self.held.items() if value in (one[place], key[1])]
            for key in gone:
                del self.held[key]
        return told
