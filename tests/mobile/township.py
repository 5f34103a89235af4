"""A township in memory that follows DESIGN section 4 loosely, and phones to talk to it: the stage for the phone's tests.

Scripted: `faults` are answered, in order, before or after a request is applied; `refuse` and `restamp` say what the gate does.
The real server is joined to the real phone in tests/sync.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobile.notebook import Doors, Notebook
from mobile.store import Store
from mobile.syncing import Syncing
from shared.hlc import device_of, format_stamp
from shared.kinds import KINDS
from shared.merge import fold
from shared.moments import iso
from shared.record import Change, Key
from shared.sync.phone import CutShort, OutOfStep, SyncError, TokenRefused, Written

VILLAGE = "451422103201"
OTHER_VILLAGE = "451422103202"
START_MS = 1_535_940_000_000
URL = "http://127.0.0.1:9"


@dataclass
class Row:
    """One line of the township's log."""

    device: str
    number: int
    sent_stamp: str
    body: dict[str, Any]
    refused: dict[str, Any] | None


@dataclass
class Township:
    """The server. `devices` maps a token to a device id; every device belongs to one person."""

    now: Callable[[], int]
    epoch: str = "epoch-1"
    grants: list[str] = field(default_factory=lambda: [f"village:{VILLAGE}"])
    user: str = "user-1"
    log: list[Row] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[SyncError | str] = field(default_factory=list)  # "lost": applied, and the reply lost
    refuse: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda change: None
    left: set[Key] = field(default_factory=set)
    enrolled: int = 0

    # --- the courier's two calls

    def enrol(self, code: str) -> dict[str, Any]:
        self.enrolled += 1
        device, token = f"phone-{self.enrolled}", f"token-{self.enrolled}"
        self.devices[token] = device
        return {
            "device": device,
            "token": token,
            "township": "451422103",
            "user": {"id": self.user, "name": "韦一", "roles": ["cadre"]},
            "server": {"name": "海渊镇", "epoch": self.epoch, "time": iso(self.now()), "key": ""},
        }

    def sync(self, token: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, SyncError):
            raise fault
        if token not in self.devices:
            raise TokenRefused("unknown_token")
        reply = self._answer(self.devices[token], copy.deepcopy(request))
        if fault == "lost":
            raise CutShort
        return copy.deepcopy(reply)

    # --- the gate

    def _rows(self, device: str) -> dict[int, Row]:
        return {row.number: row for row in self.log if row.device == device}

    def _answer(self, device: str, request: dict[str, Any]) -> dict[str, Any]:
        rows = self._rows(device)
        wanted = len(rows) + 1
        changes = request["changes"]
        for change in changes:
            row = rows.get(change["number"])
            if row and change["stamp"] not in (row.sent_stamp, row.body["stamp"]):
                raise OutOfStep("renumber", wanted)
        fresh = [change for change in changes if change["number"] >= wanted]
        if [change["number"] for change in fresh] != list(range(wanted, wanted + len(fresh))):
            raise OutOfStep("gap", wanted)
        for change in fresh:
            self._take(device, change)
        rows = self._rows(device)
        mine = [rows[change["number"]] for change in changes]
        records, cursors, more = self._page(request)
        return {
            "protocol": 1,
            "epoch": self.epoch,
            "time": iso(self.now()),
            "next": len(rows) + 1,
            "restamped": {str(r.number): r.body["stamp"] for r in mine if r.body["stamp"] != r.sent_stamp},
            "refused": [r.refused for r in mine if r.refused],
            "grants": list(self.grants),
            "dropped": [],
            "records": records,
            "cursors": cursors,
            "more": more,
        }

    def _take(self, device: str, change: dict[str, Any]) -> None:
        sent = change["stamp"]
        renamed = {row.sent_stamp: row.body["stamp"] for row in self.log}
        change["base"] = {
            name: renamed.get(at, at)
            if isinstance(at, str)
            else {e: [renamed.get(a, a) for a in adds] for e, adds in at.items()}
            for name, at in change["base"].items()
        }
        if int(sent[:12], 16) > self.now() + 300_000:
            change["stamp"] = format_stamp(self.now(), len(self.log) + 1, device_of(sent))
        wrong = self.refuse(change)
        refused = {"number": change["number"], **wrong} if wrong else None
        self.log.append(Row(device, change["number"], sent, change, refused))

    # --- the feed

    def record(self, key: Key) -> dict[str, Any]:
        bodies = [r.body for r in self.log if not r.refused and Key(r.body["kind"], r.body["id"]) == key]
        made = fold(KINDS[key.kind], [Change(b["stamp"], b["set"], b["base"]) for b in bodies])
        place = {"village": bodies[0]["village"], "household": bodies[0]["household"]}
        return {"kind": key.kind, "id": key.id, **place, "values": made.values, "stamps": made.stamps}

    def _page(self, request: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any], bool]:
        same = request["epoch"] == self.epoch
        records: dict[Key, dict[str, Any]] = {}
        cursors: dict[str, Any] = {}
        more = False
        for grant in self.grants:
            at = request["cursors"].get(grant, 0) if same else 0
            for row in self.log[int(str(at).partition("/")[0]) :]:
                if len(records) >= request["limit"]:
                    more = True
                    break
                at = self.log.index(row) + 1
                key = Key(row.body["kind"], row.body["id"])
                if key in self.left:
                    records[key] = {**key._asdict(), "left": True}
                elif not row.refused and self._gives(grant, row.body):
                    records[key] = self.record(key)
            cursors[grant] = f"{at}/fill" if more else at
        return list(records.values()), cursors, more

    @staticmethod
    def _gives(grant: str, body: dict[str, Any]) -> bool:
        scope, _, value = grant.partition(":")
        return value in (body["village"] if scope == "village" else body["household"], body["id"])

    def written_by_others(self, kind: str, id: str, values: dict[str, Any], base: dict[str, Any] | None = None) -> str:
        """A change by somebody else's phone, straight into the log."""
        stamp = format_stamp(self.now(), len(self.log) + 1, "other")
        body = {
            "number": 0, "kind": kind, "id": id, "village": VILLAGE, "household": None,
            "stamp": stamp, "set": values, "base": base or {},
        }  # fmt: skip
        self.log.append(Row("other", 0, stamp, body, None))
        return stamp


