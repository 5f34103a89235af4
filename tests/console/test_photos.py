"""Photographs in the console: beside the record, the check and the problem that name them, and nowhere else for nobody else."""

import re
import shutil

import pytest
import structlog
from werkzeug.test import TestResponse

from server.reading import pictured
from server.service import now_ms
from server.store import TownshipStore
from shared.photos import name_of
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    OTHER_TOWN,
    OTHER_VILLAGE,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE_LEADER,
    Office,
)
from tests.console.leaf import Leaf
from tests.console.photographs import coming, keep

HASH = re.compile(r"[0-9a-f]{64}")
GUESSES = 1_000
"""Ten thousand are tried where phones send (`tests/photos/test_who_may_send.py`)."""
HEADERS = {
    "Content-Type": "image/jpeg",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def url(kind: str, id_: str, name: str = "", small: bool = False) -> str:
    page = f"/t/{TOWN}/records/{kind}/{id_}"
    return f"{page}/photos/{name}{'?small=1' if small else ''}" if name else page


@pytest.fixture
def home(office: Office) -> str:
    return office.write("household", {"head_name": "黄秀英", "hamlet": "那排屯"})


def check(office: Office, home: str, day: str, before: list[str] = [], after: list[str] = [], **more: object) -> str:  # noqa: B006
    values = {
        "target": "household", "checked_at": f"{day}T09:00:00+08:00", "checker": "韦检查", "e1_house": 20, "e2_yard": 20, "e3_weeds": 15,
        "e4_rubbish": 20, "e5_kitchen": 10, "e6_toilet": 10, "e7_animals": 5, "photos_before": before, "photos": after, **more,
    }  # fmt: skip
    return office.write("cleanup_check", values, household=home)


def age(office: Office, id_: str, ms: int) -> None:
    """The township had every change to a record so much earlier."""
    with office.database.transaction() as connection:
        store = TownshipStore(office.database, connection, TOWN)
        store.sql("UPDATE changes SET at = at - ? WHERE record = ?", ms, id_)


def images(page: str) -> list[tuple[str, str]]:
    """(address, alt text) of every picture on a page."""
    return [(tag["src"], tag["alt"]) for tag in Leaf(page).tags if tag.name == "img"]


def text_of(page: str) -> str:
    """What is read on a page: its main part without tags."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


# --- one photograph ------------------------------------------------------------------------------------------------


def test_a_photo_and_its_small_one_are_served_to_whoever_may_see_the_record(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof]}, household=home)
    for who in (DESK, LEADER, VILLAGE_LEADER, COUNTY):
        browser = office.browser(who)
        large, small = browser.get(url("visit", visit, roof)), browser.get(url("visit", visit, roof, small=True))
        assert large.data == office.service.photos.read(TOWN, roof)
        assert small.data == office.service.photos.read(TOWN, roof, small=True)
        assert len(small.data) < len(large.data)
        for answer in (large, small):
            assert answer.status_code == 200
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert answer.headers["Content-Disposition"] == f'inline; filename="photo-{roof[:8]}.jpg"'
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_no_mark_of_a_photo_lets_anybody_ask_whether_it_is_still_the_same(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof]}, household=home)
    office.write("visit", {"photos": [keep(office.service, "far")]}, village=SECOND_VILLAGE)
    asking = {
        "If-None-Match": f'"{roof}", *',
        "If-Modified-Since": "Fri, 31 Dec 2999 23:59:59 GMT",
        "Range": "bytes=0-9",
    }

    def ask(who: str, address: str) -> TestResponse:
        return office.browser(who).client.get(address, headers=asking)

    answer = ask(DESK, url("visit", visit, roof))
    assert (answer.status_code, answer.data) == (200, office.service.photos.read(TOWN, roof))
    assert not {"ETag", "Last-Modified", "Accept-Ranges", "Content-Range"} & set(answer.headers.keys())
    assert ask(NEIGHBOUR, url("visit", visit, roof)).status_code == 404
    assert ask("", url("visit", visit, roof)).status_code == 302


def test_a_photo_is_not_found_by_whoever_may_not_see_its_record(office: Office) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof]}, village=SECOND_VILLAGE)
    for who in (VILLAGE_LEADER, NEIGHBOUR):
        for address in (url("visit", visit), url("visit", visit, roof), url("visit", visit, roof, small=True)):
            answer = office.browser(who).get(address)
            assert answer.status_code == 404, (who, address)
            assert b"JFIF" not in answer.data
    assert office.browser(ADMIN).get(url("visit", visit, roof)).status_code == 403
    nobody = office.browser().get(url("visit", visit, roof))
    assert nobody.headers["Location"].startswith("/sign-in")
    assert b"JFIF" not in nobody.data


def test_a_photo_opens_by_a_record_that_names_it_and_by_no_other(office: Office, home: str) -> None:
    roof, yard = keep(office.service, "roof"), keep(office.service, "yard")
    visit = office.write("visit", {"photos": [roof]}, household=home)
    other = office.write("visit", {"photos": [yard]}, household=home)
    away = office.write("visit", {"photos": [roof]}, OTHER_VILLAGE, township=OTHER_TOWN)
    browser = office.browser(DESK)
    assert browser.get(url("visit", visit, roof)).status_code == 200
    wrong = [
        url("visit", visit, yard), url("visit", other, roof), url("household", home, roof), url("contact_visit", visit, roof),
        url("nothing", visit, roof), url("visit", away, roof), url("visit", visit, roof.upper()), url("visit", visit, roof[:-1]),
        url("visit", visit, "..%2f" + roof), url("visit", visit, "' OR 1=1 --"), url("visit", visit, f"{roof}.jpg"),
    ]  # fmt: skip
    for address in wrong:
        assert browser.get(address).status_code == 404, address
    assert office.browser(NEIGHBOUR).get(f"/t/{OTHER_TOWN}/records/visit/{away}/photos/{roof}").status_code == 404, (
        "the other township's record names it too, but only this one has it"
    )


def test_a_photo_that_was_taken_off_its_record_is_not_served_any_more(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof]}, household=home)
    office.write("visit", {"photos": []}, id=visit)
    assert office.browser(DESK).get(url("visit", visit, roof)).status_code == 404


def test_guessed_names_give_nothing_and_never_reach_the_store(
    office: Office, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof]}, household=home)
    browser = office.browser(DESK)
    asked: list[str] = []
    kept = office.service.photos
    monkeypatch.setattr(type(kept), "read", lambda self, township, name, small=False: asked.append(name))
    monkeypatch.setattr(type(kept), "held", lambda self, township, name: asked.append(name))
    told = set()
    for number in range(GUESSES):
        answer = browser.get(url("visit", visit, name_of(str(number).encode())))
        told.add((answer.status_code, text_of(answer.text)))
    assert len(told) == 1, "every guess is answered alike"
    assert told.pop()[0] == 404
    assert asked == []


def test_a_photo_that_has_not_come_or_was_retired_answers_calmly(office: Office, home: str) -> None:
    over = keep(office.service, "over")
    office.service.photos.retire(TOWN, over, now_ms())
    visit = office.write("visit", {"photos": [over, coming("x")]}, household=home)
    for name, says in ((over, "照片已过保存期"), (coming("x"), "照片还在路上")):
        answer = office.browser(DESK).get(url("visit", visit, name))
        assert answer.status_code == 404
        assert says in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def lose(office: Office, name: str, ending: str, data: bytes | None = None) -> None:
    """A photograph's file goes, or holds something else."""
    (file,) = (office.folder / "photos" / TOWN).rglob(f"{name}{ending}")
    file.unlink() if data is None else file.write_bytes(data)


BROKEN = [
    (".jpg", None), (".small.jpg", None), (".jpg", b""), (".jpg", b"not what was kept"), (".json", b"{"), (".json", b"{}"),
    (".json", b'{"name":"\xff"}'),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "data"), BROKEN)
