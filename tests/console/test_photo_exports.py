"""Photographs leave the house only when they were asked for and a second person agreed, however few persons the list names."""

import errno
import io
import zipfile
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from werkzeug.test import TestResponse

from server import access
from server.exports import pictures
from server.lists import LISTINGS
from server.reading.pictured import WAIT_MS
from server.service import now_ms
from server.store import TownshipStore
from shared.kinds import KINDS
from shared.photos import photo_fields
from tests.console.browser import DESK, LEADER, SECOND_DESK, SECOND_VILLAGE, TOWN, VILLAGE, Office, said
from tests.console.photographs import coming, keep

T = f"/t/{TOWN}"
WHY = "县里要整治前后对比照片"


@pytest.fixture
def stock(office: Office) -> dict[str, str]:
    """Three checks of one household: with both photos, with one that is coming and one retired, and without any; and one in another village."""
    service = office.service
    home = office.write("household", {"head_name": "黄秀英"})
    names = {word: keep(service, word) for word in ("before", "after", "over", "far")}
    service.photos.retire(TOWN, names["over"], now_ms())

    def check(day: str, village: str = VILLAGE, household: str | None = home, **photos: list[str]) -> str:
        values = {"target": "household", "checked_at": f"{day}T09:00:00+08:00", **photos}
        return office.write("cleanup_check", values, village, household)

    check("2018-10-03", photos_before=[names["before"]], photos=[names["after"]])
    check("2018-10-02", photos=[coming("x"), names["over"]])
    check("2018-10-01")
    check("2018-09-30", SECOND_VILLAGE, None, photos=[names["far"]])
    return {**names, "home": home}


def url(name: str = "cleanup_checks", what: str = "") -> str:
    return f"{T}/lists/{name}{what}"


def ask(office: Office, name: str = "cleanup_checks", who: str = DESK, **form: str) -> str:
    """Asks, and returns the request's id."""
    answer = office.browser(who).post(url(name, "/ask"), {"reason": WHY, **form})
    assert answer.headers["Location"] == f"{T}/exports", said(answer, office.browser(who))
    with office.database.read(TOWN) as store:
        ((id_,),) = store.sql("SELECT id FROM export_request ORDER BY asked_at DESC, id DESC LIMIT 1")
    return str(id_)


def step(office: Office, who: str, id_: str, what: str, **form: str) -> TestResponse:
    return office.browser(who).post(f"{T}/exports/{id_}/{what}", form)


def unpacked(answer: TestResponse) -> tuple[dict[str, bytes], Any]:
    """(the photographs by name, the sheet) of a zip."""
    assert answer.status_code == 200, answer.headers.get("Location", "")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    (book,) = [name for name in files if name.endswith(".xlsx")]
    return files, openpyxl.load_workbook(io.BytesIO(files.pop(book))).active


def exported(office: Office) -> list[Mapping[str, Any]]:
    return [act.details for act in office.trail() if act.action == "export"]


def test_photos_leave_as_a_zip_when_a_second_person_agreed_and_the_sheet_says_which_are_whose(
    office: Office, stock: dict[str, str]
) -> None:
    id_ = ask(office, pictures="1")
    waiting = office.browser(SECOND_DESK).page(f"{T}/exports")
    assert "附照片" in waiting
    assert WHY in waiting
    step(office, SECOND_DESK, id_, "approve")
    assert "领取 Excel 和照片（zip）" in office.browser(DESK).page(f"{T}/exports")
    answer = step(office, DESK, id_, "take", **{"as": "csv"})
    photos, sheet = unpacked(answer)
    store = office.service.photos
    assert photos == {
        "photos/1-1.jpg": store.read(TOWN, stock["before"]),
        "photos/1-2.jpg": store.read(TOWN, stock["after"]),
        "photos/4-1.jpg": store.read(TOWN, stock["far"]),
    }
    heads = [cell.value for cell in sheet[2]]
    column = [row[heads.index("照片文件")].value for row in sheet.iter_rows(min_row=3)]
    assert column == [
        "photos/1-1.jpg 整治前照片；photos/1-2.jpg 整治后照片",
        "1 张还在路上；1 张已过保存期",
        None,
        "photos/4-1.jpg 整治后照片",
    ]
    assert "附照片 3 张，1 张还在路上，1 张已过保存期" in sheet["A1"].value
    details = exported(office)[-1]
    assert {key: details[key] for key in ("list", "as", "rows", "photos", "photos_missing")} == {
        "list": "cleanup_checks", "as": "zip", "rows": 4, "photos": 3, "photos_missing": 2,
    }  # fmt: skip
    assert not list(office.folder.glob("export-*"))
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_trail_tells_of_every_step_that_photos_were_in_it(office: Office, stock: dict[str, str]) -> None:
    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    step(office, DESK, id_, "take")
    told = [(act.action, act.by, act.details.get("pictures"), act.details.get("photos")) for act in office.trail() if "export" in act.action]  # fmt: skip
    assert told == [("export_ask", DESK, 4, None), ("export_approved", SECOND_DESK, 4, None), ("export", DESK, None, 3)]  # fmt: skip
    page = office.browser(DESK).page(f"{T}/audit")
    assert "附照片 4" in page
    assert "照片数 3" in page
    assert "没附上的照片 2" in page


