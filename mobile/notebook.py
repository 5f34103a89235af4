"""What a person can do with the phone: write, read, search, see what waits, mend what was refused, time a visit.

Promises: a word is on the disk before `write` returns; only what changed is written, with the stamps its writer was
looking at; what is shown is what the server will decide. Leaves to others: SQL (`store`), the network (`syncing`), screens.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uuid6

from mobile.drafts import Draft
from mobile.store import Store
from mobile.visits import Reading, beginning, ending, pausing, resuming
from shared.hlc import Clock, device_of
from shared.kind import POLICY_VERSION, REMOVED, Kind, Registry
from shared.merge import lay_over, same
from shared.moments import day_of
from shared.record import Key, Record, stamps_of
from shared.rules.entry import Entry
from shared.rules.length import length_of
from shared.rules.policy import Policies
from shared.sync.phone import Copy, Enrolment, Mend, NotEnrolled, PhoneError, Written
from shared.sync.wire import MAX_CHANGE


class Invalid(PhoneError):
    """Values that cannot be kept. `fields` is field to sentences."""

    code = "invalid"
    words = "有内容不合要求，没有保存。 / Some values cannot be kept; nothing was saved."

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(why)}" for name, why in fields.items()))
        self.fields = dict(fields)


class NoSuchRecord(PhoneError):
    code = "no_such_record"
    words = "手机里没有这条记录。 / There is no such record on this phone."


class NoSuchKind(PhoneError):
    code = "no_such_kind"
    words = "没有这种记录。 / There is no such kind of record."


class NoPlace(PhoneError):
    code = "no_place"
    words = "请指明是哪个行政村或哪一户。 / Say which village or household this belongs to."


class NothingWritten(PhoneError):
    code = "nothing_written"
    words = "没有填写任何内容。 / Nothing was written."


class ChangeTooLarge(PhoneError):
    code = "too_large"
    words = "这一条超过 256 KiB，没有保存，请分开填写。 / Over 256 KiB and not saved; write it in parts."


@dataclass(slots=True)
class Shown:
    """A record as the person sees it. `unsent`: own words not yet at the server; the rest as in Copy."""

    record: Record
    unsent: bool = False
    left: bool = False
    stale: bool = False

    @property
    def removed(self) -> bool:
        return self.record.values.get(REMOVED) is True


@dataclass(slots=True)
class Disagreement:
    """A conflict in a person's terms. `mine` says which words are the reader's: losing, standing or both; empty for none."""

    shown: Shown
    about: str
    record: str
    field: str
    losing: Any
    losing_by: str
    losing_ms: int | None
    standing: Any
    standing_by: str
    standing_ms: int | None
    status: str
    mine: frozenset[str] = frozenset()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _mono() -> float:
    """Seconds since boot, sleep included where the system can tell: a phone sleeps during a visit."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True)
class Doors:
    """Where the outside comes in: wall clock (ms since 1970), seconds since boot, the boot's id, new ids."""

    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    mono: Callable[[], float] = _mono
    boot_id: Callable[[], str] = _boot_id
    new_id: Callable[[], str] = lambda: str(uuid6.uuid7())

    def reading(self) -> Reading:
        return Reading(self.now(), self.mono(), self.boot_id())