def test_a_damaged_photo_is_answered_calmly_and_its_record_opens_with_a_placeholder(
    office: Office, home: str, ending: str, data: bytes | None
) -> None:
    roof, yard = keep(office.service, "roof"), keep(office.service, "yard")
    visit = office.write("visit", {"photos": [roof, yard]}, household=home)
    lose(office, roof, ending, data)
    browser = office.browser(DESK)
    for small in (False, True):
        with structlog.testing.capture_logs() as logs:
            answer = browser.get(url("visit", visit, roof, small))
        assert answer.status_code == 404
        assert "照片读不出来，请告诉管理员" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert [line["event"] for line in logs] == ["photo_damaged"]
        assert roof not in str(logs)
        assert visit not in str(logs)
    page = browser.page(url("visit", visit))
    assert text_of(page).count("照片读不出来，请告诉管理员") == 1
    assert [src for src, _ in images(page)] == [url("visit", visit, yard, small=True)]
    assert browser.get(url("visit", visit, yard)).status_code == 200
    assert browser.get(f"/t/{TOWN}/households/{home}").status_code == 200


def test_a_photo_that_did_not_come_while_a_phone_keeps_it_is_said_not_to_have_arrived(
    office: Office, home: str
) -> None:
    roof, yard = keep(office.service, "roof"), keep(office.service, "yard")
    visit = office.write("visit", {"photos": [roof, yard, coming("x")]}, household=home)
    browser = office.browser(DESK)
    age(office, visit, pictured.WAIT_MS - 60_000)
    told = text_of(browser.page(url("visit", visit)))
    assert "2/3，其余还在路上" in told
    assert "没有收到" not in told
    assert "照片还在路上" in browser.get(url("visit", visit, coming("x"))).text
    age(office, visit, 120_000)
    told = text_of(browser.page(url("visit", visit)))
    assert "2/3，其余没有收到" in told
    assert "照片没有收到" in told
    assert told.count("请填写人在手机上看看，或重新拍一张。") == 1
    assert "路上" not in told
    answer = browser.get(url("visit", visit, coming("x")))
    assert answer.status_code == 404
    assert "照片没有收到" in answer.text
    assert "请填写人在手机上看看，或重新拍一张。" in answer.text
    browser.post("/language", {"language": "en"})
    told = text_of(browser.page(url("visit", visit)))
    assert "2/3, the rest did not arrive" in told
    assert "The photo did not arrive" in told
    assert "Ask the writer to look at the phone, or take another." in told
    keep(office.service, "x", sent=b"x on its way")
    told = text_of(browser.page(url("visit", visit)))
    assert "did not arrive" not in told, "one that came after all is here"
    assert "/3" not in told


