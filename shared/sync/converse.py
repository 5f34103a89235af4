"""The phone's half of the conversation: send the oldest first, take each reply in one step, until nothing is left.

Promises: whatever goes wrong is a named error in words and leaves the store as it was; a reply is taken whole, in one
transaction, or not at all; nothing unsent, refused or kept is ever dropped by what a server says; it always ends.
Leaves to others: SQL (a PhoneStore), HTTP (a Courier), threads and waiting (`mobile.syncing`). The other end of every step
here is in `gate` and `answer`; the contract is DESIGN section 4.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol, TypeVar

from shared.grants import Grant, GrantError
from shared.hlc import Clock, format_stamp, is_stamp
from shared.kind import Registry
from shared.merge import lay_over
from shared.record import Change, Key, Record
from shared.sync.wire import DEFAULT_LIMIT, MAX_CHANGES, PROTOCOL

BATCH_BYTES = 3 * 1024 * 1024 // 2
KEPT_MS = 30 * 24 * 3600 * 1000
TURNS = 8
"""How often one sync may start over (numbers, cursors, smaller batches) before it gives up in words."""

SHANGHAI = timezone(timedelta(hours=8))
T = TypeVar("T")


# --- what can go wrong ---------------------------------------------------------------------------------------------


class PhoneError(Exception):
    """Something a person must be told: `code` is our word, str() says what happened and what to do, Chinese first."""

    code = "failed"
    words = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.words} ({detail})" if self.words and detail else self.words or detail)
        self.detail = detail


class SyncError(PhoneError):
    """A request got no reply to use. Nothing changed on the phone; the same request may be sent again."""


class Offline(SyncError):
    code = "offline"
    words = "连不上服务器，内容已存在手机里，有信号时再同步。 / No connection; everything is kept, sync again later."


class TimedOut(SyncError):
    code = "timeout"
    words = "服务器没有及时回应，请稍后再同步。 / The server did not answer in time; sync again later."


class NotTrusted(SyncError):
    code = "not_trusted"
    words = "服务器证书不可信，未发送任何内容，请核对网址。 / The certificate is not trusted; nothing was sent, check the URL."


class NotOurServer(SyncError):
    code = "not_our_server"
    words = (
        "回应的不是入户服务器，请先在浏览器登录这个网络，或核对网址。"
        " / Something else answered: log in to this network in a browser, or check the URL."
    )


class CutShort(SyncError):
    code = "cut_short"
    words = "回应没有收全，请再同步一次。 / The reply was cut short; sync again."


class BatchTooLarge(SyncError):
    code = "too_large"
    words = "一次发送的内容太多，请联系乡镇办公室。 / The request is too large; call the township desk."


class EncodingRefused(SyncError):
    code = "encoding"
    words = "服务器读不懂压缩格式，请升级应用。 / The server cannot read our encoding; update the app."


class UpdateNeeded(SyncError):
    code = "protocol"
    words = "应用版本与服务器不符，请升级应用；内容不会丢失。 / Update the app to talk to this server; nothing is lost."


class Busy(SyncError):
    """`retry_after` is in seconds, None when the server did not say."""

    code = "busy"
    words = "服务器正忙，请稍后再同步。 / The server is busy; sync again a little later."

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ServerFull(SyncError):
    code = "server_full"
    words = "服务器磁盘已满，内容仍在手机里，请告知乡镇办公室。 / The server's disk is full; tell the township desk."


class ServerFailed(SyncError):
    code = "server_failed"
    words = "服务器出错，内容仍在手机里，请稍后再同步。 / The server failed; everything is kept, sync again later."


class RequestRefused(SyncError):
    code = "unreadable"
    words = "服务器不接受这次请求，请升级应用或联系乡镇办公室。 / The server refused the request; update the app or call the desk."


class BadCursor(SyncError):
    code = "bad_cursor"
    words = "下载位置与服务器不符，将重新下载。 / The server does not know our cursor; the download starts anew."


class OutOfStep(SyncError):
    """Our numbers are not the server's: `code` is gap or renumber, `next` the number it wants."""

    words = (
        "编号与服务器不一致，请再同步一次；若仍如此，请联系乡镇办公室。 / Numbers differ from the server's; sync again."
    )

    def __init__(self, code: str, next_: int) -> None:
        super().__init__(f"{code}, next {next_}")
        self.code = code
        self.next = next_