class Notebook:
    """One person's notebook over one profile's store."""

    def __init__(self, store: Store, kinds: Registry, doors: Doors | None = None) -> None:
        self.store = store
        self.kinds = kinds
        self.doors = doors or Doors()

    # --- reading ---------------------------------------------------------------------------------------------------

    def kind(self, name: str) -> Kind:
        if name not in self.kinds:
            raise NoSuchKind(f"{name}; {', '.join(self.kinds)}")
        return self.kinds[name]

    def shown(self, key: Key) -> Shown | None:
        """The server's copy with what is unsent laid over it; None when the phone holds neither."""
        return self._lay(key, self.store.copy(key), self.store.of_record(key))

    def _lay(self, key: Key, copy: Copy | None, line: list[Written]) -> Shown | None:
        unsent = [written for written in line if written.acknowledged is None]
        fresh = [written for written in unsent if not written.refused]
        if copy is None and not fresh:
            return None
        held = copy or Copy(Record(*key, fresh[0].village, fresh[0].household))
        kind = self.kinds.get(key.kind)
        record = lay_over(kind, held.record, [written.change for written in fresh]) if kind else held.record
        return Shown(record, bool(unsent), held.left, held.stale)

    def get(self, kind: str, id: str) -> Shown:
        """One record; NoSuchRecord when the phone does not hold it."""
        shown = self.shown(Key(kind, id))
        if shown is None:
            self.kind(kind)
            raise NoSuchRecord(f"{kind} {id}")
        return shown

    def shown_or_none(self, kind: str, id: str) -> Shown | None:
        """One record; None when the phone does not hold it."""
        return self.shown(Key(kind, id))

    def records(self, kind: str, search: str = "", village: str = "", household: str = "") -> list[Shown]:
        """Records of a kind that are not removed, whose words hold `search`, ordered by village and title."""
        declared = self.kind(kind)
        found = [
            shown
            for shown in self._all(kind, household)
            if not shown.removed
            and village in ("", shown.record.village)
            and household in ("", shown.record.household)
            and (not search or _holds(shown.record.values, search))
        ]
        title = declared.title
        return sorted(found, key=lambda s: (s.record.village or "", str(s.record.values.get(title, "")), s.record.id))

    def _all(self, kind: str, household: str = "") -> Iterator[Shown]:
        """Every record of a kind, with more than those of the household where one is named."""
        with_unsent = {key for key in self.store.unsent_keys() if key.kind == kind}
        for copy in self.store.copies(kind, household):
            if copy.record.key in with_unsent:
                with_unsent.discard(copy.record.key)
                shown = self._lay(copy.record.key, copy, self.store.of_record(copy.record.key))
                if shown:
                    yield shown
            else:
                yield Shown(copy.record, False, copy.left, copy.stale)
        for key in sorted(with_unsent):
            shown = self.shown(key)
            if shown:
                yield shown

    def entries(self, kind: str) -> list[Entry]:
        """What the rules read of a kind: the short form of every record, unsent words laid over; removed ones left out."""
        found = self.store.briefs(kind)
        unsent = {key.id for key in self.store.unsent_keys() if key.kind == kind}
        if unsent:
            found = [entry for entry in found if entry.id not in unsent]
            for id_ in sorted(unsent):
                shown = self.shown(Key(kind, id_))
                if shown and not shown.left and not shown.removed:
                    found.append(Entry.of(shown.record))
        return found

    def policies(self) -> Policies:
        """The township's policies, as far as this phone has them; the default preset when it has none."""
        return Policies.of_entries(self.entries("policy"))

    def today(self) -> str:
        """The day in Shanghai, by this phone's clock."""
        return day_of(self.doors.now())

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(
        self,
        kind: str,
        id: str | None,
        values: Mapping[str, Any],
        village: str | None = None,
        household: str | None = None,
        seen: Mapping[str, Any] | None = None,
    ) -> Written | None:
        """Save: one change, on the disk when this returns. None when it changes nothing. Invalid: nothing was saved.

        `village` and `household` place a new record; an existing one stays where it is. `seen` is field to the stamp its writer was
        looking at, where that is not the present one: words typed before a sync brought others.
        """
        declared = self.kind(kind)
        wrong = declared.errors(values)
        if wrong:
            raise Invalid(wrong)
        key = Key(kind, id or self.doors.new_id())

        def save() -> Written | None:
            written = self._change(declared, key, values, village, household, seen or {})
            if written:
                self.store.append(written)
            return written

        return self.store.together(save)

    def _change(
        self,
        kind: Kind,
        key: Key,
        values: Mapping[str, Any],
        village: str | None,
        household: str | None,
        seen: Mapping[str, Any],
    ) -> Written | None:
        enrolment = self.enrolment()
        shown = self.shown(key)
        if shown is None:
            village, household = self.place(kind, village, household)
            record = Record(*key, village, household)
            if POLICY_VERSION in kind.fields and values:
                values = {POLICY_VERSION: self.policies().on(self.today()).version, **values}
        else:
            record = shown.record
        news = {
            name: _distinct(value) if name in kind.unions else value
            for name, value in values.items()
            if not _unchanged(kind, record, name, value)
        }
        if not news:
            if shown is None:
                raise NothingWritten
            return None
        base = _base(record, news, seen)
        written = Written(
            self.store.fact("next_number") or 1,
            *key,
            record.village,
            record.household,
            self._tick(enrolment, record),
            news,
            base,
        )
        if len(json.dumps(written.wire(), ensure_ascii=False).encode()) > MAX_CHANGE:
            raise ChangeTooLarge
        return written

    def _tick(self, enrolment: Enrolment, record: Record) -> str:
        clock = Clock(enrolment.device, self.doors.now, self.store.fact("clock"))
        stamp = clock.tick(stamps_of(record.stamps))
        self.store.set_fact("clock", clock.last)
        return stamp

    def place(self, kind: Kind, village: str | None, household: str | None) -> tuple[str | None, str | None]:
        """Where a new record belongs: its household's village, the village given, or the person's only one."""
        if household and not kind.is_household:
            home = self.shown(Key(self.kinds.household, household))
            if home is None and not village:
                raise NoPlace(f"household {household}")
            return (home.record.village if home else village), household
        if village or kind.shared:
            return village, None
        villages = [name.partition(":")[2] for name in self.store.grants() if name.startswith("village:")]
        if len(villages) != 1:
            raise NoPlace(", ".join(villages))
        return villages[0], None

    def enrolment(self) -> Enrolment:
        """Whose phone this is. NotEnrolled when it is nobody's yet."""
        enrolment = self.store.enrolment()
        if enrolment is None:
            raise NotEnrolled
        return enrolment

    # --- drafts: what is answered and not yet saved ----------------------------------------------------------------

    def draft(self, kind: str, id: str) -> Draft | None:
        """What was answered on a form that was not saved; None when there is nothing."""
        body = self.store.draft(Key(kind, id))
        return Draft.read(kind, id, body) if body is not None else None

    def answer(
        self,
        kind: str,
        id: str,
        values: Mapping[str, Any],
        village: str | None = None,
        household: str | None = None,
        beside: Mapping[str, str] | None = None,
    ) -> Draft:
        """Keep answers at once, each with the stamp its writer was looking at when it was first touched. Nothing is judged yet.

        The place of a record that there is goes into its draft, for it may leave the phone before the draft is saved; `beside` as in Draft.
        """
        draft = self.draft(kind, id) or Draft(kind, id, village, household)
        draft.beside |= beside or {}
        shown = self.shown(Key(kind, id))
        if shown:
            draft.village, draft.household = shown.record.village, shown.record.household
        for name, value in values.items():
            draft.seen.setdefault(name, shown.record.stamps.get(name) if shown else None)
            draft.values[name] = value
        self.store.put_draft(Key(kind, id), draft.body())
        return draft

    def save(self, kind: str, id: str, more: Mapping[str, Any] | None = None) -> Written | None:
        """Save a draft as one change, with `more` beside it. As `write`; the draft goes in the same transaction, or stays."""
        draft = self.draft(kind, id) or Draft(kind, id)

        def work() -> Written | None:
            values = {**draft.values, **(more or {})}
            written = self.write(kind, id, values, draft.village, draft.household, draft.seen)
            self.store.drop_draft(Key(kind, id))
            return written

        return self.store.together(work)

    def discard(self, kind: str, id: str) -> Draft | None:
        """Give a draft up; returned, so that it can be put back."""
        draft = self.draft(kind, id)
        self.store.drop_draft(Key(kind, id))
        return draft

    def put_back(self, draft: Draft) -> None:
        """A draft that was given up stands again; what was answered since then stands over it, or beside it where the two are sets."""
        since, kind = self.draft(draft.kind, draft.id), self.kinds.get(draft.kind)
        if since:
            both = {name for name in draft.values.keys() & since.values.keys() if kind and name in kind.unions}
            joined = {name: _distinct([*(draft.values[name] or ()), *(since.values[name] or ())]) for name in both}
            draft = replace(draft, values=draft.values | since.values | joined, seen=draft.seen | since.seen)
        self.store.put_draft(Key(draft.kind, draft.id), draft.body())

    # --- visits ----------------------------------------------------------------------------------------------------

    def start_visit(self, household: str, values: Mapping[str, Any] | None = None) -> Written:
        """Begin a visit: from now on its start is a stored fact, and its visitor's name; `values` beside them."""
        if self.shown(Key(self.kinds.household, household)) is None:
            raise NoSuchRecord(f"household {household}")
        begun = beginning(self.doors.reading())
        name = self.enrolment().user.get("name")
        written = self.write(
            "visit", None, begun | ({"participants": [name]} if name else {}) | dict(values or {}), household=household
        )
        assert written is not None  # a new record always has something to say
        return written

    def pause_visit(self, id: str) -> Written | None:
        """Press pause: what follows is not counted. None when it is paused already, or over."""
        return self.write("visit", id, pausing(self.get("visit", id).record.values, self.doors.reading()))

    def resume_visit(self, id: str) -> Written | None:
        """Go on after a pause. None when there is none to end."""
        return self.write("visit", id, resuming(self.get("visit", id).record.values, self.doors.reading()))

    def finish_visit(self, id: str, values: Mapping[str, Any]) -> tuple[Written | None, int]:
        """End a visit with what was heard; the change and the whole minutes it took, pauses taken off. Short is kept, never refused.

        A visit that has ended keeps its end: only what its draft holds and `values` are written.
        """
        begun = self.get("visit", id).record.values
        rules = self.policies().on(self.today()).visit
        end = {} if begun.get("ended_at") else ending(begun, self.doors.reading(), rules)
        written = self.save("visit", id, {**end, **values})
        return written, length_of(self.get("visit", id).record.values).minutes

    # --- what waits, what was refused, where people disagree ---------------------------------------------------------

    def waiting(self) -> list[Written]:
        """The outbox, oldest first."""
        return self.store.unsent()

    def mends(self) -> list[Mend]:
        return self.store.mends()

    def mend(self, number: int) -> Mend:
        for mend in self.store.mends():
            if mend.number == number:
                return mend
        raise NoSuchRecord(f"mend {number}")

    def drop_mend(self, number: int) -> Mend:
        """Give up refused words."""
        mend = self.mend(number)
        self.store.together(lambda: self.store.drop_mend(number))
        return mend

    def retry_mend(self, number: int, values: Mapping[str, Any]) -> Written | None:
        """Write refused words again, mended by `values`, on what is shown now; the entry goes in the same transaction."""
        mend = self.mend(number)

        def save() -> Written | None:
            written = self.write(mend.kind, mend.id, {**mend.set, **values}, mend.village, mend.household)
            self.store.drop_mend(number)
            return written

        return self.store.together(save)

    def conflicts(self, everyone: bool = False) -> list[Disagreement]:
        """Disagreements this person is part of, newest first; with `everyone` all that the phone holds."""
        found = [self._disagreement(shown) for shown in self._all("conflict") if not shown.removed]
        kept = [one for one in found if everyone or one.mine]
        return sorted(kept, key=lambda one: (one.losing_ms or 0, one.shown.record.id), reverse=True)

    def _disagreement(self, shown: Shown) -> Disagreement:
        values = shown.record.values
        text = {name: str(values.get(name) or "") for name in ("about", "record", "field", "losing_by", "standing_by")}
        now = self.shown(Key(text["about"], text["record"])) if text["record"] else None
        name, kind = text["field"], self.kinds.get(text["about"])
        current = now.record.stamps.get(name) if now else None
        standing_stamp = current if isinstance(current, str) else None
        standing = values.get("standing")
        if "standing" not in values and now and kind and name not in kind.unions:
            standing = now.record.values.get(name)  # read from the record, where the row does not say
        stamps = {"losing": values.get("losing_stamp"), "standing": standing_stamp}
        writers = {"losing": stamps["losing"], "standing": None if text["standing_by"] else standing_stamp}
        mine = frozenset(side for side, at in writers.items() if self._is_mine(text[f"{side}_by"], at))
        times = {side: int(at[:12], 16) if at else None for side, at in stamps.items()}
        return Disagreement(
            shown, text["about"], text["record"], name,
            values.get("losing"), text["losing_by"], times["losing"],
            standing, text["standing_by"], times["standing"],
            str(values.get("status") or ""), mine,
        )  # fmt: skip

    def _is_mine(self, by: str, stamp: str | None) -> bool:
        enrolment = self.enrolment()
        names = {enrolment.user.get("id"), enrolment.user.get("name"), *enrolment.devices}
        return by in names or bool(stamp and device_of(stamp) in enrolment.devices)

    def reopen(self, id: str) -> Written | None:
        """Ask the desk to look at a disagreement again."""
        self.get("conflict", id)
        return self.write("conflict", id, {"status": "open"})


def _base(record: Record, news: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Per field the stamp its writer was looking at, None in `seen` for nothing; who removes a record was looking at all of it."""
    names = set(record.stamps) if news.get(REMOVED) is True else {n for n in news if n in record.stamps}
    if record.values.get(REMOVED) is True:
        names.add(REMOVED)
    base = {name: at for name, at in record.stamps.items() if name in names}
    base |= {name: at for name, at in seen.items() if name in news}
    return {name: at for name, at in base.items() if at is not None}


def _unchanged(kind: Kind, record: Record, name: str, value: Any) -> bool:
    if name not in record.values:
        return value is None
    held = record.values[name]
    if name in kind.unions:
        return set(held or []) == set(value or [])
    return same(held, value)


def _distinct(value: list[str] | None) -> list[str] | None:
    return None if value is None else list(dict.fromkeys(value))


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(item, text) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, text) for item in value)
    return value is not None and text.casefold() in str(value).casefold()
