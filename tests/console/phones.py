"""Phones for the console's tests: raw sync requests to the office's own app, as the contract has them."""

import uuid
from collections.abc import Mapping
from typing import Any

from server import access
from server.service import now_ms
from tests.console.browser import VILLAGE, Office


class Phone:
    """A person's newly enrolled phone. `held` is what it was sent: (kind, id) to record."""

    def __init__(self, office: Office, name: str, *grants: str) -> None:
        for grant in grants:
            access.grant(office.database, name, grant, now_ms())
        code = access.make_code(office.database, name, None, now_ms())
        body = {"code": code, "device": {"name": f"{name}的手机", "platform": "test", "app": "0"}}
        self._client = office.app.test_client()
        self.me = self._client.post("/api/v1/enrol", json=body).json
        self.held: dict[tuple[str, str], Any] = {}
        self._cursors: dict[str, Any] = {}
        self._number, self._last = 0, 0

    def write(
        self, kind: str, id_: str | None, values: Mapping[str, Any], *, household: str | None = None, blind: bool = True,
        village: str = VILLAGE,
    ) -> str:  # fmt: skip
        """A change that must be taken; `blind` has seen nothing of what others wrote. Returns the record's id."""
        self._number += 1
        self._last = max(now_ms(), self._last + 1)
        id_ = id_ or str(uuid.uuid4())
        stamps = {} if blind else self.held[kind, id_]["stamps"]
        base = stamps if values.get("removed") else {name: stamps[name] for name in values if name in stamps}
        told = self.sync(
            {
                "number": self._number, "kind": kind, "id": id_, "village": village, "household": household,
                "stamp": f"{self._last:012x}-0000-{self.me['device']}", "set": dict(values), "base": base,
            }
        )  # fmt: skip
        assert told["refused"] == [], told["refused"]
        return id_

    def sync(self, *changes: dict[str, Any]) -> Any:
        """One sync; what came is held."""
        body = {"protocol": 1, "cursors": self._cursors, "changes": list(changes)}
        told = self._client.post(
            "/api/v1/sync", json=body, headers={"Authorization": f"Bearer {self.me['token']}"}
        ).json
        self._cursors = told["cursors"]
        for record in told["records"]:
            self.held[record["kind"], record["id"]] = record
        return told

    def values(self, kind: str, id_: str) -> dict[str, Any]:
        """What it knows of a record after a sync."""
        self.sync()
        found: dict[str, Any] = self.held[kind, id_]["values"]
        return found
