"""Taking a reply on the phone: what became of our changes, what others wrote, what is no longer ours to hold.

Promises: a reply is taken whole, inside the one transaction its caller opened; nothing unsent, refused or kept is ever dropped by what
a server says; refused words stand in the to-mend list, once. The township's end of it is in `gate` and `answer`.
Leaves to others: asking and asking again (`converse`), keeping (a PhoneStore).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.grants import Grant, GrantError, sight
from shared.hlc import Clock, format_stamp, is_stamp
from shared.kind import Registry
from shared.merge import lay_over
from shared.moments import milliseconds
from shared.record import Key, Record, rebase, stamps_of
from shared.sync.phone import Copy, Mend, PhoneStore, Written

KEPT_MS = 30 * 24 * 3600 * 1000
"""How long acknowledged changes are kept, for a server that a backup sets back."""


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
        self._time = milliseconds(reply["time"])

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
        if reply["places"]:
            store.set_fact("places", {**(store.fact("places") or {}), **reply["places"]})
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
            return meet(self._store, wanted)
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
        sent: list[Record] = []
        for body in self._reply["records"]:
            if body.get("left"):
                copy = self._store.copy(Key(body["kind"], body["id"]))
                if copy:
                    self._store.put_copy(replace(copy, left=True))
            else:
                sent.append(Record.from_wire(body))
        self._store.keep(sent)
        highest = max((stamp for record in sent for stamp in stamps_of(record.stamps)), default="")
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
        """The records that no grant gives. One that is given in part only loses here the fields that part does not show."""
        try:
            grants = [Grant.read(text) for text in self._reply["grants"]]
        except GrantError:  # a newer server's grant: delete nothing on a rule we do not understand
            return set()
        home = self._kinds.household
        gone: set[Key] = set()
        for key, village, household in self._store.places():
            seen = sight(grants, village, key.id if key.kind == home else household)
            if seen is None or (seen == "part" and self._hide(key)):
                gone.add(key)
        return gone

    def _hide(self, key: Key) -> bool:
        """Take the secret fields out of a copy. True for a disagreement about one: it goes as a whole."""
        copy, kind = self._store.copy(key), self._kinds.get(key.kind)
        if copy is None or kind is None:
            return False
        values = copy.record.values
        about = self._kinds.get(values.get("about") or "")
        if kind.made_by_server:
            return about is None or values.get("field") in about.secrets
        if not kind.secrets.isdisjoint(values):
            self._store.put_copy(replace(copy, record=Record.from_wire(copy.record.wire(kind.secrets))))
        return False


def meet(store: PhoneStore, wanted: int) -> bool:
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


# --- a change under another name, or on another base ---------------------------------------------------------------


def _rename(at: Any, old: str, new: str) -> Any:
    if isinstance(at, Mapping):
        return {element: [new if add == old else add for add in adds] for element, adds in at.items()}
    return new if at == old else at


def _renamed(written: Written, old: str, new: str) -> Written:
    """The change with a stamp's new name, in its own place and in its base."""
    base = {name: _rename(at, old, new) for name, at in written.base.items()}
    return replace(written, stamp=_rename(written.stamp, old, new), base=base)


def _rebased(later: Written, refused: Written) -> Written:
    """`later` as if the refused change had never been."""
    return replace(later, base=rebase(later.change, refused.change))


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
