"""`ruhu photos`, and what other commands say of photographs, as a clerk types them, in both languages and as JSON."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.config import Config
from server.service import now_ms
from shared.moments import day_of, iso
from tests.photos.album import DAY, begin, hang, name_of, service_of, take
from tests.server.backup_town import TOWNSHIP, Town, make_town


class Office:
    """A clerk at the command line of a town."""

    def __init__(self, town: Town) -> None:
        self.town, self.env = town, {"RUHU_INSTANCE": str(town.config.instance), "RUHU_DATABASE_URL": ""}

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self.env)

    def says(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.says(*words, "--json"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A town set up a year ago, with photos of all sorts."""
    town = make_town(tmp_path / "instance")
    town.sql("UPDATE server SET started_at = ?", now_ms() - 500 * DAY)
    yield Office(town)
    town.database.engine.dispose()


def stock(office: Office) -> dict[str, str]:
    town, now = office.town, now_ms()
    names = {
        "fresh": hang(town, "fresh", now - DAY, size=300_000),
        "stray": hang(town, "stray", now - 20 * DAY),
        "over": hang(town, "over", now - 366 * DAY),
        "retired": hang(town, "retired", now - 400 * DAY),
    }
    service_of(town).photos.retire(TOWNSHIP, names["retired"], now - 30 * DAY)
    phone = town.phone("wei")
    take(phone, "visit", "photos", [names["fresh"], names["over"], name_of("coming")])
    take(phone, "visit", "photos", [names["retired"]])
    names["stale"], names["going on"] = begin(town, now - 15 * DAY), begin(town, now - DAY)
    return names


def lived(office: Office) -> None:
    """The township's log as old as its photos, and as new as today."""
    town = office.town
    town.sql("UPDATE changes SET at = ? WHERE seq = 1", now_ms() - 450 * DAY)
    town.sql("UPDATE changes SET at = ? WHERE seq = 2", now_ms() - 200 * DAY)
    take(town.phone("nong"), "visit", "photos", [])


def test_the_list_counts_what_is_here_on_its_way_and_in_parts(office: Office) -> None:
    names = stock(office)
    told = office.json("photos", "list", "--township", TOWNSHIP)
    parts = {one["upload"]: one["bytes"] for one in told.pop("uploads")}
    assert parts == {names["stale"]: 3, names["going on"]: 3}
    assert told.pop("bytes") > 300_000
    assert told == {
        "township": TOWNSHIP,
        "keep_days": 365,
        "held": 3,
        "retired": 1,
        "unreadable": 0,
        "on_the_way": 1,
        "did_not_arrive": 0,
    }
    said = office.says("photos", "list", "--township", TOWNSHIP)
    assert "照片 3 张，0.3 MB / photos held" in said
    assert "还在路上 1 张 / still on the way" in said
    assert names["stale"] in said


