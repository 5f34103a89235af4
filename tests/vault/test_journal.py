"""The journal: whatever is unsent stands in it, sealed to the township, through kills, full disks, new numbers and new stamps."""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobile.disk import BALLAST, StorageFull
from mobile.journal import ADDRESS, JOURNAL, LOST, Address, JournalFailed, KeyUnusable, read_lines
from mobile.store import SET_ASIDE, Store
from mobile.vault import Seal
from shared.sync.phone import Enrolment
from shared.sync.taking import meet
from tests.mobile.township import Phone, Township, Watch
from tests.vault.stage import HEAD, TOKEN, VILLAGE, Key25519, change, enrol, enrolment, found_in, new_id


@pytest.fixture
def store(tmp_path: Path, key: Key25519) -> Iterator[Store]:
    made = Store(tmp_path / "phone", 0, seal=Seal(os.urandom(32)))
    enrol(made, key.public)
    yield made
    made.close()


def save(store: Store, number: int, **values: Any) -> None:
    store.together(lambda: store.append(change(number, id_=number, **values)))


def acknowledge(store: Store, *numbers: int, refused: bool = False) -> None:
    def work() -> None:
        for number in numbers:
            written = store.numbered(number)
            assert written
            written.acknowledged, written.refused = 1_000 + number, refused
            store.rewrite(written)

    store.together(work)


def in_step(store: Store, key: Key25519) -> bool:
    """Whether the journal tells exactly what is unsent, in whose name."""
    who = store.enrolment()
    assert who
    told = [{"device": who.device, "token": who.token, "change": w.wire()} for w in store.unsent()]
    return list(key.journal(store.folder).values()) == told


def test_every_unsent_change_stands_in_the_journal_and_only_the_township_can_read_it(
    store: Store, key: Key25519, tmp_path: Path
) -> None:
    save(store, 1, head_name=HEAD)
    save(store, 2, remark="二")
    assert in_step(store, key)
    assert key.journal(store.folder)[1]["token"] == TOKEN
    assert found_in(tmp_path) == []
    assert stat.S_IMODE((store.folder / JOURNAL).stat().st_mode) == 0o600


def test_what_the_township_answered_for_leaves_the_journal(store: Store, key: Key25519) -> None:
    for number in (1, 2, 3):
        save(store, number, remark=f"{number}")
    acknowledge(store, 1)
    acknowledge(store, 2, refused=True)
    assert [number for number, _ in read_lines(store.folder)] == [3]
    acknowledge(store, 3)
    assert (store.folder / JOURNAL).read_bytes() == b""


def test_new_numbers_new_stamps_and_a_new_enrolment_reach_the_journal(store: Store, key: Key25519) -> None:
    for number in (1, 2, 3):
        save(store, number, remark=f"{number}")
    acknowledge(store, 1)
    store.together(lambda: store.renumber([(2, 5), (3, 6)]))
    assert in_step(store, key)
    assert [number for number, _ in read_lines(store.folder)] == [5, 6]
    written = store.unsent()[0]
    written.stamp, written.base = "0000000000ff-0000-phone1", {"remark": "x"}
    store.together(lambda: store.rewrite(written))
    assert in_step(store, key)
    store.together(lambda: store.unacknowledge(0))
    assert in_step(store, key)
    assert len(store.unsent()) == 3
    enrol(store, key.public, device="phone2", token="451422103.another")
    assert in_step(store, key)
    assert {body["token"] for body in key.journal(store.folder).values()} == {"451422103.another"}


def test_another_key_of_the_server_seals_everything_anew(store: Store, key: Key25519) -> None:
    save(store, 1, remark="一")
    other = Key25519()
    enrol(store, other.public)
    assert in_step(store, other)


def test_a_key_that_cannot_be_used_is_told_at_enrolment_and_changes_nothing(store: Store, key: Key25519) -> None:
    for bad in ("x", "AAAA", "不是钥匙"):
        with pytest.raises(KeyUnusable, match=" / "):
            enrol(store, bad)
    assert store.enrolment() == enrolment(key.public)
    save(store, 1, remark="一")
    assert in_step(store, key)


