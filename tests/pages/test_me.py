"""Me and what is behind it: syncing, what is unsettled, settings, the PIN, diagnostics, feedback; and every page of this half in English."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from mobile.device.fake import FakeKeyStore
from mobile.pages.blocks import Item, LongList, PinPad
from mobile.photos import Photo
from mobile.profiles import Profiles
from mobile.vault import WrongPin
from shared.sync.phone import Offline
from tests.mobile.township import VILLAGE
from tests.pages.conftest import HOME, OTHER, Stage
from tests.pages.test_cleanup import checked_before
from tests.pages.test_conflicts import ROW, disagree
from tests.pages.test_ledger import assign, by_others, note
from tests.pages.test_mend import refused

PAGES = [
    "drafts", "problems", "problem", "step", "new_problem", "place", "cleanups", "cleanup", "conflicts", "conflict", "mend", "mend_one",
    "me", "waiting", "pin", "diagnostics", "about", "feedback", "photo",
]  # fmt: skip
CJK = re.compile(r"[\u3400-\u9fff]+")
IN_BOTH = {"语言", "中文"}
"""What stands in Chinese in the English view too, so that one finds the way back."""


# --- syncing and what is unsettled ---------------------------------------------------------------------------------------


def test_it_says_whose_phone_this_is_and_what_it_holds(stage: Stage) -> None:
    stage.app.go("me")
    assert stage.hand.sees("韦一")
    assert stage.hand.sees("海渊镇")
    assert stage.hand.sees("手机 phone-1")
    assert stage.hand.sees(f"行政村 {VILLAGE}")
    assert stage.hand.sees("已下载完")
    assert re.search(r"用了 \d+ MB，手机还剩 ", stage.hand.words())


def test_a_grant_that_is_not_filled_is_said_to_be_downloading(stage: Stage) -> None:
    store = stage.phone.store
    store.together(
        lambda: store.set_grants({f"village:{VILLAGE}": 1, f"household:{OTHER}": None}, [f"village:{VILLAGE}"])
    )
    stage.app.go("me")
    assert stage.hand.sees("黄华大\n正在下载")


def test_syncing_is_paused_and_goes_on_from_here(stage: Stage) -> None:
    session = stage.app.session
    session.syncing.start = lambda tell: None  # no thread of its own: only what the page asks for is looked at
    stage.app.go("me")
    stage.hand.tap("sync_now")
    assert session.state.running
    assert not stage.hand.block("sync_now").enabled
    stage.hand.tap("pause_sync")
    assert session.state.paused
    assert stage.hand.sees("同步已暂停")
    stage.hand.tap("resume_sync")
    assert session.state.running


def test_what_is_unsettled_is_counted_and_one_touch_away(stage: Stage) -> None:
    refused(stage)
    disagree(stage)
    stage.notebook.write("household", HOME, {"address": "那桃屯3号"})
    stage.app.go("me")
    for name, n in (("conflicts", "1"), ("mend", "1"), ("waiting", "1")):
        entry = stage.hand.block(name)
        assert isinstance(entry, Item)
        assert entry.badge
        assert entry.badge.text == n
        stage.hand.tap(name)
        assert stage.app.page.name == name
        stage.hand.back()


def test_what_is_not_sent_yet_is_told_in_words_oldest_first(stage: Stage) -> None:
    stage.notebook.write("household", HOME, {"address": "那桃屯3号", "remark": "门牌换了"})
    id_ = note(stage, OTHER)
    stage.app.go("waiting")
    rows = next(block for block in stage.hand.view.blocks if isinstance(block, LongList)).rows
    assert [row.title for row in rows] == ["农户 · 覃秀英", "问题 · 黄华大", "问题办理 · 黄华大"]
    assert rows[0].lines == ("刚刚 · 住址、备注",)
    stage.hand.tap(rows[2].name)
    assert stage.app.page.where == {"id": id_}
    stage.sync()
    stage.app.go("waiting")
    assert stage.hand.sees("全部已上传。")


# --- settings ------------------------------------------------------------------------------------------------------------


def test_another_language_is_spoken_at_once_and_after_a_kill(stage: Stage) -> None:
    stage.app.go("me")
    stage.hand.tap("language", "English")
    assert stage.hand.sees("Sync now")
    assert stage.again().sees("Sync now")
    stage.hand.tap("language", "中文")
    assert stage.hand.sees("立即同步")


def test_the_systems_text_box_can_be_left_out(stage: Stage) -> None:
    stage.app.go("me")
    stage.hand.tap("text_dialog", "no")
    assert stage.app.settings["text_dialog"] is False
    assert stage.hand.block("text_dialog").chosen == {"no"}
    stage.app.device.text_dialog.available = False
    stage.app.redraw()
    with pytest.raises(LookupError):
        stage.hand.block("text_dialog")


def test_locking_closes_the_profile(stage: Stage) -> None:
    stage.app.go("me")
    stage.hand.tap("lock")
    assert not stage.app.unlocked


# --- the PIN -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def profiles(stage: Stage, tmp_path: Path) -> Any:
    """A real lock under the PIN 246802, beside the stage's store."""
    made = Profiles(tmp_path / "profiles", FakeKeyStore(), ballast_bytes=0, cost=16)
    made.create("246802")
    stage.app.profiles = made
    stage.app.go("me")
    stage.hand.tap("pin")
    yield made
    made.lock()