def test_how_long_a_photo_is_waited_for_counts_from_the_change_that_named_it(office: Office, home: str) -> None:
    visit = office.write("visit", {"photos": [coming("x")]}, household=home)
    age(office, visit, pictured.WAIT_MS + 60_000)
    office.write("visit", {"photos": [coming("x"), coming("y")]}, id=visit)
    browser = office.browser(DESK)
    told = text_of(browser.page(url("visit", visit)))
    assert "0/2，1 张还在路上，1 张没有收到" in told
    assert "照片没有收到" in browser.get(url("visit", visit, coming("x"))).text
    assert "照片还在路上" in browser.get(url("visit", visit, coming("y"))).text
    browser.post("/language", {"language": "en"})
    assert "0/2, 1 on their way, 1 did not arrive" in text_of(browser.page(url("visit", visit)))


# --- on pages ------------------------------------------------------------------------------------------------------


def test_a_record_shows_its_photos_and_how_many_are_still_on_their_way(office: Office, home: str) -> None:
    roof, over = keep(office.service, "roof"), keep(office.service, "over")
    office.service.photos.retire(TOWN, over, now_ms())
    for kind in ("visit", "contact_visit"):
        id_ = office.write(kind, {"photos": [roof, over, coming("x")]}, household=home)
        page = office.browser(LEADER).page(url(kind, id_))
        ((src, alt),) = images(page)
        assert src == url(kind, id_, roof, small=True)
        assert re.fullmatch(r"照片，第 \d 张，\d{4}-\d\d-\d\d，韦干部", alt)
        assert f'href="{url(kind, id_, roof)}"' in page
        for words in ("2/3", "照片还在路上", "照片已过保存期"):
            assert words in text_of(page), words
        keep(office.service, "x", sent=b"x on its way")
        whole = office.browser(LEADER).page(url(kind, id_))
        assert len(images(whole)) == 2
        assert "/3，其余还在路上" not in whole
        office.service.photos.forget(TOWN, coming("x"))