def test_photos_take_two_persons_however_few_the_list_names(office: Office, stock: dict[str, str]) -> None:
    browser = office.browser(DESK)
    assert office.service.config.export_persons > 4
    answer = browser.post(url(what="/export"), {"as": "xlsx", "pictures": "1", "village": VILLAGE})
    assert answer.headers["Location"] == url(what=f"/ask?village={VILLAGE}&pictures=1")
    page = browser.page(answer.headers["Location"])
    assert "不论人数，都须由另一位有导出权限的人同意" in page
    assert 'name="pictures" value="1" checked' in page
    assert exported(office) == []
    id_ = ask(office, pictures="1")
    for who in (DESK, LEADER):
        assert step(office, who, id_, "approve").status_code in (303, 403)
    taken = browser.post(f"{T}/exports/{id_}/take")
    assert "没有可领取的批准" in said(taken, browser)
    assert exported(office) == []


def test_an_approval_without_photos_gives_none_and_one_with_photos_is_for_its_own_filter_and_once(
    office: Office, stock: dict[str, str]
) -> None:
    object.__setattr__(office.service.config, "export_persons", 1)
    plain = ask(office)
    step(office, SECOND_DESK, plain, "approve")
    answer = step(office, DESK, plain, "take", **{"as": "xlsx", "pictures": "1"})
    assert "spreadsheetml" in answer.headers["Content-Type"]
    assert "照片文件" not in [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.data)).active[2]]
    with_photos = ask(office, pictures="1", village=VILLAGE)
    step(office, SECOND_DESK, with_photos, "approve")
    photos, _ = unpacked(step(office, DESK, with_photos, "take", village=SECOND_VILLAGE))
    assert sorted(photos) == ["photos/1-1.jpg", "photos/1-2.jpg"]
    browser = office.browser(DESK)
    assert "没有可领取的批准" in said(browser.post(f"{T}/exports/{with_photos}/take"), browser)
    assert [one.get("photos") for one in exported(office)] == [None, 2]


def test_the_same_list_may_wait_once_with_photos_and_once_without(office: Office, stock: dict[str, str]) -> None:
    object.__setattr__(office.service.config, "export_persons", 1)
    ask(office)
    ask(office, pictures="1")
    browser = office.browser(DESK)
    again = browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"})
    assert "同一份名单已经申请过" in said(again, browser)
    with office.database.read(TOWN) as store:
        assert sorted(row[0] for row in store.sql("SELECT pictures FROM export_request")) == [0, 4]


