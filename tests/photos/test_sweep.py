"""The sweep: what goes and why, said beforehand; and that a photo which any record names never does, on either database."""

import json
import threading
import tracemalloc
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

import server.schedule
from server.audit import COMMAND, Actor
from server.photos import named, sweep
from server.schedule import sweeps
from server.service import now_ms
from server.store import TownshipStore
from shared.kinds import KINDS
from shared.moments import day_of, iso
from shared.photos import photo_fields
from tests.photos.album import DAY, begin, hang, name_of, service_of, take
from tests.server.backup_town import TOWNSHIP, Town

pytest_plugins = ["tests.server.backup_fixtures"]
FIELDS = [(kind.name, field) for kind in KINDS.values() for field in photo_fields(kind)]
OTHER_TOWNSHIP = "451422102"


@pytest.fixture
def now(backed_town: Town) -> int:
    """A moment long after the server was set up."""
    return now_ms() + 60 * DAY


def plan_of(town: Town, now: int) -> dict[str, str]:
    """What would go, by name, and why."""
    return {one.name: one.why for plan in sweep.plan(service_of(town), TOWNSHIP, now) for one in plan.going}


def swept(town: Town, now: int) -> dict[str, int]:
    done = sweep.sweep(service_of(town), TOWNSHIP, now, COMMAND)
    return {why: count for why, count in done.items() if count and why != "bytes"}


def names(town: Town, township: str = TOWNSHIP) -> set[str]:
    return set(service_of(town).photos.names(township))


