"""The sweep: what goes and why, said beforehand; and that a photo which any record names never does, on either database."""

import json
import threading
import tracemalloc
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import server.schedule
from server.audit import COMMAND, Actor
from server.photos import named, sweep
from server.schedule import sweeps
from server.service import now_ms
from shared.kinds import KINDS
from shared.moments import day_of
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


# --- large and odd -------------------------------------------------------------------------------------------------


def test_memory_is_for_a_batch_however_many_photos(
    backed_town: Town, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 50)
    monkeypatch.setattr(sweep, "AT_ONCE", 20)
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