class TokenRefused(SyncError):
    words = (
        "服务器不认这台设备，内容全部保留；请向乡镇办公室要新的注册码，重新注册后会再次上传。"
        " / The server does not accept this device. Nothing is deleted: ask the desk for a new code and enrol again."
    )

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NeedsEnrolment(SyncError):
    code = "needs_enrolment"
    words = (
        "服务器恢复到了很早的备份，请要新的注册码重新注册，手机里的内容会再次上传。"
        " / The server was restored from an old backup: enrol again with a new code, and all we keep is sent again."
    )


class CodeSpent(SyncError):
    code = "code_spent"
    words = "注册码已用过或已过期，请要一个新的。 / The code was used or has expired; ask for a new one."


class NotEnrolled(PhoneError):
    code = "not_enrolled"
    words = "这台手机还没有注册，请先用注册码注册。 / Not enrolled yet: enrol with a code first."


class OtherOwner(PhoneError):
    code = "other_owner"
    words = (
        "这个档案属于别人或别的乡镇，请给第二个人另建一个档案（--profile）。"
        " / This profile belongs to another person or township; give the second one a profile of their own."
    )


# --- the ports -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """One change of this phone with its number. `acknowledged`: the server's time in ms since 1970, None while unsent."""

    number: int
    kind: str
    id: str
    village: str | None
    household: str | None
    stamp: str
    set: dict[str, Any]
    base: dict[str, Any]
    acknowledged: int | None = None
    refused: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)

    @property
    def change(self) -> Change:
        return Change(self.stamp, self.set, self.base)

    def wire(self) -> dict[str, Any]:
        """The change as a request carries it."""
        names = ("number", "kind", "id", "village", "household", "stamp", "set", "base")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Copy:
    """The server's copy of a record. `left`: no longer ours to hold; `stale`: a restored server did not send it again."""

    record: Record
    left: bool = False
    stale: bool = False


@dataclass(slots=True)
class Mend:
    """A refused change, waiting for its writer. `fields` is field to sentences; `stamp` names the refused write."""

    number: int
    kind: str
    id: str
    village: str | None
    household: str | None
    stamp: str
    set: dict[str, Any]
    code: str
    message: str
    fields: dict[str, list[str]]


@dataclass(slots=True)
class Enrolment:
    """Who this profile is. `devices` holds this phone's ids, old ones first; `insecure` allows plain http."""

    url: str
    device: str
    token: str
    township: str
    user: dict[str, Any]
    server: dict[str, Any]
    devices: list[str] = field(default_factory=list)
    insecure: bool = False