def lived(town: Town, first: int, last: int) -> None:
    """Let the township's log run from the one moment to the other, a row every 100 days."""
    phone = town.phone("nong")
    for _ in range((last - first) // (100 * DAY) + 2):
        take(phone, "visit", "photos", [])
    ((rows,),) = town.sql("SELECT max(seq) FROM changes")
    town.sql("UPDATE changes SET at = ? + (? * (seq - 1)) / ?", first, last - first, rows - 1)


def put_in_force(town: Town, days: int, since: int) -> None:
    clerk = town.phone("zhang")
    values = {
        "name": "县里的规则", "version": f"县-{days}", "preset": "five_campaigns_2018", "effective_from": day_of(since),
        "overrides": {"photos": {"keep_days": days}},
    }  # fmt: skip
    assert not clerk.sync(clerk.change("policy", str(uuid.uuid4()), values, village=None))["refused"]


# --- pictures that nobody names ------------------------------------------------------------------------------------


def test_a_photo_that_no_record_names_goes_14_days_after_it_came(backed_town: Town, now: int) -> None:
    old = hang(backed_town, "old", now - 14 * DAY)
    young = hang(backed_town, "young", now - 14 * DAY + 1)
    assert plan_of(backed_town, now) == {old: sweep.UNNAMED}
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert names(backed_town) == {young}
    assert swept(backed_town, now) == {}


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_photo_that_a_record_names_in_any_field_never_goes(
    backed_town: Town, now: int, kind: str, field: str
) -> None:
    kept, stray = hang(backed_town, "kept", now - 99 * DAY), hang(backed_town, "stray", now - 99 * DAY)
    take(backed_town.phone("wei"), kind, field, [kept])
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert names(backed_town) == {kept} != {stray}


def test_a_removed_records_photo_stays(backed_town: Town, now: int) -> None:
    phone = backed_town.phone("wei")
    kept = hang(backed_town, "kept", now - 99 * DAY)
    visit = take(phone, "visit", "photos", [kept])
    phone.sync(phone.change("visit", visit, {"removed": True}))
    assert plan_of(backed_town, now) == {}


@pytest.mark.parametrize(
    "newer",
    [
        lambda name: {"photos_after_rain": [name]},
        lambda name: {"rooms": [{"name": "厨房", "photos": [name]}]},
        lambda name: {"cover": name},
    ],
    ids=["a list", "lists inside", "by itself"],
)
def test_a_photo_that_a_field_of_a_newer_app_names_stays(backed_town: Town, now: int, newer: Any) -> None:
    kept, stray = hang(backed_town, "kept", now - 99 * DAY), hang(backed_town, "stray", now - 99 * DAY)
    phone = backed_town.phone("wei")
    assert not phone.sync(phone.change("household", str(uuid.uuid4()), newer(kept)))["refused"]
    assert plan_of(backed_town, now) == {stray: sweep.UNNAMED}


def test_a_photo_taken_off_its_record_can_be_put_back_for_14_days(backed_town: Town, now: int) -> None:
    phone = backed_town.phone("wei")
    name = hang(backed_town, "old", now - 99 * DAY)
    visit = take(phone, "visit", "photos", [name])
    (record,) = [r for r in fresh(phone) if r["id"] == visit]
    phone.sync(phone.change("visit", visit, {"photos": []}, base={"photos": record["stamps"]["photos"]}))
    assert backed_town.sql("SELECT photos FROM kind_visit") in ([("[]",)], [(None,)])
    backed_town.sql("UPDATE changes SET at = ?", now - 14 * DAY)
    assert plan_of(backed_town, now) == {}, "it was let go of 14 days ago"
    backed_town.sql("UPDATE changes SET at = ?", now - 14 * DAY - 1)
    assert plan_of(backed_town, now) == {name: sweep.UNNAMED}


def fresh(phone: Any) -> list[Any]:
    phone.cursors = {}
    return list(phone.sync()["records"])


def test_another_townships_record_does_not_keep_a_photo_here(backed_town: Town, now: int) -> None:
    here, there = (hang(backed_town, "one", now - 99 * DAY, township=code) for code in (TOWNSHIP, OTHER_TOWNSHIP))
    assert here == there
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert (names(backed_town), names(backed_town, OTHER_TOWNSHIP)) == (set(), {there})


def test_a_record_that_names_a_photo_while_the_sweep_goes_on_keeps_it(backed_town: Town, now: int) -> None:
    """The naming comes after the list was made: under the township's lock the log is asked once more."""
    late, stray = hang(backed_town, "late", now - 99 * DAY), hang(backed_town, "stray", now - 99 * DAY)
    phone, found = backed_town.phone("wei"), service_of(backed_town)
    (judged, _) = list(sweep.plan(found, TOWNSHIP, now))
    assert {one.name for one in judged.going} == {late, stray}
    take(phone, "visit", "photos", [late])
    gone = sweep._go(found, TOWNSHIP, judged, now, COMMAND)
    assert [one.name for one in gone] == [stray]
    assert names(backed_town) == {late}


def test_after_a_restore_the_phones_have_14_days_to_bring_back_what_named_a_photo(backed_town: Town, now: int) -> None:
    name = hang(backed_town, "old", now - 99 * DAY)
    backed_town.sql("UPDATE server SET started_at = ?", now - 14 * DAY + 1)
    assert plan_of(backed_town, now) == {}
    backed_town.sql("UPDATE server SET started_at = ?", now - 14 * DAY)
    assert plan_of(backed_town, now) == {name: sweep.UNNAMED}


# --- retirement ----------------------------------------------------------------------------------------------------


def test_a_photo_whose_year_is_over_is_retired_and_the_fact_stays(backed_town: Town, now: int) -> None:
    phone, photos = backed_town.phone("wei"), service_of(backed_town).photos
    over, kept = hang(backed_town, "over", now - 365 * DAY), hang(backed_town, "kept", now - 365 * DAY + 1)
    take(phone, "visit", "photos", [over, kept])
    lived(backed_town, now - 500 * DAY, now)
    assert plan_of(backed_town, now) == {over: sweep.OVER}
    assert swept(backed_town, now) == {sweep.OVER: 1}
    held = photos.held(TOWNSHIP, over)
    assert held is not None
    assert (held.retired_at, photos.read(TOWNSHIP, over)) == (now, None)
    assert photos.read(TOWNSHIP, kept) is not None
    assert swept(backed_town, now) == {}


def test_the_policy_in_force_today_says_how_long(backed_town: Town, now: int) -> None:
    phone = backed_town.phone("wei")
    take(phone, "visit", "photos", [name := hang(backed_town, "a", now - 40 * DAY)])
    put_in_force(backed_town, 30, since=now + DAY)
    lived(backed_town, now - 500 * DAY, now - 20 * DAY)
    assert sweep.keep_days(backed_town.database, TOWNSHIP, now) == 365
    assert plan_of(backed_town, now) == {}, "the shorter time is in force from tomorrow"
    assert sweep.keep_days(backed_town.database, TOWNSHIP, now + DAY) == 30
    assert plan_of(backed_town, now + DAY) == {name: sweep.OVER}
    put_in_force(backed_town, 1000, since=now + 2 * DAY)
    assert plan_of(backed_town, now + 400 * DAY) == {}


def test_a_retired_photo_that_nobody_names_any_more_is_forgotten(backed_town: Town, now: int) -> None:
    name = hang(backed_town, "a", now - 99 * DAY)
    service_of(backed_town).photos.retire(TOWNSHIP, name, now - DAY)
    assert plan_of(backed_town, now) == {name: sweep.UNNAMED}
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert names(backed_town) == set()


def test_after_the_policy_changed_nothing_is_retired_for_14_days_and_the_list_says_from_when(
    backed_town: Town, now: int
) -> None:
    phone = backed_town.phone("wei")
    take(phone, "visit", "photos", [name := hang(backed_town, "a", now - 40 * DAY)])
    stray = hang(backed_town, "stray", now - 40 * DAY)
    lived(backed_town, now - 500 * DAY, now)
    put_in_force(backed_town, 30, since=now - DAY)
    changed = now - 14 * DAY + 1
    backed_town.sql("UPDATE changes SET at = ? WHERE kind = 'policy'", changed)
    going = {
        one.name: (one.why, one.due)
        for plan in sweep.plan(service_of(backed_town), TOWNSHIP, now)
        for one in plan.going
    }
    assert going == {name: (sweep.OVER, changed + 14 * DAY), stray: (sweep.UNNAMED, 0)}
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}, "the slip takes nothing"
    assert service_of(backed_town).photos.read(TOWNSHIP, name) is not None
    assert swept(backed_town, changed + 14 * DAY) == {sweep.OVER: 1}