def test_a_save_that_was_undone_is_not_missed(store: Store, key: Key25519) -> None:
    def half() -> None:
        store.append(change(1, remark="一"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.together(half)
    assert read_lines(store.folder) == []
    save(store, 1, remark="别的")
    assert in_step(store, key)


# --- power cuts -----------------------------------------------------------------------------------------------------

CUT = """
import os, sys
from pathlib import Path
from mobile.journal import Journal
from mobile.notebook import Notebook
from mobile.store import Store
from shared.kinds import KINDS
folder, where = Path(sys.argv[1]), sys.argv[2]
store = Store(folder, 0)
notebook = Notebook(store, KINDS)
append, keep = Journal.append, Journal.keep
if where == "before the journal":
    Journal.append = lambda self, lines: os._exit(9)
elif where == "before the commit":
    Journal.append = lambda self, lines: (append(self, lines), os._exit(9))
else:
    Journal.keep = lambda self, numbers: os._exit(9)
if where == "before tidying":
    written = store.unsent()[0]
    written.acknowledged = 1
    store.together(lambda: store.rewrite(written))
notebook.write("household", None, {"remark": "第二"}, village="451422103201")
"""


@pytest.mark.parametrize(
    ("where", "unsent", "lines"),
    [("before the journal", [1], [1]), ("before the commit", [1], [1, 2]), ("before tidying", [], [1])],
)
def test_power_lost_around_a_commit_leaves_a_journal_that_misses_nothing(
    tmp_path: Path, key: Key25519, killed: Callable[..., None], where: str, unsent: list[int], lines: list[int]
) -> None:
    store = Store(tmp_path, 0)
    enrol(store, key.public).write("household", None, {"remark": "第一"}, village=VILLAGE)
    store.close()
    killed(CUT, tmp_path, where)
    assert sorted(key.journal(tmp_path)) == lines
    again = Store(tmp_path, 0)
    assert [written.number for written in again.unsent()] == unsent
    assert in_step(again, key), "a line too many went at the opening"
    again.close()


def test_power_lost_between_a_new_numbering_and_its_commit_loses_nothing(store: Store, key: Key25519) -> None:
    """Before the commit the new lines stand after the old ones, so that both numberings can be read."""
    for number in (3, 4, 5):
        save(store, number, remark=f"{number}")
    before = [written.wire() for written in store.unsent()]
    cut = store.folder.with_name("cut")
    power_cut(store, lambda: store.renumber([(3, 4), (4, 5), (5, 6)]), cut)
    every = [key.open(line.split(b" ")[1])["change"] for line in (cut / JOURNAL).read_bytes().splitlines()]
    assert [one["number"] for one in every] == [3, 4, 5, 4, 5, 6]
    assert every[:3] == before
    assert [one["stamp"] for one in every[3:]] == [one["stamp"] for one in before]
    again = Store(cut, 0, seal=store._seal)
    assert [written.wire() for written in again.unsent()] == before
    assert in_step(again, key)
    again.close()
    assert in_step(store, key), "an undoing without a power cut takes the new lines back"


def test_what_a_database_set_back_does_not_know_is_set_aside_for_the_desk_and_that_is_said(
    store: Store, key: Key25519
) -> None:
    """The log beside the database was lost with its last commits: what they held stands in the journal alone."""
    save(store, 1, remark="一")
    early = store.folder.with_name("early")
    shutil.copytree(store.folder, early)
    for number in (2, 3):
        save(store, number, remark=f"{number}")
    (early / JOURNAL).write_bytes((store.folder / JOURNAL).read_bytes())
    again = Store(early, 0, seal=store._seal)
    assert again.notice == SET_ASIDE.format(n=2)
    assert in_step(again, key)
    again.close()
    told = [key.open(line.split(b" ")[1])["change"] for line in (early / LOST).read_bytes().splitlines()]
    assert [(one["number"], one["set"]["remark"]) for one in told] == [(2, "2"), (3, "3")]
    assert stat.S_IMODE((early / LOST).stat().st_mode) == 0o600
    later = Store(early, 0, seal=store._seal)
    assert later.notice is None
    later.close()


def power_cut(store: Store, work: Callable[[], Any], into: Path) -> None:
    """Do some work; the power fails when the journal is written and the commit is not. The files as they then are stand in `into`."""
    before_commit = store._before_commit

    def cut() -> None:
        before_commit()
        shutil.copytree(store.folder, into)
        raise KeyboardInterrupt

    store._before_commit = cut  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        store.together(work)
    store._before_commit = before_commit  # type: ignore[method-assign]


def test_lines_that_will_not_go_after_an_undoing_are_made_good_by_the_next_save(
    store: Store, key: Key25519, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        save(store, number, remark=f"{number}")

    def broken(path: Path, size: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, "truncate", broken)
        power_cut(store, lambda: store.renumber([(1, 2), (2, 3)]), store.folder.with_name("cut"))
    assert len((store.folder / JOURNAL).read_bytes().splitlines()) == 4
    save(store, 3, remark="三")
    assert in_step(store, key)


def test_a_line_cut_short_by_a_power_cut_is_cut_off(store: Store, key: Key25519) -> None:
    save(store, 1, remark="一")
    path, seal, folder = store.folder / JOURNAL, store._seal, store.folder
    whole = path.read_bytes()
    path.write_bytes(whole + b"2 AAAAAAAA")
    assert [number for number, _ in read_lines(folder)] == [1]
    store.close()
    again = Store(folder, 0, seal=seal)
    assert path.read_bytes() == whole
    save(again, 2, remark="二")
    assert in_step(again, key)
    again.close()


def test_a_profile_of_an_app_that_kept_no_journal_gets_one_at_its_first_opening(store: Store, key: Key25519) -> None:
    for number in (1, 2):
        save(store, number, remark=f"{number}")
    seal, folder = store._seal, store.folder
    store.close()
    (folder / JOURNAL).unlink()
    again = Store(folder, 0, seal=seal)
    assert in_step(again, key)
    assert len(read_lines(folder)) == 2
    again.close()


# --- a disk that will not ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, JournalFailed)]
)
def test_what_cannot_be_written_into_the_journal_is_not_saved_and_that_is_said(
    store: Store, key: Key25519, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    save(store, 1, remark="一")

    def broken(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(error, match=r"没有存上.* / .*not saved|没有存上.* / Not saved"):
            save(store, 2, remark="二")
    assert [written.number for written in store.unsent()] == [1]
    assert in_step(store, key)
    save(store, 2, remark="二")
    assert in_step(store, key)


def test_the_reserve_is_given_up_for_the_journal_too(
    store: Store, key: Key25519, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, ballast = os.fsync, store.folder / BALLAST
    ballast.write_bytes(b"\0" * 1000)

    def full(handle: int) -> None:
        if ballast.exists():
            raise OSError(errno.ENOSPC, "full")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    save(store, 1, remark="一")
    assert store.notice
    assert in_step(store, key)


def test_tidying_that_fails_fails_nobody_and_is_made_good(
    store: Store, key: Key25519, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        save(store, number, remark=f"{number}")

    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr("mobile.journal.replace_file", full)
        acknowledge(store, 1)
    assert [written.number for written in store.unsent()] == [2]
    assert sorted(key.journal(store.folder)) == [1, 2]
    acknowledge(store, 2)
    assert read_lines(store.folder) == []


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/bin/mount").exists(), reason="needs root: a small disk of its own")
def test_on_a_really_full_disk_whatever_was_saved_is_in_the_journal(tmp_path: Path, key: Key25519) -> None:
    if subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("needs root: may not mount")
    try:
        store = Store(tmp_path / "phone", 512 * 1024)
        enrol(store, key.public)
        saved = 0
        try:
            while True:
                save(store, saved + 1, remark="长" * 5_000)
                saved += 1
        except StorageFull:
            pass
        assert store.notice, "the reserve was used first"
        assert [written.number for written in store.unsent()] == list(range(1, saved + 1))
        assert in_step(store, key)
        store.close()
    finally:
        subprocess.run(["/bin/umount", "-l", tmp_path], check=True)


# --- where it goes ------------------------------------------------------------------------------------------------------


def test_beside_the_journal_stands_where_it_goes_and_nothing_more(store: Store, key: Key25519) -> None:
    assert Address.read(store.folder) == Address("https://ruhu.example", "ab" * 32, False)
    seal, folder = store._seal, store.folder
    store.together(lambda: store.set_enrolment(moved(key)))
    assert Address.read(folder) == Address("http://127.0.0.1:8000", "", True)
    store.close()
    (folder / ADDRESS).write_bytes(b"spoilt")
    assert Address.read(folder) is None
    Store(folder, 0, seal=seal).close()
    assert Address.read(folder) == Address("http://127.0.0.1:8000", "", True)


def moved(key: Key25519) -> Enrolment:
    fresh = enrolment(key.public)
    fresh.url, fresh.insecure, fresh.fingerprint = "http://127.0.0.1:8000", True, ""
    return fresh


# --- any history ----------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.integers(1, 3)),
        st.tuples(st.just("undone"), st.integers(1, 3)),
        st.tuples(st.just("acknowledge"), st.integers(1, 4)),
        st.tuples(st.just("refuse"), st.integers(1, 2)),
        st.tuples(st.just("restamp"), st.integers(0, 9)),
        st.tuples(st.just("meet"), st.integers(-3, 3)),
        st.tuples(st.just("enrol"), st.just(0)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("killed"), st.integers(0, 4)),
    ),
    max_size=14,
)


@settings(max_examples=settings.default.max_examples // 3)
@given(steps=STEPS)
def test_after_any_history_the_journal_tells_what_is_unsent(key: Key25519, steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        history = History(Path(folder), key)
        for step, amount in steps:
            getattr(history, step)(amount)
            history.check()
        history.store.close()


class History:
    """One phone, and what may happen to it."""

    def __init__(self, folder: Path, key: Key25519) -> None:
        self.folder, self.key, self.seal, self.devices = folder, key, Seal(os.urandom(32)), 1
        self.store = Store(folder / "0", 0, seal=self.seal)
        enrol(self.store, key.public)

    def _next(self) -> int:
        number: int = self.store.fact("next_number") or 1
        return number

    def save(self, amount: int) -> None:
        def work() -> None:
            for _ in range(amount):
                self.store.append(change(self._next(), id_=self._next(), remark="x"))

        self.store.together(work)

    def undone(self, amount: int) -> None:
        def work() -> None:
            self.store.append(change(self._next(), id_=99, remark="never"))
            raise RuntimeError

        with pytest.raises(RuntimeError):
            self.store.together(work)

    def acknowledge(self, amount: int) -> None:
        acknowledge(self.store, *[written.number for written in self.store.unsent(amount)])

    def refuse(self, amount: int) -> None:
        acknowledge(self.store, *[written.number for written in self.store.unsent(amount)], refused=True)

    def restamp(self, which: int) -> None:
        unsent = self.store.unsent()
        if unsent:
            written = unsent[which % len(unsent)]
            written.stamp = f"{int(written.stamp[:12], 16) + 1:012x}-0001-phone1"
            self.store.together(lambda: self.store.rewrite(written))

    def meet(self, away: int) -> None:
        unsent = self.store.unsent(1)
        first = unsent[0].number if unsent else self._next()
        self.store.together(lambda: meet(self.store, max(1, first + away)))

    def enrol(self, _: int) -> None:
        self.devices += 1

        def work() -> None:
            self.store.set_enrolment(enrolment(self.key.public, f"phone{self.devices}", f"451422103.{self.devices}"))
            held = self.store.numbers()
            self.store.unacknowledge(0)
            self.store.renumber([(old, place) for place, old in enumerate(held, 1)])
            self.store.set_fact("next_number", len(held) + 1)

        self.store.together(work)

    def reopen(self, _: int) -> None:
        folder = self.store.folder
        self.store.close()
        self.store = Store(folder, 0, seal=self.seal)

    def killed(self, which: int) -> None:
        """The power fails between the journal and the commit of something; the phone goes on as its files then stand."""
        work = (self.save, self.restamp, self.meet, self.enrol, self.acknowledge)[which % 5]
        into = self.folder / f"{int(self.store.folder.name) + 1}"
        before_commit = self.store._before_commit

        def cut() -> None:
            before_commit()
            shutil.copytree(self.store.folder, into)
            raise KeyboardInterrupt

        self.store._before_commit = cut  # type: ignore[method-assign]
        with suppress(KeyboardInterrupt):
            work(1)
        self.store._before_commit = before_commit  # type: ignore[method-assign]
        if into.exists():
            self.store.close()
            self.store = Store(into, 0, seal=self.seal)

    def check(self) -> None:
        unsent = {written.number: written.wire() for written in self.store.unsent()}
        assert {number: body["change"] for number, body in self.key.journal(self.store.folder).items()} == unsent
        who = self.store.enrolment()
        assert who
        assert {body["token"] for body in self.key.journal(self.store.folder).values()} <= {who.token}


# --- with the whole phone -------------------------------------------------------------------------------------------


def test_a_whole_sync_with_restamps_refusals_and_a_set_back_server_keeps_the_journal_in_step(
    tmp_path: Path, key: Key25519
) -> None:
    watch = Watch()
    township = Township(now=lambda: watch.ms)
    enrol_at = township.enrol
    township.enrol = lambda code: (  # type: ignore[method-assign]
        lambda body: body | {"server": body["server"] | {"key": key.public}}
    )(enrol_at(code))
    watch.skew = 3_600_000
    phone = Phone(township, tmp_path / "phone", watch).enrol()
    township.refuse = lambda body: (
        {"code": "invalid", "message": "不行", "fields": {}} if body["set"].get("remark") == "坏" else None
    )
    first = phone.write("household", None, remark="坏")
    phone.write("household", first.id, remark="好", head_name=HEAD)
    phone.write("household", new_id(9), remark="三")
    assert in_step(phone.store, key)
    township.faults.append("lost")
    with pytest.raises(Exception, match="没有收全"):
        phone.syncing.once()
    assert in_step(phone.store, key)
    phone.syncing.once()
    assert read_lines(phone.store.folder) == []
    phone.write("household", first.id, remark="四")
    township.log = township.log[:1]
    phone.syncing.enrol("http://127.0.0.1:9", "code", "x", "y")
    assert len(phone.store.unsent()) == 4
    assert in_step(phone.store, key)
    phone.syncing.once()
    assert read_lines(phone.store.folder) == []
    phone.store.close()