def test_a_dry_run_says_exactly_what_goes_and_why_and_the_sweep_then_does_it(office: Office) -> None:
    names = stock(office)
    lived(office)
    told = office.json("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert {one["name"]: one["why"] for one in told["going"]} == {
        names["stray"]: "unnamed", names["over"]: "over", names["stale"]: "part",
    }  # fmt: skip
    said = office.says("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert "试运行，未动任何文件 / dry run, nothing was touched" in said
    for word, why in (("stray", "没有记录用到 / named by no record"), ("over", "保存期已满"), ("stale", "没有动静")):
        (line,) = [line for line in said.splitlines() if names[word] in line]
        assert why in line
    done = office.json("photos", "sweep", "--township", TOWNSHIP)
    assert [done[word] for word in ("part", "unnamed", "over", "bytes", "dry_run")] == [1, 1, 1, told["bytes"], False]
    after = office.json("photos", "list", "--township", TOWNSHIP)
    assert [after[word] for word in ("held", "retired", "did_not_arrive")] == [1, 2, 1]
    assert [one["upload"] for one in after["uploads"]] == [names["going on"]]
    assert office.json("photos", "sweep", "--township", TOWNSHIP)["bytes"] == 0


def test_a_sweep_says_what_it_did_in_both_languages(office: Office) -> None:
    stock(office)
    lived(office)
    said = office.says("photos", "sweep", "--township", TOWNSHIP)
    assert all(re.search(r"✓ 1  .*[一-鿿].* / [a-z]", line) for line in said.splitlines()[:3]), said
    rows = office.town.sql("SELECT via FROM audit WHERE action = 'photos_sweep'")
    assert list(map(tuple, rows)) == [("command",)] * 2, (
        "one for those that nobody names, one for those whose time is over"
    )


@pytest.mark.parametrize("words", [["photos"], ["photos", "list"], ["photos", "sweep"], ["backup"], ["verify"]])
def test_help_is_bilingual(office: Office, words: list[str]) -> None:
    said = office.says(*words, "--help")
    assert re.search(r"照片.*photos|photos.*照片|核对", said, re.DOTALL)
    if words[-1] in ("sweep",):
        assert "--dry-run" in said


@pytest.mark.parametrize("command", ["list", "sweep"])
def test_a_township_that_is_none_is_said_in_words(office: Office, command: str) -> None:
    result = office.run("photos", command, "--township", "999999999", "--json")
    assert result.exit_code == 1
    assert "没有这个乡镇" in json.loads(result.stderr)["error"]


def test_photos_that_never_came_are_told_apart_from_those_on_their_way(office: Office) -> None:
    stock(office)
    office.town.sql("UPDATE changes SET at = ?", now_ms() - 31 * DAY)
    told = office.json("photos", "list", "--township", TOWNSHIP)
    assert (told["on_the_way"], told["did_not_arrive"]) == (0, 1)
    assert "没有收到 1 张" in office.says("photos", "list", "--township", TOWNSHIP)


def test_verify_names_a_damaged_photo_and_counts_those_on_their_way(office: Office) -> None:
    names = stock(office)
    said = office.says("verify")
    assert "1 张还在路上" in said
    assert "1 张保存期已满" in said
    path = office.town.config.instance / "photos" / TOWNSHIP / names["fresh"][:2] / f"{names['fresh']}.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    result = office.run("verify")
    assert result.exit_code == 1
    assert f"{TOWNSHIP} {names['fresh']} 照片的内容变了" in result.stdout


def test_a_backup_takes_the_photos_along_or_leaves_them_out_and_says_which(office: Office, tmp_path: Path) -> None:
    stock(office)
    office.town.database.engine.dispose()
    with_them, without = str(tmp_path / "with"), str(tmp_path / "without")
    assert "照片 3 张 / photos, 0.3 MB" in office.says("backup", with_them)
    assert "没有带照片 / without the photos" in office.says("backup", without, "--without-photos")
    members = [set(zipfile.ZipFile(file).namelist()) for file in (with_them, without)]
    assert [sum(name.endswith(".jpg") for name in names) for names in members] == [6, 0]
    office.town.config.instance.rename(tmp_path / "lost")
    Config.at(office.town.config.instance)
    assert "照片补回 3 张" in office.says("restore", with_them)
    assert office.json("photos", "list", "--township", TOWNSHIP)["held"] == 3
    assert "备份不含照片" in office.says("restore", without)
    assert office.json("photos", "list", "--township", TOWNSHIP)["held"] == 3
    assert office.json("verify")["ok"]


def test_the_policy_of_a_county_says_how_long_photos_are_kept(office: Office) -> None:
    names = stock(office)
    lived(office)
    assert names["over"] in office.says("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert "photos.keep_days = 365" in office.says("policy", "show")
    office.says("policy", "use", "five_campaigns_2018", "--township", TOWNSHIP, "--set", "photos.keep_days=400")
    told = office.json("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert (told["keep_days"], names["over"] in {one["name"] for one in told["going"]}) == (400, False)
    result = office.run("policy", "use", "five_campaigns_2018", "--township", TOWNSHIP, "--set", "photos.keep_days=0")
    assert result.exit_code == 1
    assert "photos.keep_days" in result.stderr
    result = office.run("policy", "use", "five_campaigns_2018", "--township", TOWNSHIP, "--set", "photos.keep_days=29")
    assert result.exit_code == 1
    assert "30" in result.stderr


def test_after_a_slip_in_the_policy_the_list_says_from_which_day_and_the_sweep_takes_nothing(office: Office) -> None:
    names = stock(office)
    lived(office)
    office.says("policy", "use", "five_campaigns_2018", "--township", TOWNSHIP, "--set", "photos.keep_days=30")
    day = day_of(now_ms() + 14 * DAY)
    told = office.json("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert {one["name"]: one.get("from") for one in told["going"]} == {
        names["stray"]: None, names["over"]: day, names["stale"]: None,
    }  # fmt: skip
    assert (told["unnamed"], told["over"], told["part"]) == (1, 1, 1)
    said = office.says("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    (line,) = [line for line in said.splitlines() if names["over"] in line]
    assert f"{day} 起才清除" in line
    assert f"not before {day}" in line
    done = office.json("photos", "sweep", "--township", TOWNSHIP)
    assert (done["unnamed"], done["over"], done["part"]) == (1, 0, 1)


@pytest.mark.parametrize("newest", [DAY, -31 * DAY], ids=["behind", "ahead"])
def test_by_hand_a_clock_that_the_log_contradicts_is_said_and_swept_by_only_when_asked_anyway(
    office: Office, newest: int
) -> None:
    names = stock(office)
    lived(office)
    office.town.sql("UPDATE changes SET at = ? WHERE seq = (SELECT max(seq) FROM changes)", now_ms() + newest)
    result = office.run("photos", "sweep", "--township", TOWNSHIP)
    assert result.exit_code == 1
    assert "--anyway" in result.stderr
    assert iso(now_ms())[:10] in result.stderr
    assert iso(now_ms() + newest)[:10] in result.stderr
    dry = office.says("photos", "sweep", "--township", TOWNSHIP, "--dry-run")
    assert names["stray"] in dry
    assert "--anyway" in dry
    assert office.json("photos", "list", "--township", TOWNSHIP)["held"] == 3
    assert office.json("photos", "sweep", "--township", TOWNSHIP, "--anyway")["unnamed"] == 1