def test_after_a_restore_nothing_is_retired_for_14_days_since_a_policy_may_be_missing(
    backed_town: Town, now: int
) -> None:
    take(backed_town.phone("wei"), "visit", "photos", [hang(backed_town, "a", now - 400 * DAY)])
    lived(backed_town, now - 500 * DAY, now)
    backed_town.sql("UPDATE server SET started_at = ?", now - 14 * DAY + 1)
    assert swept(backed_town, now) == {}
    assert swept(backed_town, now + 1) == {sweep.OVER: 1}


# --- a clock that cannot be believed -------------------------------------------------------------------------------

LONG_AGO = 1_262_304_000_000
"""2010: what a computer says whose battery is dead."""


@pytest.mark.parametrize("named_at", ["now", "2010"])
def test_a_photo_stamped_16_years_ago_is_as_young_as_the_change_that_names_it(
    backed_town: Town, now: int, named_at: str
) -> None:
    dead, over = hang(backed_town, "dead", LONG_AGO), hang(backed_town, "over", now - 366 * DAY)
    phone = backed_town.phone("wei")
    take(phone, "visit", "photos", [over])
    lived(backed_town, now - 700 * DAY, now - DAY)
    visit = take(phone, "visit", "photos", [dead])
    backed_town.sql("UPDATE changes SET at = ? WHERE record = ?", now if named_at == "now" else LONG_AGO, visit)
    assert plan_of(backed_town, now) == {over: sweep.OVER}, "the night it came"
    assert dead in plan_of(backed_town, now + 366 * DAY)


def test_what_came_before_the_clock_leapt_over_years_is_as_young_as_the_leap(backed_town: Town, now: int) -> None:
    """A township whose very first days the clock was wrong: named then, too."""
    take(backed_town.phone("wei"), "visit", "photos", [hang(backed_town, "a", LONG_AGO)])
    stray = hang(backed_town, "stray", LONG_AGO)
    take(phone := backed_town.phone("nong"), "visit", "photos", [])
    backed_town.sql("UPDATE changes SET at = ?", LONG_AGO)
    last = take(phone, "visit", "photos", [])
    backed_town.sql("UPDATE changes SET at = ? WHERE record = ?", now, last)
    backed_town.sql("UPDATE server SET started_at = ?", LONG_AGO)
    assert plan_of(backed_town, now) == {}
    assert plan_of(backed_town, now + 14 * DAY) == {stray: sweep.UNNAMED}


