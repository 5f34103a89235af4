"""The terminal phone: the commands a script may rely on, in words and in JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mobile import sending, syncing, terminal
from mobile.store import Store
from mobile.words import read_values
from shared.kinds import KINDS
from shared.sync.phone import Offline, ServerFull
from tests.mobile.photographs import PhotoTownship, picture
from tests.mobile.township import URL, VILLAGE, Line, Township


class Script:
    """Runs commands of one profile and reads their JSON."""

    def __init__(self, profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.profile = profile
        self.capsys = capsys

    def raw(self, *arguments: str) -> tuple[int, str, str]:
        code = terminal.main(["--profile", str(self.profile), *arguments])
        out, err = self.capsys.readouterr()
        return code, out, err

    def __call__(self, *arguments: str) -> Any:
        code, out, err = self.raw("--json", *arguments)
        assert code == 0, err
        return json.loads(out)

    def fails(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self.raw(*arguments, "--json")
        assert (code, out) == (1, "")
        body: dict[str, Any] = json.loads(err.splitlines()[-1])
        return body


@pytest.fixture
def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], township: Township, monkeypatch: pytest.MonkeyPatch
) -> Script:
    monkeypatch.setattr(syncing, "_http", lambda one: Line(township, one.token))
    monkeypatch.setattr(Store, "_keep_ballast", lambda self, size: None)
    township.now = terminal.Doors().now
    return Script(tmp_path / "profile", capsys)


@pytest.fixture
def house(run: Script) -> str:
    run("enrol", URL, "code")
    id_: str = run("write", "household", "--village", VILLAGE, "head_name=韦大山", "house_area_m2=90")["id"]
    return id_


def test_enrol_says_who_this_phone_is(run: Script) -> None:
    body = run("enrol", URL, "code")
    assert body["device"] == "phone-1"
    assert body["user"]["name"] == "韦一"
    assert "token" not in body


def test_write_list_show_and_waiting(run: Script, house: str) -> None:
    written = run("write", "household", house, "categories=key,disabled", "remark=")
    assert written.keys() == {"kind", "id", "number", "stamp"}
    assert written["number"] == 2
    shown = run("show", "household", house)
    assert shown["values"] == {"head_name": "韦大山", "house_area_m2": 90, "categories": ["key", "disabled"]}
    assert shown["unsent"] is True
    assert [r["id"] for r in run("list")["records"]] == [house]
    assert run("list", "--search", "没有")["records"] == []
    assert run("list", "visit")["records"] == []
    waiting = run("waiting")["waiting"]
    assert [(w["number"], w["kind"], w["id"]) for w in waiting] == [(1, "household", house), (2, "household", house)]
    assert waiting[1]["set"] == {"categories": ["key", "disabled"]}
    assert run("write", "household", house, "head_name=韦大山")["number"] is None


def test_a_visit_from_the_door_to_the_township(run: Script, house: str, township: Township) -> None:
    visit = run("visit", "start", house)
    done = run("visit", "finish", visit["id"], "participants=韦一,黄二", "requests=修路")
    assert done["minutes"] == 0
    assert done["short"] is True
    counts = run("sync")
    assert counts == {"sent": 3, "acknowledged": 3, "received": 2, "refused": 0, "restamped": 0, "more": False}
    assert run("waiting") == {"waiting": []}
    assert len(township.log) == 3
    code, out, _ = run.raw("visit", "finish", visit["id"], "remark=补")
    assert code == 0
    assert "没关系" in out


def test_errors_are_sentences_with_a_code(run: Script, house: str) -> None:
    assert run.fails("show", "household", "nothing")["error"] == "no_such_record"
    assert run.fails("show", "palace", "nothing")["error"] == "no_such_kind"
    wrong = run.fails("write", "household", house, "house_area_m2=大")
    assert wrong["error"] == "invalid"
    assert list(wrong["fields"]) == ["house_area_m2"]
    assert " / " in wrong["message"]
    assert run.fails("write", "household", house, "no equals sign")["error"] == "failed"
    assert run.fails("enrol", "http://example.org", "code")["error"] == "unsafe_url"


def test_an_error_without_json_goes_to_stderr_with_exit_code_1(run: Script) -> None:
    code, out, err = run.raw("sync")
    assert (code, out) == (1, "")
    assert "注册" in err


def test_refused_words_are_listed_mended_or_dropped(run: Script, house: str, township: Township) -> None:
    bad: list[str] = ["坏"]
    township.refuse = lambda change: (
        {"code": "invalid", "message": "不行", "fields": {"remark": ["坏"]}}
        if change["set"].get("remark") in bad
        else None
    )
    run("write", "household", house, "remark=坏")
    assert run("sync")["refused"] == 1
    (entry,) = run("mend")["mend"]
    assert (entry["number"], entry["set"], entry["message"]) == (2, {"remark": "坏"}, "不行")
    assert run("mend", "retry", "2", "remark=好")["number"] == 3
    assert run("mend") == {"mend": []}
    run("sync")
    assert run("show", "household", house)["values"]["remark"] == "好"
    assert run.fails("mend", "drop", "2")["error"] == "no_such_record"


def test_conflicts_are_told_in_words_and_can_be_reopened(run: Script, house: str, township: Township) -> None:
    run("sync")
    id_ = "0190a8a0-0000-7000-8000-000000000001"
    stamp = township.log[0].body["stamp"]
    township.written_by_others(
        "conflict", id_,
        {"about": "household", "record": house, "field": "head_name", "losing": "韦大山", "losing_stamp": stamp,
         "losing_by": "user-1", "standing": "韦二山", "standing_by": "user-2", "status": "quiet"},
    )  # fmt: skip
    run("sync")
    (one,) = run("conflicts")["conflicts"]
    assert (one["id"], one["losing"], one["standing"], one["status"]) == (id_, "韦大山", "韦二山", "quiet")
    assert "losing" in one["mine"]
    _, out, _ = run.raw("conflicts")
    assert "韦大山（我 / me" in out
    run("conflicts", "reopen", id_)
    assert run("waiting")["waiting"][0]["set"] == {"status": "open"}


def test_the_clock_can_be_shifted(run: Script, house: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("sync")
    monkeypatch.setenv("RUHU_CLOCK_OFFSET_MS", str(86_400_000))
    run("write", "household", house, "remark=明天")
    assert run("sync")["restamped"] == 1
    monkeypatch.setenv("RUHU_CLOCK_OFFSET_MS", "soon")
    assert run.fails("list")["error"] == "failed"


def test_values_are_read_by_the_type_of_their_field() -> None:
    house, visit = KINDS["household"], KINDS["visit"]
    pairs = ["house_area_m2=90.5", "relocated=true", "head_name=007", 'categories=["key"]', 'unknown={"a":1}']
    assert read_values(house, pairs) == {
        "house_area_m2": 90.5, "relocated": True, "head_name": "007", "categories": ["key"], "unknown": {"a": 1},
    }  # fmt: skip
    assert read_values(visit, ["participants=韦一，黄二, 农三", "remark=[原话]", "summary=a=b"]) == {
        "participants": ["韦一", "黄二", "农三"], "remark": "[原话]", "summary": "a=b",
    }  # fmt: skip


@pytest.mark.parametrize("words", [[], ["write"], ["visit"], ["visit", "finish"], ["mend", "retry"], ["conflicts"]])
def test_help_is_complete_and_in_both_languages(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        terminal.main([*words, "--help"])
    assert caught.value.code == 0
    assert " / " in capsys.readouterr().out


# --- photos


@pytest.fixture
def office(township: Township, monkeypatch: pytest.MonkeyPatch) -> PhotoTownship:
    made = PhotoTownship(township)
    monkeypatch.setattr(sending, "over_http", lambda enrolment: made)
    return made


@pytest.fixture
def file(tmp_path: Path) -> str:
    exif = Image.Exif()
    exif[0x010F] = "maker-of-the-phone"
    (tmp_path / "roof.jpg").write_bytes(picture(1, (2000, 1500), exif=exif))
    return str(tmp_path / "roof.jpg")


def test_a_photo_is_added_listed_and_sent_after_the_records(
    run: Script, house: str, file: str, office: PhotoTownship
) -> None:
    problem = run("write", "problem", "--village", VILLAGE, "description=漏雨")["id"]
    photos = [run("photo", "add", "problem", problem, "photos", file) for _ in range(2)]
    assert photos[0]["state"] == "here"
    assert run("show", "problem", problem)["values"]["photos"] == [photo["name"] for photo in photos]
    assert [one["id"] for one in run("photo", "list")["photos"]] == [photo["id"] for photo in photos]
    assert run("photo", "send") == {"arrived": 0, "waiting": 2}, "the township does not know of them"
    assert office.asked == []
    code, out, err = run.raw("sync")
    assert code == 0
    assert "照片 2/2" in out
    assert "照片 1/2" in err
    assert set(office.held) == {photo["name"] for photo in photos}
    assert all(b"maker-of" not in data for data in office.held.values())
    assert [one["state"] for one in run("photo", "list")["photos"]] == ["sent", "sent"]
    assert "photos" not in run("sync")


def test_photos_that_do_not_get_through_spoil_no_sync_and_are_told(
    run: Script, house: str, file: str, office: PhotoTownship
) -> None:
    problem = run("write", "problem", "--village", VILLAGE, "description=漏雨")["id"]
    run("photo", "add", "problem", problem, "photos", file)
    office.faults = [Offline(), ServerFull()]
    code, out, err = run.raw("--json", "sync")
    assert code == 0
    assert json.loads(out)["photos"] == {"arrived": 0, "waiting": 1}
    assert "连不上" in err
    assert run.fails("photo", "send")["error"] == "server_full"
    assert run("photo", "send") == {"arrived": 1, "waiting": 0}


def test_a_photo_that_cannot_be_added_is_told_and_leaves_nothing(
    run: Script, house: str, file: str, tmp_path: Path
) -> None:
    problem = run("write", "problem", "--village", VILLAGE, "description=漏雨")["id"]
    (tmp_path / "words.jpg").write_bytes(b"words")
    assert run.fails("photo", "add", "problem", problem, "photos", str(tmp_path / "words.jpg"))["error"] == "not_a_jpeg"
    assert run.fails("photo", "add", "problem", problem, "photos", str(tmp_path / "none"))["error"] == "no_such_file"
    assert run.fails("photo", "add", "problem", problem, "description", file)["error"] == "no_photos_here"
    assert run.fails("photo", "add", "problem", house, "photos", file)["error"] == "no_such_record"
    for _ in range(3):
        run("photo", "add", "problem", problem, "photos", file)
    assert run.fails("photo", "add", "problem", problem, "photos", file)["error"] == "too_many_photos"
    assert len(run("photo", "list")["photos"]) == 3