@pytest.mark.parametrize("name", [name for name, one in LISTINGS.items() if one.pictured])
def test_no_list_has_a_photo_or_its_name_in_any_export_that_did_not_ask(office: Office, name: str) -> None:
    kind = KINDS[LISTINGS[name].pictured]
    home = office.write("household", {"head_name": "黄秀英"})
    named = keep(office.service, "roof")
    when = {one: "2018-10-01T09:00:00+08:00" for one in ("started_at", "checked_at", "found_at") if one in kind.fields}
    photos = {one: [named, coming("x")] for one in photo_fields(kind)}
    target = {"target": "household"} if "target" in kind.fields else {}
    office.write(kind.name, {**when, **target, **photos}, household=home)
    browser = office.browser(DESK)
    csv = browser.post(url(name, "/export"), {"as": "csv"})
    book = browser.post(url(name, "/export"), {"as": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).active
    cells = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert sheet.max_row > 2, "the list is not empty"
    for text in (csv.data.decode("utf-8-sig"), cells, browser.page(url(name))):
        assert named not in text.replace(f"/photos/{named}", "")
        assert coming("x") not in text
        assert "照片文件" not in text
    with zipfile.ZipFile(io.BytesIO(book.data)) as archive:
        assert not [part for part in archive.namelist() if "media" in part or part.endswith(".jpg")]
    assert "附照片导出" in browser.page(url(name))
    id_ = ask(office, name, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    files, _ = unpacked(step(office, DESK, id_, "take"))
    assert len(files) == len(photo_fields(kind))


def test_which_lists_can_have_photos(office: Office) -> None:
    assert {name for name, one in LISTINGS.items() if one.pictured} == {
        "visits", "contact_visits", "cleanup_checks", "problems",
    }  # fmt: skip
    browser = office.browser(DESK)
    for name in ("households", "members", "audit"):
        assert browser.get(url(name, "/ask?pictures=1")).status_code in (403, 404)
        assert browser.post(url(name, "/ask"), {"reason": WHY, "pictures": "1"}).status_code in (403, 404)
        assert browser.post(url(name, "/export"), {"as": "csv", "pictures": "1"}).status_code == 404
        assert "附照片导出" not in browser.page(url(name))
    assert exported(office) == []


def test_who_may_not_export_is_not_offered_photos(office: Office, stock: dict[str, str]) -> None:
    browser = office.browser(LEADER)
    assert "附照片" not in browser.page(url())
    assert browser.get(url(what="/ask?pictures=1")).status_code == 403
    assert browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"}).status_code == 403


def test_somebody_of_one_village_gets_the_photos_of_that_village_alone(office: Office, stock: dict[str, str]) -> None:
    access.add_user(office.database, "村办员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    id_ = ask(office, who="村办员", pictures="1")
    step(office, DESK, id_, "approve")
    photos, _ = unpacked(step(office, "村办员", id_, "take"))
    assert sorted(photos) == ["photos/1-1.jpg", "photos/1-2.jpg"]


def test_a_list_without_photos_says_so_before_anybody_is_asked(office: Office) -> None:
    office.write("cleanup_check", {"target": "village", "checked_at": "2018-10-01T09:00:00+08:00"})
    browser = office.browser(DESK)
    answer = browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"})
    assert "这份名单没有照片" in said(answer, browser)
    assert not [act for act in office.trail() if act.action == "export_ask"]


def test_more_photos_than_a_file_holds_are_turned_away_and_the_approval_is_kept(
    office: Office, stock: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    browser = office.browser(DESK)
    monkeypatch.setattr(pictures, "MOST", 4)
    assert "照片超过 4 张" in said(browser.post(f"{T}/exports/{id_}/take"), browser)
    assert "照片超过 4 张" in said(browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"}), browser)
    monkeypatch.setattr(pictures, "MOST", 5)
    monkeypatch.setattr(pictures, "GUARD_BYTES", 1 << 60)
    assert "磁盘空间不够" in said(browser.post(f"{T}/exports/{id_}/take"), browser)
    assert exported(office) == []
    monkeypatch.undo()
    assert len(unpacked(browser.post(f"{T}/exports/{id_}/take"))[0]) == 3


def test_the_second_person_is_told_how_many_photos_and_so_is_whoever_asked(
    office: Office, stock: dict[str, str]
) -> None:
    """Three that are here and one that may still come; what is retired cannot leave."""
    ask(office, pictures="1")
    waiting = office.browser(SECOND_DESK).page(f"{T}/exports")
    assert "附照片 4 张" in waiting
    assert "<dt>照片</dt><dd>4 张（已收到的和还在路上的）</dd>" in waiting
    assert "附照片 4 张" in office.browser(DESK).page(f"{T}/exports")
    with office.database.read(TOWN) as store:
        assert store.sql("SELECT pictures FROM export_request") == [(4,)]


def test_photos_that_grew_by_more_than_a_tenth_are_asked_for_anew_and_the_approval_is_kept(
    office: Office, stock: dict[str, str]
) -> None:
    """Ten approved: eleven may leave, twelve may not, however many persons they are of."""
    more = [keep(office.service, f"photo {number}") for number in range(8)]
    many = office.write("visit", {"started_at": "2018-10-01T09:00:00+08:00", "photos": [*more[:7], stock["before"], stock["after"], stock["far"]]}, household=stock["home"])  # fmt: skip
    id_ = ask(office, "visits", pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    browser = office.browser(DESK)
    grown = [*office.record("visit", many).values["photos"], more[7], keep(office.service, "one more")]
    office.write("visit", {"photos": grown}, id=many)
    assert "照片现有 12 张，比批准时的 10 张多出一成以上，请重新申请" in said(browser.post(f"{T}/exports/{id_}/take"), browser)  # fmt: skip
    browser.post("/language", {"language": "en"})
    assert "There are now 12 photos, over a tenth more than the 10 approved" in said(browser.post(f"{T}/exports/{id_}/take"), browser)  # fmt: skip
    assert exported(office) == []
    office.write("visit", {"photos": grown[:11]}, id=many)
    assert len(unpacked(browser.post(f"{T}/exports/{id_}/take"))[0]) == 11


def test_a_list_of_which_no_photo_can_leave_says_so_before_anybody_is_asked(
    office: Office, stock: dict[str, str]
) -> None:
    for word in ("before", "after", "far"):
        office.service.photos.retire(TOWN, stock[word], now_ms())
    with office.database.transaction() as connection:
        TownshipStore(office.database, connection, TOWN).sql("UPDATE changes SET at = at - ?", WAIT_MS + 60_000)
    browser = office.browser(DESK)
    page = said(browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"}), browser)
    assert "这份名单没有可附的照片（1 张没有收到，4 张已过保存期）" in page
    assert not [act for act in office.trail() if act.action == "export_ask"]


def test_a_photo_that_did_not_arrive_is_said_in_the_file(office: Office, stock: dict[str, str]) -> None:
    with office.database.transaction() as connection:
        TownshipStore(office.database, connection, TOWN).sql("UPDATE changes SET at = at - ?", WAIT_MS + 60_000)
    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    _, sheet = unpacked(step(office, DESK, id_, "take"))
    assert "附照片 3 张，1 张没有收到，1 张已过保存期" in sheet["A1"].value
    assert sheet.cell(4, sheet.max_column).value == "1 张没有收到；1 张已过保存期"


def test_the_sizes_of_all_photos_are_added_up_against_the_free_space(
    office: Office, stock: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [office.service.photos.held(TOWN, stock[word]) for word in ("before", "after", "far")]
    size = sum(one.bytes for one in held if one)
    free = [pictures.GUARD_BYTES + size - 1]
    monkeypatch.setattr(pictures.shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    browser = office.browser(DESK)
    assert "磁盘空间不够" in said(browser.post(url(what="/ask"), {"reason": WHY, "pictures": "1"}), browser)
    free[0] += 1
    ask(office, pictures="1")


@pytest.mark.parametrize("where", ["zipfile.ZipFile.writestr", "server.exports.files.open_book"])
def test_a_zip_that_cannot_be_made_spends_no_approval_and_the_trail_says_that_nothing_left(
    office: Office, stock: dict[str, str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    browser = office.browser(DESK)
    with monkeypatch.context() as patch:
        patch.setattr(where, full)
        answer = browser.post(f"{T}/exports/{id_}/take")
        assert answer.status_code == 303
        assert "文件没有做成，什么也没有导出，批准没有用掉" in said(answer, browser)
    assert not list(office.folder.glob("export-*"))
    left, failed = office.trail()[-2:]
    assert (left.action, failed.action, failed.by, failed.record) == ("export", "export_failed", DESK, id_)
    assert failed.details == {"list": "cleanup_checks", "row": left.seq, "persons": left.details["persons"]}
    page = browser.page(f"{T}/audit")
    assert "导出没有完成，什么也没有导出" in page
    assert f"操作记录行号 {left.seq}" in page
    assert "已同意" in browser.page(f"{T}/exports")
    photos, sheet = unpacked(browser.post(f"{T}/exports/{id_}/take"))
    assert len(photos) == 3
    row = office.trail()[-1]
    assert row.action == "export"
    assert f"第 {row.seq} 行 {row.hash[:12]}" in sheet["A1"].value
    assert "没有可领取的批准" in said(browser.post(f"{T}/exports/{id_}/take"), browser)


def test_a_fault_of_our_own_while_a_zip_is_made_is_an_error_and_spends_no_approval(
    office: Office, stock: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise KeyError("ours")

    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    office.app.config["PROPAGATE_EXCEPTIONS"] = False
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "_add", wrong)
        assert step(office, DESK, id_, "take").status_code == 500
    assert office.trail()[-1].action == "export_failed"
    assert len(unpacked(step(office, DESK, id_, "take"))[0]) == 3


def test_a_photo_that_broke_is_said_in_the_file_and_the_rest_leaves(office: Office, stock: dict[str, str]) -> None:
    for file in (office.folder / "photos" / TOWN).rglob(f"{stock['before']}.jpg"):
        file.unlink()
    for file in (office.folder / "photos" / TOWN).rglob(f"{stock['far']}.json"):
        file.write_text("{")
    id_ = ask(office, pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    photos, sheet = unpacked(step(office, DESK, id_, "take"))
    assert sorted(photos) == ["photos/1-2.jpg"]
    told = [str(row[sheet.max_column - 1].value) for row in sheet.iter_rows(min_row=3)]
    assert told[0] == "photos/1-2.jpg 整治后照片；1 张读不出来"
    assert told[3] == "1 张读不出来"


def test_one_photo_is_in_memory_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty photographs of a megabyte: reading one lets go of the one before."""
    import tracemalloc

    home = office.write("household", {"head_name": "黄秀英"})
    photos = [keep(office.service, f"photo {n}") for n in range(40)]
    for photo in photos:
        office.write("visit", {"started_at": "2018-10-01T09:00:00+08:00", "photos": [photo]}, household=home)
    large = bytes(1 << 20)
    monkeypatch.setattr(type(office.service.photos), "read", lambda self, township, name, small=False: bytes(bytearray(large)))  # fmt: skip
    id_ = ask(office, "visits", pictures="1")
    step(office, SECOND_DESK, id_, "approve")
    browser = office.browser(DESK)
    token = browser.token()
    tracemalloc.start()
    answer = browser.client.post(f"{T}/exports/{id_}/take", data={"csrf_token": token}, buffered=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 200
    assert answer.content_length is not None
    assert answer.content_length > 40 << 20
    assert peak < 12 << 20, f"{peak >> 20} MiB"
    answer.close()


def test_the_pages_of_photo_exports_are_complete_in_english(office: Office, stock: dict[str, str]) -> None:
    id_ = ask(office, pictures="1")
    for who in (DESK, SECOND_DESK):
        browser = office.browser(who)
        browser.post("/language", {"language": "en"})
        assert "With photos" in browser.page(f"{T}/exports")
        assert "A list with photos, however few persons it names" in browser.page(url(what="/ask?pictures=1"))
    step(office, SECOND_DESK, id_, "approve")
    browser = office.browser(DESK)
    browser.post("/language", {"language": "en"})
    assert "Take Excel and photos (zip)" in browser.page(f"{T}/exports")
    _, sheet = unpacked(browser.post(f"{T}/exports/{id_}/take"))
    assert "with 3 photos, 1 still on the way, 1 not kept any longer" in sheet["A1"].value
    assert sheet.cell(3, sheet.max_column).value == "photos/1-1.jpg Photos before; photos/1-2.jpg Photos after"