@dataclass
class Line:
    """A courier between one phone and the township."""

    township: Township
    token: str

    def enrol(self, code: str, device: dict[str, str]) -> dict[str, Any]:
        return self.township.enrol(code)

    def sync(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.township.sync(self.token, request)

    def digest(self) -> dict[str, Any]:
        return {"epoch": self.township.epoch, "grants": {}}  # the real one is met in tests/sync


class Watch:
    """A clock that moves a second a look. `skew` is how far it is ahead."""

    def __init__(self, skew: int = 0) -> None:
        self.ms = START_MS
        self.skew = skew

    def __call__(self) -> int:
        self.ms += 1000
        return self.ms + self.skew


class Phone:
    """A phone with its store in `folder`."""

    def __init__(self, township: Township, folder: Path, watch: Watch) -> None:
        self.township = township
        self.watch = watch
        self.store = Store(folder, ballast_bytes=0)
        self.notebook = Notebook(self.store, KINDS, Doors(now=watch, mono=lambda: watch() / 1000))
        self.syncing = Syncing(self.store, KINDS, watch, lambda one: Line(township, one.token), roll=lambda: 0.5)

    def enrol(self) -> "Phone":
        self.syncing.enrol(URL, "code", "测试", "test")
        return self

    def write(self, kind: str, id: str | None, village: str | None = VILLAGE, **values: Any) -> Written:
        written = self.notebook.write(kind, id, values, village=village)
        assert written is not None
        return written

    def values(self, kind: str, id: str) -> dict[str, Any]:
        return self.notebook.get(kind, id).record.values
