"""The phone's store: whole transactions, one process at a time, kill -9 at any moment, a full disk in words."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mobile.disk import ProfileClosed, ProfileInUse, ProfileUnusable, StorageFailed, StorageFull
from mobile.store import Store
from shared.record import Key, Record
from shared.sync.phone import Copy, Written
from tests.mobile.township import VILLAGE, Phone, Township, Watch

ROOT = Path(__file__).parents[2]
ID = "0190a8a0-0000-7000-8000-000000000001"
KEY = Key("household", ID)


def change(number: int, **values: object) -> Written:
    return Written(number, *KEY, VILLAGE, None, f"{number:012x}-0000-phone", dict(values), {})


def test_together_is_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)

    def half() -> None:
        store.append(change(1, remark="一"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.together(half)
    assert store.unsent() == []
    assert store.fact("next_number") is None


def test_a_second_program_on_a_profile_gets_a_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    with pytest.raises(ProfileInUse):
        Store(tmp_path, 0)
    done = run_phone(tmp_path, "list")
    assert done.returncode == 1
    assert "另一个程序" in done.stderr
    assert "Traceback" not in done.stderr
    store.close()
    assert run_phone(tmp_path, "list").returncode == 0


def test_there_is_no_memory_mapped_file_beside_the_database(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    store.together(lambda: store.append(change(1, remark="一")))
    assert not (tmp_path / "phone.sqlite3-shm").exists()
    assert store._rows("PRAGMA journal_mode")[0][0] == "wal"
    assert store._rows("PRAGMA synchronous")[0][0] == 2


def test_a_profile_of_a_newer_app_or_a_spoilt_one_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "phone.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(ProfileUnusable):
        Store(tmp_path / "spoilt", 0)
    assert (tmp_path / "spoilt" / "phone.sqlite3").read_bytes() == b"not a database" * 100
    Store(tmp_path / "newer", 0).close()
    connection = sqlite3.connect(tmp_path / "newer" / "phone.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProfileUnusable):
        Store(tmp_path / "newer", 0)
    with pytest.raises(ProfileUnusable):
        Store(tmp_path / "spoilt" / "phone.sqlite3", 0)


def test_the_ballast_is_made_with_the_profile_and_given_up_when_the_disk_is_full(tmp_path: Path) -> None:
    store = Store(tmp_path, 100_000)
    ballast = tmp_path / "ballast"
    assert ballast.stat().st_size >= 100_000
    full_now(store)
    with pytest.raises(StorageFull):  # no real room appears here, so even the second try fails, in words
        store.together(lambda: store.append(change(1, remark="长" * 9_000)))
    assert not ballast.exists()
    assert store.notice is None, "nothing was saved, so nothing is said to be"
    assert store.unsent() == []
    store._run("PRAGMA max_page_count = 1000000")
    store.together(lambda: store.append(change(1, remark="长" * 9_000)))
    assert len(store.unsent()) == 1
    store.close()
    Store(tmp_path, 100_000).close()
    assert ballast.exists()


def fits(store: Store, number: int) -> bool:
    try:
        store.together(lambda: store.append(change(number, remark="长" * 5_000)))
    except StorageFull:
        return False
    return True


def full_now(store: Store) -> None:
    pages = store._rows("PRAGMA page_count")[0][0]
    store._run(f"PRAGMA max_page_count = {pages}")


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/bin/mount").exists(), reason="needs root: a small disk of its own")
def test_a_really_full_disk_loses_nothing_and_the_reserve_lets_work_go_on(tmp_path: Path) -> None:
    if subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("needs root: may not mount")
    try:
        store = Store(tmp_path / "phone", 512 * 1024)
        saved = 0
        while fits(store, saved + 1):
            saved += 1
        assert store.notice, "the reserve was used first"
        assert len(store.unsent()) == saved
        store.close()
        again = Store(tmp_path / "phone", 512 * 1024)
        assert len(again.unsent()) == saved
        again.close()
    finally:
        subprocess.run(["/bin/umount", "-l", tmp_path], check=True)


def test_numbers_move_all_at_once_even_where_old_and_new_overlap(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    store.together(lambda: [store.append(change(n, remark=str(n))) for n in (3, 4, 5)])
    store.together(lambda: store.renumber([(3, 4), (4, 5), (5, 6)]))
    assert [(w.number, w.set["remark"]) for w in store.unsent()] == [(4, "3"), (5, "4"), (6, "5")]


def test_a_copy_comes_back_as_it_was_put(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    record = Record(*KEY, VILLAGE, None, {"remark": None, "people": ["一"]}, {"remark": "s1", "people": {"一": ["s2"]}})
    store.together(lambda: store.put_copy(Copy(record, left=True)))
    held = store.copy(KEY)
    assert held == Copy(record, left=True)
    assert store.highest_stamp() == "s2"


def test_refill_forgets_one_cursor_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    store.together(lambda: store.set_grants({"village:1": 5, "village:2": "0/x"}, ["village:1"]))
    store.together(lambda: store.append(change(1, remark="一")))
    store.refill("village:1")
    assert store.grants() == {"village:1": None, "village:2": "0/x"}
    assert store.filled("village:1")
    assert not store.filled("village:2")
    assert len(store.unsent()) == 1


# --- kill -9

WRITER = """
import sys
from pathlib import Path
from mobile.notebook import Notebook
from mobile.store import Store
from shared.kinds import KINDS
notebook = Notebook(Store(Path(sys.argv[1]), 0), KINDS)
place = 0
while True:
    place += 1
    notebook.write("household", None, {"remark": str(place)}, village="451422103201")
    print(place, flush=True)