def pad(stage: Stage) -> PinPad:
    return next(block for block in stage.hand.view.blocks if isinstance(block, PinPad))


def test_the_pin_is_changed_by_the_old_one_and_the_new_one_twice(stage: Stage, profiles: Any) -> None:
    for pin in ("246802", "135791", "135791"):
        stage.hand.pin(pin)
    assert stage.hand.sees("密码已修改")
    assert stage.app.page.name == "me"
    id_ = profiles.opened
    with pytest.raises(WrongPin):
        profiles.open(id_, "246802")
    profiles.open(id_, "135791")


def test_a_wrong_old_pin_says_how_many_tries_are_left(stage: Stage, profiles: Any) -> None:
    for pin in ("111222", "135791", "135791"):
        stage.hand.pin(pin)
    assert stage.hand.sees("还可以试 9 次")
    assert (pad(stage).tone, pad(stage).typed) == ("bad", 0)
    stage.hand.pin("246802")
    assert stage.hand.sees("请输入新的密码")


def test_two_new_pins_that_differ_are_asked_again(stage: Stage, profiles: Any) -> None:
    for pin in ("246802", "135791", "135792"):
        stage.hand.pin(pin)
    assert stage.hand.sees("两次输入的不一样")
    for pin in ("135791", "135791"):
        stage.hand.pin(pin)
    assert stage.hand.sees("密码已修改")


def test_a_pin_that_everybody_tries_first_is_refused_at_once(stage: Stage, profiles: Any) -> None:
    for pin in ("246802", "123456"):
        stage.hand.pin(pin)
    assert stage.hand.sees("不能全部相同，也不能是 123456")
    stage.hand.pin("135791")
    assert stage.hand.sees("再输一次新的密码")


def test_a_digit_is_taken_back_and_nothing_typed_outlives_the_page(stage: Stage, profiles: Any) -> None:
    stage.hand.pin("24")
    stage.hand.tap("pin", "erase")
    assert pad(stage).typed == 1
    stage.again()
    assert stage.app.page.name == "pin"
    assert pad(stage).typed == 0


# --- diagnostics and about -------------------------------------------------------------------------------------------------


def test_diagnostics_hold_counts_and_codes_and_no_word_of_anybody(stage: Stage) -> None:
    note(stage, HOME, words="水管坏了")
    stage.app.session.state = type(stage.app.session.state)(error=Offline("覃秀英 https://x"))
    stage.app.go("diagnostics")
    stage.hand.tap("share")
    assert stage.hand.sees("已存成文件：")
    _, _, data = stage.share.sent[0]
    text = data.decode()
    for line in ("应用版本: ", "农户: 2", "未上传: 2", "上次的错误: offline"):
        assert line in text
    for words in ("覃秀英", "黄华大", "韦一", "水管", HOME):
        assert words not in text
        assert not stage.hand.sees(words)


def test_a_file_that_cannot_be_made_is_said(stage: Stage) -> None:
    stage.app.go("diagnostics")
    (stage.folder / "ruhu-diagnostics.txt").mkdir()
    stage.hand.tap("share")
    assert stage.hand.sees("没有存成文件：")


def test_about_says_what_is_kept_who_sees_it_and_what_is_not_done(stage: Stage) -> None:
    stage.app.go("about")
    for words in ("加密保存", "乡镇办公室", "不排名", "MIT", "OFL"):
        assert stage.hand.sees(words)


# --- feedback --------------------------------------------------------------------------------------------------------------


def test_a_complaint_is_written_read_by_the_desk_and_answered(stage: Stage) -> None:
    stage.app.go("me")
    stage.hand.tap("feedback")
    assert stage.hand.sees("不是匿名的")
    stage.hand.tap("sort", "重复填表")
    stage.hand.type("text", "户表和走访表要填两次电话")
    stage.hand.tap("save")
    record = stage.notebook.records("feedback")[0].record
    assert (record.village, record.household) == (VILLAGE, None)
    assert (record.values["sort"], record.values["said_by"]) == ("entered_twice", "韦一")
    assert record.values["said_at"].startswith("2018-09-04")
    stage.sync()
    stage.phone.township.written_by_others("feedback", record.id, {"reply": "已改，只填一次"})
    stage.sync()
    stage.hand.tap("feedback")
    assert stage.hand.sees("户表和走访表要填两次电话")
    assert stage.hand.sees("答复：已改，只填一次")


def test_the_township_answers_so_no_reply_is_asked_of_a_cadre(stage: Stage) -> None:
    stage.app.go("feedback")
    with pytest.raises(LookupError):
        stage.hand.block("reply")