def test_names_of_photos_are_never_read_by_anybody(office: Office, home: str) -> None:
    """Neither among the facts, nor in the history, nor in a conflict's surroundings or a joining; addresses alone hold them."""
    roof, yard = keep(office.service, "roof"), keep(office.service, "yard")
    visit = office.write("visit", {"photos": [roof], "summary": "看屋顶"}, household=home)
    office.write("visit", {"photos": [yard]}, id=visit)
    twin = office.write("visit", {"photos": [yard, roof]}, household=home)
    browser = office.browser(DESK)
    addresses = (
        url("visit", visit), f"/t/{TOWN}/households/{home}", f"/t/{TOWN}/households/{home}?print=1",
        f"/t/{TOWN}/review/join/visit/{visit}/{twin}", f"/t/{TOWN}/lists/visits", f"/t/{TOWN}/audit",
    )  # fmt: skip
    for address in addresses:
        assert not HASH.search(text_of(browser.page(address))), address
    page = text_of(browser.page(url("visit", visit)))
    assert "1 张照片" in page
    assert "＋1 张，－1 张" in page
    assert "＋1 张 " in page
    browser.post("/language", {"language": "en"})
    english = text_of(browser.page(url("visit", visit)))
    assert "1 photo " in english
    assert "+1, −1" in english


def test_a_check_shows_before_and_after_side_by_side_and_the_last_ones_beside_todays(office: Office, home: str) -> None:
    service = office.service
    dirty, clean, dusty, swept = (keep(service, word) for word in ("dirty", "clean", "dusty", "swept"))
    september = check(office, home, "2018-09-05", [dirty], [clean])
    october = check(office, home, "2018-10-05", [dusty], [swept, coming("x")], red_lines=["burning"])
    page = office.browser(VILLAGE_LEADER).page(url("cleanup_check", october))
    assert [src for src, _ in images(page)] == [
        url("cleanup_check", october, dusty, small=True),
        url("cleanup_check", october, swept, small=True),
        url("cleanup_check", september, clean, small=True),
        url("cleanup_check", october, swept, small=True),
    ]
    told = text_of(page)
    for words in (
        "整治前照片",
        "整治后照片",
        "2/3",
        "上次检查和这次",
        "2018-09-05 09:00",
        "100 分，合格",
        "100 分，不合格",
    ):
        assert words in told, words
    assert f'href="{url("cleanup_check", september)}"' in page
    first = office.browser(DESK).page(url("cleanup_check", september))
    assert "上次检查和这次" not in first
    assert len(images(first)) == 2


def test_the_last_check_is_of_the_same_place_and_earlier_whatever_the_form_names(office: Office, home: str) -> None:
    service = office.service
    clean, today, other = keep(service, "clean"), keep(service, "today"), keep(service, "other")
    neighbour = office.write("household", {"head_name": "邻居"})
    foreign = check(office, neighbour, "2018-09-20", after=[other])
    august = check(office, home, "2018-08-05", after=[clean])
    check(office, home, "2018-09-05", after=[other], removed=True)
    check(office, home, "2018-12-05", after=[other])

    def last(**more: object) -> list[str]:
        found = check(office, home, "2018-10-05", after=[today], **more)
        page = office.browser(DESK).page(url("cleanup_check", found))
        office.write("cleanup_check", {"removed": True}, id=found)
        return [src for src, _ in images(page) if found not in src]

    assert last() == [url("cleanup_check", august, clean, small=True)]
    assert last(prior=foreign) == [url("cleanup_check", august, clean, small=True)]
    july = check(office, home, "2018-07-05", after=[other])
    assert last(prior=july) == [url("cleanup_check", july, other, small=True)]


