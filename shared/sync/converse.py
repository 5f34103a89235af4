"""The phone's half of the conversation: send the oldest first, take each reply in one step, until nothing is left.

Promises: whatever goes wrong is a named error in words and leaves the store as it was; a reply is taken whole, in one
transaction, or not at all; it always ends. Leaves to others: what a reply does to the store (`taking`), SQL (a PhoneStore), HTTP
(a Courier), threads and waiting (`mobile.syncing`). The other end is in `gate` and `answer`; the contract is DESIGN section 4.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.kind import Registry
from shared.moments import iso, milliseconds
from shared.record import Key, Record
from shared.sync.phone import (
    BadCursor,
    BatchTooLarge,
    Courier,
    Enrolment,
    NeedsEnrolment,
    NotOurServer,
    OtherOwner,
    OutOfStep,
    PhoneStore,
    SyncError,
    UpdateNeeded,
    Written,
)
from shared.sync.taking import Taking, meet
from shared.sync.wire import DEFAULT_LIMIT, MAX_CHANGES, PROTOCOL

BATCH_BYTES = 3 * 1024 * 1024 // 2
TURNS = 8
"""How often one sync may start over (numbers, cursors, smaller batches) before it gives up in words."""


@dataclass(slots=True)
class Summary:
    """What one sync did: counts of changes and records. `skew_ms` is how far the phone's clock is ahead of the server's."""

    sent: int = 0
    acknowledged: int = 0
    received: int = 0
    refused: int = 0
    restamped: int = 0
    conflicts: int = 0
    waiting: int = 0
    more: bool = False
    skew_ms: int = 0


class Conversation:
    """One sync of one phone with its server. `now` is the wall clock in ms since 1970; `tell` hears the counts so far."""

    def __init__(
        self,
        store: PhoneStore,
        courier: Courier,
        kinds: Registry,
        now: Callable[[], int],
        app: str = "0",
        tell: Callable[[Summary], None] = lambda summary: None,
    ) -> None:
        self._store = store
        self._courier = courier
        self._kinds = kinds
        self._now = now
        self._app = app
        self._tell = tell
        self._most = MAX_CHANGES
        self._turns = 0
        self.summary = Summary()

    def run(self) -> Summary:
        """Talk until nothing is left on either side. SyncError in words when it cannot; what was taken so far stays."""
        while self._exchange():
            self._tell(self.summary)
        return self.summary

    def _exchange(self) -> bool:
        """One request and its reply. True while there is more to send or to fetch."""
        batch = self._batch()
        waiting = self._store.count_unsent()
        limit = 0 if waiting > len(batch) else DEFAULT_LIMIT  # what only this phone holds goes first
        cursors = {grant: at for grant, at in self._store.grants().items() if at is not None}
        request = {
            "protocol": PROTOCOL,
            "app": self._app,
            "now": iso(self._now()),
            "epoch": self._store.fact("epoch"),
            "cursors": cursors,
            "limit": limit,
            "changes": [written.wire() for written in batch],
        }
        if waiting > len(batch):
            request["waiting"] = waiting - len(batch)
        try:
            reply = _read_reply(self._courier.sync(request))
        except BatchTooLarge as error:
            self._turn(error, len(batch) > 1)
            self._most = max(1, len(batch) // 2)
            return True
        except BadCursor as error:
            self._turn(error, bool(cursors))
            self._store.together(self._store.forget_cursors)
            return True
        except OutOfStep as error:
            self._turn(error)
            self._step_back(error)
            return True
        reached = self._store.together(lambda: Taking(self._store, self._kinds, reply, batch, limit).take())
        self._count(reply, batch)
        if not reached:
            raise NeedsEnrolment(f"next {reply['next']}")
        if not batch and not reply["records"] and limit and reply["cursors"] == cursors and reply["more"]:
            self._turn(NotOurServer("more, but nothing new"))
        if batch and reply["next"] <= batch[0].number:
            self._turn(OutOfStep("gap", reply["next"]))
        self.summary.waiting = self._store.count_unsent()
        return bool(self.summary.waiting or limit == 0 or reply["more"])

    def _batch(self) -> list[Written]:
        batch: list[Written] = []
        size = 0
        for written in self._store.unsent(self._most):
            size += len(json.dumps(written.wire(), ensure_ascii=False).encode())
            if batch and size > BATCH_BYTES:
                break
            batch.append(written)
        return batch

    def _turn(self, error: SyncError, may: bool = True) -> None:
        self._turns += 1
        if not may or self._turns > TURNS:
            raise error

    def _step_back(self, error: OutOfStep) -> None:
        if not self._store.together(lambda: meet(self._store, error.next)):
            raise NeedsEnrolment(f"next {error.next}")

    def _count(self, reply: dict[str, Any], batch: Sequence[Written]) -> None:
        summary = self.summary
        done = [written.number for written in batch if written.number < reply["next"]]
        summary.sent += len(batch)
        summary.acknowledged += len(done)
        summary.refused += len({entry["number"] for entry in reply["refused"]}.intersection(done))
        summary.restamped += len(reply["restamped"])
        summary.received += len(reply["records"])
        summary.conflicts += sum(body["kind"] == "conflict" and "left" not in body for body in reply["records"])
        summary.more = reply["more"]
        summary.skew_ms = self._now() - milliseconds(reply["time"])


# --- enrolment -----------------------------------------------------------------------------------------------------


def enrol(
    store: PhoneStore,
    courier: Courier,
    url: str,
    code: str,
    device: Mapping[str, str],
    insecure: bool = False,
    fingerprint: str = "",
) -> Enrolment:
    """Spend a code. A profile enrolled before keeps all it has: kept and unsent changes are numbered from 1, all unsent.

    OtherOwner when the profile is another person's or township's.
    """
    answer = courier.enrol(code, device)
    try:
        user, server = dict(answer["user"]), dict(answer["server"])
        fresh = Enrolment(url, answer["device"], answer["token"], answer["township"], user, server)
    except (KeyError, TypeError, ValueError) as error:
        raise NotOurServer(f"enrol: {error!r}") from error
    before = store.enrolment()
    if before and (before.user.get("id"), before.township) != (user.get("id"), fresh.township):
        raise OtherOwner(f"{before.user.get('name')}, {before.township}")
    fresh.insecure, fresh.fingerprint = insecure, fingerprint
    fresh.devices = [*(before.devices if before else ()), fresh.device]

    def begin() -> None:
        store.set_enrolment(fresh)
        held = store.numbers()
        store.unacknowledge(0)
        store.renumber([(old, place) for place, old in enumerate(held, 1)])
        store.set_fact("next_number", len(held) + 1)
        store.forget_cursors()
        store.set_fact("epoch", server.get("epoch"))

    store.together(begin)
    return fresh


# --- the reply's shape ---------------------------------------------------------------------------------------------


_SHAPE: dict[str, tuple[type | tuple[type, ...], Any]] = {
    "next": (int, None),
    "epoch": (str, None),
    "time": (str, None),
    "restamped": (dict, {}),
    "refused": (list, []),
    "grants": (list, None),
    "records": (list, []),
    "cursors": (dict, {}),
    "more": (bool, False),
    "places": (dict, {}),
}


def _read_reply(body: Any) -> dict[str, Any]:
    """The reply with every key in place; NotOurServer when it has not the shape of one, UpdateNeeded for another protocol."""
    if not isinstance(body, dict) or "protocol" not in body:
        raise NotOurServer
    if body["protocol"] != PROTOCOL:
        raise UpdateNeeded(f"protocol {body['protocol']}")
    reply: dict[str, Any] = {}
    for name, (shape, default) in _SHAPE.items():
        reply[name] = body.get(name, default)
        if not isinstance(reply[name], shape):
            raise NotOurServer(name)
    try:
        milliseconds(reply["time"])
        for item in reply["records"]:
            if not item.get("left"):
                Record.from_wire(item)
            Key(item["kind"], item["id"])
        for entry in reply["refused"]:
            int(entry["number"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise NotOurServer(f"{error!r}") from error
    return reply