"""


def test_every_save_that_returned_survives_kill_9(tmp_path: Path, township: Township, watch: Watch) -> None:
    folder = tmp_path / "phone"
    Phone(township, folder, watch).enrol().store.close()
    told: list[str] = []
    for lines in (1, 7, 23, 40):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
        )
        assert writer.stdout is not None
        for _ in range(lines):
            told.append(writer.stdout.readline().strip())
        writer.send_signal(signal.SIGKILL)
        told += writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
    store = Store(folder, 0)
    held = store.unsent()
    assert [w.number for w in held] == list(range(1, len(held) + 1))
    remarks = [w.set["remark"] for w in held]
    assert all(remarks.count(word) >= told.count(word) for word in set(told))
    assert [w.stamp for w in held] == sorted(w.stamp for w in held)
    assert store._rows("PRAGMA integrity_check")[0][0] == "ok"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def run_phone(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mobile", "--profile", str(profile), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment(), check=False)


def test_a_closed_store_says_so_and_writes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    store.close()
    store.close()
    for late in (store.unsent, store.enrolment, lambda: store.put_draft(KEY, {"remark": "一"}), store.make_anew):
        with pytest.raises(ProfileClosed, match=" / "):
            late()
    with pytest.raises(ProfileClosed):
        store.together(lambda: store.append(change(1, remark="一")))
    again = Store(tmp_path, 0)
    assert again.unsent() == []
    again.close()


def test_a_damaged_page_and_a_failing_disk_are_told_in_words(tmp_path: Path) -> None:
    store = Store(tmp_path, 0)
    store.together(lambda: [store.append(change(n, remark="一" * 2000)) for n in range(1, 50)])
    store.close()
    path = tmp_path / "phone.sqlite3"
    data = bytearray(path.read_bytes())
    data[8 * 4096 :] = b"\xff" * (len(data) - 8 * 4096)
    path.write_bytes(data)
    with pytest.raises(ProfileUnusable, match=" / "):
        Store(tmp_path, 0).unsent()

    def failing() -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR | (4 << 8)  # type: ignore[misc]
        raise error

    other = Store(tmp_path / "other", 0)
    with pytest.raises(StorageFailed, match=" / "):
        other.together(failing)
    with pytest.raises(sqlite3.OperationalError):  # a fault of ours is none of theirs
        other.together(lambda: other._run("SELECT nonsense"))
    other.close()