class Courier(Protocol):
    """Carries one request to the server and brings its reply, or raises a SyncError saying what went wrong."""

    def enrol(self, code: str, device: Mapping[str, str]) -> dict[str, Any]:
        """``POST /api/v1/enrol``; CodeSpent when the code is no longer good."""
        ...

    def sync(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """``POST /api/v1/sync`` with the device's token."""
        ...


class PhoneStore(Protocol):
    """What a phone keeps. Every writing call belongs inside `together`; a kill leaves all of a `together` or none."""

    def together(self, work: Callable[[], T]) -> T:
        """Run `work` in one transaction, on disk when this returns. It may be run twice, so it touches only the store."""
        ...

    def fact(self, name: str) -> Any:
        """A small JSON value by name (epoch, clock, next_number, ...), None when it was never set."""
        ...

    def set_fact(self, name: str, value: Any) -> None: ...
    def enrolment(self) -> Enrolment | None: ...
    def set_enrolment(self, enrolment: Enrolment) -> None: ...

    # the outbox and the kept changes, one line of numbers
    def unsent(self, limit: int) -> list[Written]:
        """The oldest changes not acknowledged, in number order."""
        ...

    def count_unsent(self) -> int: ...
    def numbers(self) -> list[int]:
        """Every number on the phone, sent or not, ascending."""
        ...

    def numbered(self, number: int) -> Written | None: ...
    def of_record(self, key: Key) -> list[Written]:
        """A record's changes, kept and unsent, in number order."""
        ...

    def rewrite(self, written: Written) -> None:
        """Replace what stands under this number."""
        ...

    def unacknowledge(self, since: int) -> None:
        """Kept changes from this number on are unsent again."""
        ...

    def renumber(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Old to new numbers, all at once."""
        ...

    def forget_kept(self, before: int) -> None:
        """Drop changes acknowledged before this time (ms since 1970)."""
        ...

    # the server's copies
    def copy(self, key: Key) -> Copy | None: ...
    def put_copy(self, copy: Copy) -> None: ...
    def drop_copy(self, key: Key) -> None: ...
    def places(self) -> list[tuple[Key, str | None, str | None]]:
        """Key, village and household of every copy."""
        ...

    def copies_left(self) -> list[Key]: ...
    def mark_stale(self) -> None:
        """Mark the copies that did not come again since the epoch changed, where nothing unsent stands under them."""
        ...

    def highest_stamp(self) -> str | None:
        """The highest stamp in any change or copy."""
        ...

    # grants and their cursors
    def grants(self) -> dict[str, Any]:
        """Grant to cursor, None where there is none yet."""
        ...

    def set_grants(self, cursors: Mapping[str, Any], complete: Iterable[str]) -> None:
        """These grants and no others, with their cursors; `complete` have had their first fill."""
        ...

    def forget_cursors(self) -> None: ...

    # the to-mend list
    def add_mend(self, mend: Mend) -> None:
        """Its number is used when free, else the next free one."""
        ...

    def mends_of(self, key: Key) -> list[Mend]: ...
    def put_mend(self, mend: Mend) -> None: ...
    def drop_mend(self, number: int) -> None: ...


# --- one sync ------------------------------------------------------------------------------------------------------


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
            "now": moment(self._now()),
            "epoch": self._store.fact("epoch"),
            "cursors": cursors,
            "limit": limit,
            "changes": [written.wire() for written in batch],
        }
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
        if not self._store.together(lambda: _meet(self._store, error.next)):
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
        summary.skew_ms = self._now() - _ms(reply["time"])


def _meet(store: PhoneStore, wanted: int) -> bool:
    """Bring our numbers to where the server is. False when it asks for changes we no longer keep: enrol again.

    Lower than our oldest unsent: the server was restored, kept changes are unsent again. Otherwise we are a restored old
    copy of ourselves, or have a hole: what is unsent is numbered anew.
    """
    unsent = [written.number for written in store.unsent(-1)]
    first = unsent[0] if unsent else store.fact("next_number") or 1
    if wanted < first:
        held = [number for number in store.numbers() if wanted <= number < first]
        if held != list(range(wanted, first)):
            return False
        store.unacknowledge(wanted)
    else:
        store.renumber([(old, wanted + place) for place, old in enumerate(unsent)])
        store.set_fact("next_number", wanted + len(unsent))
    return True


class Taking:
    """One reply being taken, inside one transaction: first what became of our changes, then what others wrote."""

    def __init__(
        self, store: PhoneStore, kinds: Registry, reply: dict[str, Any], batch: Sequence[Written], limit: int
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._reply = reply
        self._numbers = [written.number for written in batch]
        self._limit = limit
        self._time = _ms(reply["time"])

    def take(self) -> bool:
        """All of it. False when the server asks for changes we no longer keep."""
        store, reply = self._store, self._reply
        store.set_fact("epoch", reply["epoch"])
        self._adopt_stamps()
        self._settle()
        reached = self._meet()
        changed = self._set_grants()
        self._place_records()
        self._let_go(changed)
        if self._limit and not reply["more"]:
            store.mark_stale()
        store.forget_kept(self._time - KEPT_MS)
        store.set_fact("last_sync", reply["time"])
        return reached

    # our changes

    def _adopt_stamps(self) -> None:
        """The server re-stamped what ran ahead: its word is the write's name everywhere, and our clock goes back."""
        adopted = False
        for number in self._numbers:
            stamp = self._reply["restamped"].get(str(number))
            written = self._store.numbered(number)
            if written is None or not is_stamp(stamp) or stamp == written.stamp:
                continue
            adopted = True
            old = written.stamp
            for other in self._store.of_record(written.key):
                self._store.rewrite(_renamed(other, old, stamp))
            copy = self._store.copy(written.key)
            if copy:
                copy.record.stamps = {name: _rename(at, old, stamp) for name, at in copy.record.stamps.items()}
                self._store.put_copy(copy)
        if adopted:
            self._reset_clock()

    def _reset_clock(self) -> None:
        enrolment = self._store.enrolment()
        device = enrolment.device if enrolment else "x"
        clock = Clock(device, lambda: self._time)
        clock.reset(format_stamp(self._time, 0, device))
        highest = self._store.highest_stamp()
        if highest:
            clock.observe(highest)
        self._store.set_fact("clock", clock.last)

    def _settle(self) -> None:
        """Each change that was sent and counted is acknowledged or refused, oldest first."""
        refused = {entry["number"]: entry for entry in self._reply["refused"]}
        accepted: dict[Key, list[Written]] = {}
        for number in self._numbers:
            written = self._store.numbered(number)
            if written is None or number >= self._reply["next"]:
                continue
            written.acknowledged = self._time
            if number in refused:
                self._refuse(written, refused[number])
                continue
            for mend in self._store.mends_of(written.key):
                if mend.stamp == written.stamp:  # refused once, taken by a restored server
                    self._store.drop_mend(mend.number)
            written.refused = False
            self._store.rewrite(written)
            accepted.setdefault(written.key, []).append(written)
        for key, line in accepted.items():
            self._lay_into_copy(key, line)

    def _lay_into_copy(self, key: Key, line: Sequence[Written]) -> None:
        """What was taken stays visible until the feed brings the record as the server has it, pages later perhaps."""
        kind = self._kinds.get(key.kind)
        if kind is None:
            return
        first = line[0]
        copy = self._store.copy(key) or Copy(Record(*key, first.village, first.household))
        record = lay_over(kind, copy.record, [written.change for written in line])
        self._store.put_copy(replace(copy, record=record, stale=False))

    def _refuse(self, written: Written, entry: Mapping[str, Any]) -> None:
        """Its words go to the to-mend list, once; what was written on top of it takes over its base."""
        if not written.refused:
            self._store.add_mend(_mend(written, entry))
        written.refused = True
        self._store.rewrite(written)
        for later in self._store.of_record(written.key):
            if later.number > written.number and later.acknowledged is None:
                self._store.rewrite(_rebased(later, written))

    def _meet(self) -> bool:
        """A next below what we would send: the server was restored, and kept changes go again."""
        wanted = self._reply["next"]
        unsent = self._store.unsent(1)
        first = unsent[0].number if unsent else self._store.fact("next_number") or 1
        if wanted < first or not unsent:
            return _meet(self._store, wanted)
        return True

    # what others wrote

    def _set_grants(self) -> bool:
        reply, before = self._reply, self._store.grants()
        cursors = {grant: reply["cursors"].get(grant, before.get(grant)) for grant in reply["grants"]}
        done = self._limit > 0 and not reply["more"]
        complete = [grant for grant, at in cursors.items() if done or isinstance(at, int)]
        self._store.set_grants(cursors, complete)
        return before.keys() != cursors.keys()

    def _place_records(self) -> None:
        highest = ""
        for body in self._reply["records"]:
            if body.get("left"):
                copy = self._store.copy(Key(body["kind"], body["id"]))
                if copy:
                    self._store.put_copy(replace(copy, left=True))
                continue
            record = Record.from_wire(body)
            highest = max([highest, *stamps_of(record.stamps)])
            self._store.put_copy(Copy(record))
        last = self._store.fact("clock")
        if is_stamp(highest) and (last is None or highest > last):
            self._store.set_fact("clock", highest)

    def _let_go(self, grants_changed: bool) -> None:
        """Drop what is no longer ours to hold, unless something of ours still stands under it."""
        leaving = set(self._store.copies_left())
        if grants_changed or self._store.fact("departing"):
            leaving |= self._not_given()
        waiting = 0
        for key in leaving:
            unsent = any(written.acknowledged is None for written in self._store.of_record(key))
            if unsent or self._store.mends_of(key):
                waiting += 1
            else:
                self._store.drop_copy(key)
        self._store.set_fact("departing", waiting)

    def _not_given(self) -> set[Key]:
        try:
            grants = [Grant.read(text) for text in self._reply["grants"]]
        except GrantError:  # a newer server's grant: delete nothing on a rule we do not understand
            return set()
        home = self._kinds.household
        return {
            key
            for key, village, household in self._store.places()
            if not any(grant.gives(village, key.id if key.kind == home else household) for grant in grants)
        }


# --- enrolment -----------------------------------------------------------------------------------------------------


def enrol(
    store: PhoneStore,
    courier: Courier,
    url: str,
    code: str,
    device: Mapping[str, str],
    insecure: bool = False,
) -> Enrolment:
    """Spend a code. A profile enrolled before keeps all it has: kept and unsent changes are numbered from 1, all unsent.

    OtherOwner when the profile is another person's or township's.
    """
    answer = courier.enrol(code, device)
    try:
        user, server = dict(answer["user"]), dict(answer["server"])
        fresh = Enrolment(url, answer["device"], answer["token"], answer["township"], user, server, insecure=insecure)
    except (KeyError, TypeError, ValueError) as error:
        raise NotOurServer(f"enrol: {error!r}") from error
    before = store.enrolment()
    if before and (before.user.get("id"), before.township) != (user.get("id"), fresh.township):
        raise OtherOwner(f"{before.user.get('name')}, {before.township}")
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


# --- plain functions -----------------------------------------------------------------------------------------------


def moment(ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in the region's own time, to the second."""
    return datetime.fromtimestamp(ms / 1000, SHANGHAI).isoformat(timespec="seconds")


def stamps_of(stamps: Mapping[str, Any]) -> Iterator[str]:
    """Every stamp in a record's `stamps` or a change's `base`."""
    for at in stamps.values():
        if isinstance(at, str):
            yield at
        elif isinstance(at, Mapping):
            for adds in at.values():
                yield from adds


def _ms(time: str) -> int:
    read = datetime.fromisoformat(time)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)


def _rename(at: Any, old: str, new: str) -> Any:
    if isinstance(at, Mapping):
        return {element: [new if add == old else add for add in adds] for element, adds in at.items()}
    return new if at == old else at


def _renamed(written: Written, old: str, new: str) -> Written:
    """The change with a stamp's new name, in its own place and in its base."""
    base = {name: _rename(at, old, new) for name, at in written.base.items()}
    return replace(written, stamp=_rename(written.stamp, old, new), base=base)


def _rebased(later: Written, refused: Written) -> Written:
    """`later` as if the refused change had never been: where it was looking at that, it looks at what lay under it."""
    base = dict(later.base)
    for name in refused.set:
        seen, under = base.get(name), refused.base.get(name)
        if isinstance(seen, Mapping) or isinstance(under, Mapping):
            base[name] = _rebased_union(seen or {}, under or {}, refused.stamp)
        elif seen != refused.stamp:
            continue
        elif under is None:
            del base[name]
        else:
            base[name] = under
    return replace(later, base={name: at for name, at in base.items() if name in later.base or name in later.set})


def _rebased_union(seen: Mapping[str, list[str]], under: Mapping[str, list[str]], refused: str) -> dict[str, list[str]]:
    """The adds looked at without the refused one, with those it looked at: what it took out is still meant to go."""
    adds = {element: dict.fromkeys(add for add in held if add != refused) for element, held in seen.items()}
    for element, held in under.items():
        adds.setdefault(element, {}).update(dict.fromkeys(held))
    return {element: list(held) for element, held in adds.items() if held}


def _mend(written: Written, entry: Mapping[str, Any]) -> Mend:
    return Mend(
        written.number,
        *written.key,
        written.village,
        written.household,
        written.stamp,
        written.set,
        str(entry.get("code") or "invalid"),
        str(entry.get("message") or ""),
        dict(entry.get("fields") or {}),
    )


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
        _ms(reply["time"])
        for item in reply["records"]:
            if not item.get("left"):
                Record.from_wire(item)
            Key(item["kind"], item["id"])
        for entry in reply["refused"]:
            int(entry["number"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotOurServer(f"{error!r}") from error
    return reply
