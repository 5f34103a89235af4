"""Verify: every photo that arrived is what was put; one that is still coming is counted and no problem."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from server.service import now_ms
from server.upkeep.verify import NOTES, verify
from tests.photos.album import DAY, hang, name_of, service_of, take
from tests.server.backup_town import TOWNSHIP, Town, write_a_past

pytest_plugins = ["tests.server.backup_fixtures"]


def checked(town: Town) -> dict[str, Any]:
    told = verify(town.database, photos=service_of(town).photos)
    json.dumps(told)
    assert told["ok"] == all(check["ok"] for check in told["checks"])
    (check,) = [check for check in told["checks"] if check["name"] == "photos"]
    return dict(check)


def file_of(town: Town, name: str, what: str = ".jpg") -> Path:
    return town.config.instance / "photos" / TOWNSHIP / name[:2] / f"{name}{what}"


def test_whole_photos_are_in_order_and_those_on_their_way_are_counted(backed_town: Town) -> None:
    write_a_past(backed_town)
    one, two = hang(backed_town, "one", 1000), hang(backed_town, "two", 1000)
    phone = backed_town.phone("wei")
    visit = take(phone, "visit", "photos", [one, name_of("coming"), name_of("lost for good")])
    take(phone, "cleanup_check", "photos", [name_of("after")], photos_before=[two])
    phone.sync(phone.change("visit", visit, {"removed": True}))
    check = checked(backed_town)
    assert (check["ok"], check["problems"], check["notes"]) == (True, [], {"on_the_way": 3})
    assert check["checked"] == 2 + 5


def test_a_photo_named_twice_by_one_record_is_on_the_way_once(backed_town: Town) -> None:
    name = name_of("coming")
    take(backed_town.phone("wei"), "cleanup_check", "photos", [name], photos_before=[name])
    assert checked(backed_town)["notes"] == {"on_the_way": 1}


def test_a_retired_photo_is_counted_and_neither_missing_nor_on_the_way(backed_town: Town) -> None:
    name = hang(backed_town, "a", 1000)
    take(backed_town.phone("wei"), "visit", "photos", [name])
    service_of(backed_town).photos.retire(TOWNSHIP, name, 5000)
    check = checked(backed_town)
    assert (check["ok"], check["notes"]) == (True, {"retired": 1})


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(
    ("what", "done", "says"),
    [
        (".jpg", b"\xff\xd8\xffX", "照片的内容变了"),
        (".jpg", None, "照片不见了"),
        (".small.jpg", b"\xff\xd8\xffX", "小图的内容变了"),
        (".small.jpg", None, "小图不见了"),
        (".json", b"{", "说明读不懂"),
        (".json", b"{}", "说明读不懂"),
        (".json", b"\xff\xfe", "说明读不懂"),
        (".json", b"", "说明读不懂"),
    ],
)
def test_damage_is_named(backed_town: Town, what: str, done: bytes | None, says: str, is_named: bool) -> None:
    name, whole = hang(backed_town, "a", 1000), hang(backed_town, "whole", 1000)
    if is_named:
        take(backed_town.phone("wei"), "visit", "photos", [name, whole])
    if done is None:
        file_of(backed_town, name, what).unlink()
    else:
        file_of(backed_town, name, what).write_bytes(done)
    check = checked(backed_town)
    (problem,) = check["problems"]
    assert problem.startswith(f"{TOWNSHIP} {name} {says}")
    assert " / " in problem or "/ " in problem
    assert (check["ok"], check["notes"]) == (False, {})


def test_a_size_that_fits_and_one_bit_that_does_not_are_found(backed_town: Town) -> None:
    path = file_of(backed_town, hang(backed_town, "a", 1000, size=10_000))
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    assert not checked(backed_town)["ok"]


def test_facts_of_another_photo_are_a_problem(backed_town: Town) -> None:
    one, two = hang(backed_town, "one", 1000), hang(backed_town, "two", 1000)
    file_of(backed_town, one, ".json").write_bytes(file_of(backed_town, two, ".json").read_bytes())
    (problem,) = checked(backed_town)["problems"]
    assert "另一张" in problem


def test_photos_of_a_township_without_records_are_looked_at_too(backed_town: Town) -> None:
    name = hang(backed_town, "a", 1000, township="451422102")
    (backed_town.config.instance / "photos" / "451422102" / name[:2] / f"{name}.jpg").unlink()
    assert not checked(backed_town)["ok"]


def test_a_field_of_a_newer_app_makes_nothing_be_on_the_way(backed_town: Town) -> None:
    phone = backed_town.phone("wei")
    phone.sync(phone.change("household", str(uuid.uuid4()), {"signature": [name_of("no photo")]}))
    assert checked(backed_town)["notes"] == {}


def test_photos_named_for_more_than_30_days_that_never_came_are_counted_apart_and_no_failure(backed_town: Town) -> None:
    phone = backed_town.phone("wei")
    old = take(phone, "visit", "photos", [name_of("lost"), hang(backed_town, "here", 1000)])
    check = take(phone, "cleanup_check", "photos", [name_of("after")], photos_before=[name_of("coming")])
    assert checked(backed_town)["notes"] == {"on_the_way": 3}
    backed_town.sql("UPDATE changes SET at = ? WHERE record = ?", now_ms() - 30 * DAY - 60_000, old)
    backed_town.sql("UPDATE changes SET at = ? WHERE record = ?", now_ms() - 30 * DAY + 60_000, check)
    phone.sync(phone.change("visit", old, {"discussed": "again"}))
    found = checked(backed_town)
    assert found["notes"] == {"on_the_way": 2, "did_not_arrive": 1}
    assert found["ok"]
    assert "没有收到" in NOTES["did_not_arrive"]
    assert "did not arrive" in NOTES["did_not_arrive"]