def test_a_check_of_a_hamlet_is_shown_beside_the_last_of_that_hamlet(office: Office) -> None:
    one, two, three = (keep(office.service, word) for word in ("one", "two", "three"))

    def of(hamlet: str, day: str, photo: str) -> str:
        values = {"target": "hamlet", "hamlet": hamlet, "checked_at": f"{day}T09:00:00+08:00", "photos": [photo]}
        return office.write("cleanup_check", values)

    first = of("那排屯", "2018-09-05", one)
    of("板布屯", "2018-09-25", two)
    now = of("那排屯", "2018-10-05", three)
    page = office.browser(DESK).page(url("cleanup_check", now))
    assert url("cleanup_check", first, one, small=True) in [src for src, _ in images(page)]
    assert two not in page


def test_the_last_check_in_a_village_that_is_not_ones_own_is_not_shown(office: Office) -> None:
    """The household moved here; what was seen at its old house stays where it happened."""
    old, new = keep(office.service, "old house"), keep(office.service, "new house")
    home = office.write("household", {"head_name": "黄秀英"}, SECOND_VILLAGE)
    before = check(office, home, "2018-09-05", after=[old])
    office.browser(DESK).post(f"/t/{TOWN}/households/{home}/move", {"village": "451422103001"})
    after = check(office, home, "2018-10-05", after=[new])
    assert before in office.browser(DESK).page(url("cleanup_check", after))
    page = office.browser(VILLAGE_LEADER).page(url("cleanup_check", after))
    assert before not in page
    assert old not in page


def test_a_problem_shows_its_photos_beside_what_is_wrong(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    values = {"description": "屋顶漏雨", "category": "housing", "photos": [roof, coming("x")]}
    problem = office.write("problem", values, household=home)
    page = office.browser(VILLAGE_LEADER).page(f"/t/{TOWN}/ledger/{problem}")
    ((src, alt),) = images(page)
    assert src == url("problem", problem, roof, small=True)
    assert alt.startswith("照片，第 ")
    assert "1/2" in text_of(page)
    assert "照片还在路上" in page


def test_a_household_tells_at_each_call_how_many_photos_came(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    office.write("visit", {"started_at": "2018-09-05T09:00:00+08:00", "photos": [roof, coming("x")]}, household=home)
    office.write("contact_visit", {"started_at": "2018-09-06T09:00:00+08:00", "photos": [roof]}, household=home)
    check(office, home, "2018-09-07", [roof], [keep(office.service, "yard"), coming("y")])
    told = text_of(office.browser(LEADER).page(f"/t/{TOWN}/households/{home}"))
    assert "2018-09-05 09:00 照片 1/2" in told
    assert "2018-09-06 09:00 照片 1 张" in told
    assert "2018-09-07 09:00 照片 2/3" in told


def test_pages_with_photos_are_complete_in_english(office: Office, home: str) -> None:
    browser = office.browser(DESK)
    browser.post("/language", {"language": "en"})
    found = check(office, home, "2018-09-05", [keep(office.service, "dirty")], [coming("x")])
    told = text_of(browser.page(url("cleanup_check", found)))
    for words in ("Before and after", "1/2, the rest on their way", "The photo is on its way", "Photos before"):
        assert words in told, words
    ((_, alt),) = images(browser.page(url("cleanup_check", found)))
    assert re.fullmatch(r"Photos before, no\. 1, \d{4}-\d\d-\d\d, 韦干部", alt)
    assert not Leaf(browser.page(url("cleanup_check", found))).faults()


def test_looking_at_photos_changes_nothing_in_the_store(office: Office, home: str) -> None:
    roof = keep(office.service, "roof")
    visit = office.write("visit", {"photos": [roof, coming("x")]}, household=home)
    folder = office.folder / "photos"
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}
    browser = office.browser(DESK)
    browser.page(url("visit", visit))
    browser.get(url("visit", visit, roof))
    browser.get(url("visit", visit, coming("x")))
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")} == before
    shutil.rmtree(folder)
    assert browser.get(url("visit", visit)).status_code == 200, "a store that is not there yet"
    assert not folder.exists()