def test_half_a_complaint_is_there_after_a_kill_and_when_it_is_opened_again(stage: Stage) -> None:
    stage.app.go("feedback")
    stage.hand.type("text", "字太小")
    before = stage.hand.words()
    hand = stage.again()
    assert stage.app.page.name == "feedback"
    assert hand.words() == before
    hand.back()
    assert hand.sees("草稿已保留")
    stage.app.go("feedback")
    assert hand.sees("字太小")


def test_who_holds_only_a_household_files_it_there(stage: Stage) -> None:
    store = stage.phone.store
    store.together(lambda: store.set_grants({f"household:{HOME}": None}, [f"household:{HOME}"]))
    stage.app.go("feedback")
    stage.hand.type("text", "字太小")
    stage.hand.tap("save")
    record = stage.notebook.records("feedback")[0].record
    assert (record.village, record.household) == (VILLAGE, HOME)


# --- the other language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PAGES, "rebound", "photo_block"])
def test_every_word_of_a_page_is_said_in_both_languages(name: str) -> None:
    module = importlib.import_module(f"mobile.pages.{name}")
    for key, label in getattr(module, "PAGE", module).SAYS.items():
        assert label.zh, key
        assert label.en, key
        assert set(CJK.findall(label.en)) <= IN_BOTH, key
        assert re.findall(r"{\w+", label.zh) == [] or set(re.findall(r"{\w+", label.zh)) == set(
            re.findall(r"{\w+", label.en)
        )


def test_in_english_no_chinese_is_left_but_what_people_wrote(stage: Stage) -> None:
    """Every page of this half, as it looks with something on it."""
    refused(stage)
    disagree(stage)
    checked_before(stage, days=3)
    failed = checked_before(stage, OTHER, days=3, e1_house=0, e2_yard=0)
    first, second = note(stage, HOME), note(stage, OTHER)
    assign(stage, first, due="2018-09-11")
    by_others(stage, second, "satisfied", answer="no")
    stage.notebook.write(
        "feedback", None, {"sort": "praise", "text": "好用", "said_at": "2018-09-10T09:00:00+08:00"}, village=VILLAGE
    )
    stage.notebook.answer("household", HOME, {"categories": ["registered_poor"], "remark": "好用"})
    photo = photographed(stage, first)
    stage.app.set_setting("language", "en")
    stage.hand.screen.toasts.clear()
    visits: list[tuple[str, dict[str, str]]] = [
        ("problems", {}),
        ("problem", {"id": first}),
        ("problem", {"id": second}),
        *(
            ("step", {"problem": first, "step": step})
            for step in ("assigned", "fixed", "satisfied", "escalated", "duplicate")
        ),
        ("new_problem", {"id": stage.app.doors.new_id(), "village": VILLAGE, "household": HOME, "category": "water"}),
        ("drafts", {}),
        ("place", {"then": "new_problem"}),
        ("cleanups", {}),
        ("cleanup", {"like": failed}),
        ("conflicts", {}),
        ("conflict", {"id": ROW}),
        ("photo", {"kind": "problem", "id": first, "field": "photos", "photo": photo.name, "household": HOME}),
        ("mend", {}),
        ("mend_one", {"number": str(stage.notebook.mends()[0].number)}),
        *((name, {}) for name in ("me", "waiting", "pin", "diagnostics", "about", "feedback")),
    ]
    assert {name for name, _ in visits} == set(PAGES)
    written = people_wrote(stage)
    for name, where in visits:
        stage.app.go(name, **where)
        if name == "problem":
            stage.hand.tap("not_now")
        if name == "cleanup":
            stage.hand.tap("as_before")
        left = "".join(piece for piece in re.split("|".join(written), stage.hand.words()))
        assert set(CJK.findall(left)) <= IN_BOTH, name
        stage.app.redraw()


def photographed(stage: Stage, problem: str) -> Photo:
    """Two photos of a problem, one of them refused; the other one."""
    stage.app.go("problem", id=problem)
    for _ in range(2):
        stage.app.device.camera.answers.append(True)
        stage.hand.tap("photos", "add")
    refused, waits = stage.app.session.photos.of("problem", problem)
    stage.app.session.photos.refused(refused.id, "照片读不出来。 / The photo cannot be read.")
    return waits


def people_wrote(stage: Stage) -> list[str]:
    """Every word of anybody in any record, the longest first, and the names of person and township."""
    words = {"韦一", "海渊镇", "镇办 陆", "那桃村委会"}
    for kind in stage.app.session.kinds:
        for shown in stage.notebook.records(kind):
            words |= {text for text in shown.record.values.values() if isinstance(text, str) and CJK.search(text)}
    for mend in stage.notebook.mends():
        words |= {text for text in mend.set.values() if isinstance(text, str) and CJK.search(text)}
    return sorted(map(re.escape, words), key=len, reverse=True)