@pytest.mark.parametrize(
    ("newest", "doubted"),
    [(5 * 60_000 + 1, "behind"), (5 * 60_000, ""), (0, ""), (-30 * DAY, ""), (-30 * DAY - 1, "ahead")],
)
def test_at_night_nothing_is_taken_by_a_clock_that_the_log_contradicts_and_the_log_says_so(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch, newest: int, doubted: str
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(server.schedule.log, "error", lambda *words, **more: said.append((words, more)), raising=False)
    monkeypatch.setattr(server.schedule, "now_ms", lambda: now)
    monkeypatch.setattr(server.schedule, "townships", lambda _: [TOWNSHIP])
    stray = hang(backed_town, "a", now - 99 * DAY)
    lived(backed_town, now - 500 * DAY, now + newest)
    sweeps(service_of(backed_town))
    assert names(backed_town) == ({stray} if doubted else set())
    assert said == (
        [(("sweep_doubts_the_clock",), {
            "township": TOWNSHIP, "clock": doubted, "now": iso(now), "newest_change": iso(now + newest),
        })] if doubted else []
    )  # fmt: skip


# --- uploads -------------------------------------------------------------------------------------------------------


def test_an_upload_untouched_for_14_days_goes_and_a_younger_one_can_go_on(backed_town: Town, now: int) -> None:
    old, young = begin(backed_town, now - 14 * DAY), begin(backed_town, now - 14 * DAY + 1000)
    uploads = service_of(backed_town).uploads
    assert plan_of(backed_town, now) == {old: sweep.PART}
    assert swept(backed_town, now) == {sweep.PART: 1}
    assert uploads.ids(TOWNSHIP) == [young]
    assert uploads.append(TOWNSHIP, "phone", young, 3, [b"def"], now).offset == 6


def test_an_upload_that_goes_on_after_it_was_judged_stays(backed_town: Town, now: int) -> None:
    found, old = service_of(backed_town), begin(backed_town, now - 20 * DAY)
    (parts,) = list(sweep.plan(found, TOWNSHIP, now))
    found.uploads.append(TOWNSHIP, "phone", old, 3, [b"def"], now)
    assert sweep._go(found, TOWNSHIP, parts, now, COMMAND) == []
    assert found.uploads.ids(TOWNSHIP) == [old]


# --- the list and the trail ----------------------------------------------------------------------------------------


def test_the_list_is_what_then_goes_with_its_bytes_and_changes_nothing(backed_town: Town, now: int) -> None:
    take(backed_town.phone("wei"), "problem", "photos", [over := hang(backed_town, "over", now - 400 * DAY, size=500)])
    lived(backed_town, now - 500 * DAY, now)
    stray, part = hang(backed_town, "stray", now - 15 * DAY, size=900), begin(backed_town, now - 15 * DAY)
    before = sorted(path for path in service_of(backed_town).config.instance.joinpath("photos").rglob("*"))
    told = [one for found in sweep.plan(service_of(backed_town), TOWNSHIP, now) for one in found.going]
    assert sorted(path for path in service_of(backed_town).config.instance.joinpath("photos").rglob("*")) == before
    assert {one.name: (one.why, one.since) for one in told} == {
        over: (sweep.OVER, now - 400 * DAY), stray: (sweep.UNNAMED, now - 15 * DAY), part: (sweep.PART, now - 15 * DAY),
    }  # fmt: skip
    done = sweep.sweep(service_of(backed_town), TOWNSHIP, now, COMMAND)
    assert done == {"part": 1, "unnamed": 1, "over": 1, "bytes": sum(one.bytes for one in told)}
    assert done["bytes"] > 1400


def test_what_went_stands_in_the_trail_as_counts_without_names(backed_town: Town, now: int) -> None:
    hang(backed_town, "a", now - 15 * DAY)
    hang(backed_town, "b", now - 15 * DAY)
    sweep.sweep(service_of(backed_town), TOWNSHIP, now, Actor("", "系统 / system", "system"))
    ((via, person, record, details),) = backed_town.sql(
        "SELECT via, person, record, details FROM audit WHERE action = 'photos_sweep' AND township = ?", TOWNSHIP
    )
    assert (via, person, record) == ("system", "", "")
    assert '"unnamed":2,"over":0' in details
    assert name_of("a") not in details
    sweep.sweep(service_of(backed_town), TOWNSHIP, now, COMMAND)
    assert backed_town.sql("SELECT count(*) FROM audit WHERE action = 'photos_sweep'") == [(1,)], "nothing, no row"


@pytest.mark.parametrize("why", [sweep.UNNAMED, sweep.OVER])
def test_a_transaction_that_is_tried_again_leaves_no_photo_swept_without_its_row(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    name = hang(backed_town, "a", now - 400 * DAY)
    if why == sweep.OVER:
        take(backed_town.phone("wei"), "visit", "photos", [name])
    lived(backed_town, now - 500 * DAY, now)
    true, database = backed_town.database.write, backed_town.database

    def again(township: str, work: Any) -> Any:
        """As two transactions that got in each other's way: the first try comes to nothing."""
        with suppress(ZeroDivisionError), database.transaction() as connection:
            work(TownshipStore(database, connection, township))
            raise ZeroDivisionError
        return true(township, work)

    monkeypatch.setattr(database, "write", again)
    assert swept(backed_town, now) == {why: 1}
    ((details,),) = backed_town.sql("SELECT details FROM audit WHERE action = 'photos_sweep'")
    assert json.loads(details)[why] == 1


def test_when_the_row_cannot_be_written_no_photo_goes(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray, over = hang(backed_town, "stray", now - 99 * DAY), hang(backed_town, "over", now - 400 * DAY)
    take(backed_town.phone("wei"), "visit", "photos", [over])
    lived(backed_town, now - 500 * DAY, now)
    true, photos = backed_town.database.write, service_of(backed_town).photos

    def cut(township: str, work: Any) -> Any:
        def then(store: TownshipStore) -> Any:
            work(store)
            raise RuntimeError("the line to the database is cut")

        return true(township, then)

    monkeypatch.setattr(backed_town.database, "write", cut)
    with pytest.raises(RuntimeError, match="cut"):
        swept(backed_town, now)
    assert [photos.read(TOWNSHIP, name) is not None for name in (stray, over)] == [True, True]


def test_a_record_that_names_a_photo_between_its_row_and_its_going_keeps_it(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, stray = hang(backed_town, "late", now - 99 * DAY), hang(backed_town, "stray", now - 99 * DAY)
    phone, true, calls = backed_town.phone("wei"), backed_town.database.write, []

    def between(township: str, work: Any) -> Any:
        done = true(township, work)
        monkeypatch.setattr(backed_town.database, "write", true)
        calls.append(take(phone, "visit", "photos", [late]))
        return done

    monkeypatch.setattr(backed_town.database, "write", between)
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert (names(backed_town), len(calls)) == ({late}, 1) != ({stray}, 1)


def test_no_lock_is_held_for_more_than_20_photos_and_none_while_one_is_retired(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(phone := backed_town.phone("wei"), "visit", "photos", [hang(backed_town, "over", now - 400 * DAY)])
    for number in range(45):
        hang(backed_town, str(number), now - 30 * DAY)
    lived(backed_town, now - 500 * DAY, now)
    photos, true, held = service_of(backed_town).photos, backed_town.database.write, [0]
    forget, retire, locks = photos.forget, photos.retire, []

    def write(township: str, work: Any) -> Any:
        held[0] = 1
        try:
            return true(township, work)
        finally:
            locks.append(held[0] - 1)
            held[0] = 0

    def counted(*arguments: Any) -> None:
        assert held[0], "without the lock somebody may name it meanwhile"
        held[0] += 1
        forget(*arguments)

    def retired(*arguments: Any) -> None:
        assert not held[0]
        take(phone, "visit", "photos", [])
        retire(*arguments)

    monkeypatch.setattr(backed_town.database, "write", write)
    monkeypatch.setattr(photos, "forget", counted)
    monkeypatch.setattr(photos, "retire", retired)
    assert swept(backed_town, now) == {sweep.UNNAMED: 45, sweep.OVER: 1}
    assert sorted(count for count in locks if count) == [5, 20, 20]


# --- large and odd -------------------------------------------------------------------------------------------------


def test_memory_is_for_a_batch_however_many_photos(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 50)
    monkeypatch.setattr(sweep, "AT_ONCE", 10)
    monkeypatch.setattr(named, "PAGE", 20)
    phone = backed_town.phone("wei")
    kept = [hang(backed_town, f"kept {n}", now - 30 * DAY) for n in range(200)]
    for start in range(0, 200, 2):
        take(phone, "visit", "photos", kept[start : start + 2])
    strays = [hang(backed_town, f"stray {n}", now - 30 * DAY) for n in range(200)]
    sizes = [len(plan.going) for plan in sweep.plan(service_of(backed_town), TOWNSHIP, now)]
    assert max(sizes) <= 50
    tracemalloc.start()
    assert swept(backed_town, now) == {sweep.UNNAMED: 200}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000, peak
    assert names(backed_town) == set(kept) != set(strays)


def test_a_photo_of_which_nothing_can_be_read_stays_and_stops_nothing(backed_town: Town, now: int) -> None:
    damaged, stray = hang(backed_town, "damaged", now - 99 * DAY), hang(backed_town, "stray", now - 99 * DAY)
    folder = service_of(backed_town).config.instance / "photos" / TOWNSHIP
    (folder / damaged[:2] / f"{damaged}.json").write_text("{")
    assert plan_of(backed_town, now) == {stray: sweep.UNNAMED}
    assert swept(backed_town, now) == {sweep.UNNAMED: 1}
    assert names(backed_town) == {damaged}


def test_sweeps_at_once_do_nothing_twice(backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the workers of one server do every night: together they count every photo once, in the trail too."""
    monkeypatch.setattr(sweep, "AT_ONCE", 7)
    for number in range(60):
        hang(backed_town, str(number), now - 30 * DAY)
    ready = threading.Barrier(4)

    def one(_: int) -> dict[str, int]:
        ready.wait()
        return sweep.sweep(service_of(backed_town), TOWNSHIP, now, COMMAND)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    assert sum(each["unnamed"] for each in done) == 60
    rows = backed_town.sql("SELECT details FROM audit WHERE action = 'photos_sweep'")
    assert sum(json.loads(details)["unnamed"] for (details,) in rows) == 60
    assert names(backed_town) == set()


# --- the night -----------------------------------------------------------------------------------------------------


def test_every_township_is_swept_at_night_and_one_that_fails_keeps_none_from_it(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(server.schedule.log, "error", lambda *words, **more: said.append((words, more)), raising=False)
    monkeypatch.setattr(server.schedule, "now_ms", lambda: now)
    monkeypatch.setattr(server.schedule, "townships", lambda _: ["451422100", OTHER_TOWNSHIP, TOWNSHIP])
    hang(backed_town, "a", now - 99 * DAY)
    true = sweep.sweep

    def fails(service: Any, township: str, *more: Any) -> Any:
        if township == OTHER_TOWNSHIP:
            raise ValueError("韦敏家的照片")
        return true(service, township, *more)

    monkeypatch.setattr(server.schedule, "sweep", fails)
    sweeps(service_of(backed_town))
    assert names(backed_town) == set()
    assert said == [(("sweep_failed",), {"township": OTHER_TOWNSHIP, "error": "ValueError"})]


def test_a_server_that_starts_sweeps_and_goes_on_when_the_round_fails(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()

    def fails(_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(server.schedule, "rounds", fails)
    monkeypatch.setattr(server.schedule, "sweeps", lambda service: done.set())
    server.schedule.start(service_of(backed_town))
    assert done.wait(20)


def test_the_lock_is_taken_only_when_something_goes(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(backed_town.phone("wei"), "visit", "photos", [hang(backed_town, "kept", now - 99 * DAY)])

    def never(*_: Any) -> Any:
        raise AssertionError("it wanted to write")

    monkeypatch.setattr(backed_town.database, "write", never)
    assert swept(backed_town, now) == {}


def test_names_are_read_as_their_forms_show_them(backed_town: Town) -> None:
    phone, wanted = backed_town.phone("wei"), [name_of("1"), name_of("2")]
    visit = take(phone, "visit", "photos", wanted)
    check = take(phone, "cleanup_check", "photos", wanted[:1], photos_before=wanted)
    phone.sync(phone.change("household", str(uuid.uuid4()), {"cover": wanted[0]}))
    with backed_town.database.read(TOWNSHIP) as store:
        found = {(kind, id_): set(names) for kind, id_, names in named.named(backed_town.database, store)}
    assert found == {("visit", visit): set(wanted), ("cleanup_check", check): set(wanted)}
