"""Photos on the pages: taken in one touch, told how far they are, taken off with a way back; and never asked for.

No Kivy and no network: the camera is the fake device's, what the township has of a photo is said to `session.photos` as the lane says it.
"""

from pathlib import Path
from typing import Any

import pytest

from mobile.disk import StorageFull
from mobile.notebook import NoSuchRecord
from mobile.pages.blocks import Item, LargePhoto, LongList, Photos
from mobile.pages.photo import size_of
from mobile.pages.photo_block import unsent
from mobile.photo_courier import NoUpload
from mobile.photos import Photo
from mobile.sending import Lane
from mobile.store import Store
from shared.kinds import KINDS
from shared.photos import name_of, photo_fields
from shared.record import Key
from shared.sync.phone import PhoneError, ServerFailed, ServerFull
from tests.mobile.township import VILLAGE
from tests.pages.conftest import HOME, Stage
from tests.pages.test_ledger import note
from tests.scenes import photograph

WHY = "照片内容不安全，没有收下。 / The picture is not safe; it was not taken."


def block(stage: Stage, name: str = "photos") -> Photos:
    found = stage.hand.block(name)
    assert isinstance(found, Photos)
    return found


def shoot(stage: Stage, name: str = "photos", scene: str = "yard", number: int = 1) -> None:
    """Take one more photo."""
    stage.app.device.camera.answers.append(photograph(scene, number))
    stage.hand.tap(name, "add")


def visit(stage: Stage) -> str:
    """A visit that goes on."""
    stage.app.go("household", id=HOME)
    stage.hand.tap("start")
    return stage.app.page.where["id"]


def check(stage: Stage) -> str:
    """A clean-up check of a household's yard, open and untouched."""
    stage.app.go("household", id=HOME)
    stage.hand.tap("cleanup")
    return stage.app.page.where["id"]


def photos(stage: Stage, kind: str, id_: str) -> list[Photo]:
    return stage.app.session.photos.of(kind, id_)


def arrive(stage: Stage, photo: Photo) -> None:
    stage.app.session.photos.arrived(photo.id)


def texts(stage: Stage) -> str:
    return stage.hand.words()


# --- taking one ----------------------------------------------------------------------------------------------------


def test_a_photo_stands_in_the_visit_after_one_touch_and_is_saved_with_it(stage: Stage) -> None:
    id_ = visit(stage)
    assert block(stage).pictures == ()
    shoot(stage)
    (picture,) = block(stage).pictures
    (photo,) = photos(stage, "visit", id_)
    assert picture.name == photo.name
    assert picture.state == "没上传"
    data = picture.load()
    assert data is not None
    assert name_of(data) == picture.name
    stage.pass_minutes(31)
    stage.hand.tap("all_ok")
    stage.hand.tap("finish")
    assert stage.last("visit")["photos"] == [picture.name]


def test_a_first_photo_keeps_what_the_check_knew_from_the_start(stage: Stage) -> None:
    id_ = check(stage)
    assert stage.notebook.draft("cleanup_check", id_) is None
    shoot(stage, "photos_before")
    draft = stage.notebook.draft("cleanup_check", id_)
    assert draft.values["target"] == "household"
    assert draft.values["checker"] == "韦一"
    assert len(draft.values["photos_before"]) == 1


def test_what_the_check_knew_is_on_the_disk_before_the_camera_opens(stage: Stage) -> None:
    id_ = check(stage)
    stage.hand.tap("photos", "add")  # nobody has answered yet
    assert stage.notebook.draft("cleanup_check", id_).values["target"] == "household"
    assert [photo.state for photo in photos(stage, "cleanup_check", id_)] == ["taking"]


@pytest.mark.parametrize("answer", [None, StorageFull()], ids=["changed her mind", "full disk"])
def test_a_camera_that_gives_nothing_leaves_no_draft_behind(stage: Stage, answer: Any) -> None:
    id_ = check(stage)
    stage.app.device.camera.answers.append(answer)
    stage.hand.tap("photos", "add")
    assert stage.notebook.draft("cleanup_check", id_) is None
    assert photos(stage, "cleanup_check", id_) == []
    assert block(stage).pictures == ()
    assert bool(stage.hand.screen.toasts) == (answer is not None)


def test_a_camera_that_gives_nothing_takes_no_answer_with_it(stage: Stage) -> None:
    id_ = check(stage)
    stage.hand.tap("photos", "add")
    stage.hand.tap("e1_house", "full")  # while the camera app is slow to come
    stage.app.device.camera.answer(None)
    assert stage.notebook.draft("cleanup_check", id_).values["e1_house"] == stage.hand.block("e1_house").value


def test_a_check_has_its_photos_before_and_after_in_two_places(stage: Stage) -> None:
    check(stage)
    shoot(stage, "photos_before", "yard")
    shoot(stage, "photos", "yard_clean")
    assert [one.name for one in stage.hand.view.blocks if isinstance(one, Photos)] == ["photos_before", "photos"]
    stage.hand.tap("save")
    saved = stage.last("cleanup_check")
    assert len(saved["photos_before"]) == len(saved["photos"]) == 1
    assert saved["photos_before"] != saved["photos"]


def test_three_are_the_most_of_a_record_and_then_the_camera_is_not_offered(stage: Stage) -> None:
    check(stage)
    shoot(stage, "photos_before", "yard", 1)
    shoot(stage, "photos_before", "yard", 2)
    assert block(stage, "photos").add == "拍照"
    shoot(stage, "photos", "yard_clean")
    assert block(stage, "photos_before").add == block(stage, "photos").add == ""


def test_where_there_is_no_camera_there_is_no_way_to_it(stage: Stage) -> None:
    stage.app.device.camera.available = False
    visit(stage)
    assert block(stage).add == ""
    note(stage)
    assert not [one for one in stage.hand.view.blocks if isinstance(one, Photos)]


@pytest.mark.parametrize(
    ("page", "where"),
    [
        ("new_problem", {"village": VILLAGE, "household": HOME, "source": "visit"}),
        ("record", {"kind": "contact_visit", "village": VILLAGE, "household": HOME}),
        ("record", {"kind": "cleanup_check", "village": VILLAGE, "household": HOME}),
    ],
)
def test_every_form_that_takes_photos_takes_one_and_says_that_none_is_needed(
    stage: Stage, page: str, where: dict[str, str]
) -> None:
    opened = stage.app.go(page, id=stage.app.doors.new_id(), **where)
    kind = where.get("kind", "problem")
    for field in photo_fields(KINDS[kind]):
        assert "可不拍" in block(stage, field).label
        shoot(stage, field)
        assert len(block(stage, field).pictures) == 1
    stage.app.set_setting("language", "en")
    stage.app.redraw()
    assert "optional" in block(stage).label
    assert stage.notebook.draft(kind, opened.where["id"]) is not None


def test_a_visit_without_photos_is_never_asked_about_them(stage: Stage) -> None:
    visit(stage)
    stage.pass_minutes(31)
    stage.hand.tap("all_ok")
    stage.hand.tap("finish")
    assert stage.hand.screen.question is None
    assert "照片" not in stage.hand.screen.toasts[-1][0]
    assert stage.last("visit").get("photos") is None


# --- the app is not there when the camera comes back -----------------------------------------------------------------


def test_a_photo_that_comes_after_the_app_was_locked_is_taken_over_at_unlocking_and_said(stage: Stage) -> None:
    id_ = visit(stage)
    stage.hand.tap("photos", "add")
    camera = stage.app.device.camera
    stage.app.paused()
    stage.mono += 400
    stage.app.resumed()
    assert not stage.app.unlocked
    camera.answer(photograph("yard"))
    assert stage.hand.screen.toasts == []  # nothing of anybody's is said on the locked page
    assert stage.app.page.name == "welcome"
    stage.again()
    assert stage.hand.sees("上次拍了没来得及收的 1 张照片，已放回原来的记录里。")
    assert stage.app.page.where["id"] == id_
    (picture,) = block(stage).pictures
    assert picture.load() is not None


def test_an_answer_of_an_older_session_touches_nothing_of_the_next(stage: Stage) -> None:
    id_ = visit(stage)
    stage.hand.tap("photos", "add")
    app, camera = stage.app, stage.app.device.camera
    app.lock()
    stage.phone.store = Store(stage.phone.store.folder, ballast_bytes=0)
    app.opened(stage.phone.store)  # the same app, unlocked again before the camera answers
    assert app.unlocked
    toasts = len(stage.hand.screen.toasts)
    camera.answer(photograph("yard"))
    assert block(stage).pictures == ()
    assert len(stage.hand.screen.toasts) == toasts
    assert [photo for photo in photos(stage, "visit", id_) if photo.name] == []


def test_nothing_is_said_at_unlocking_when_nothing_was_left(stage: Stage) -> None:
    visit(stage)
    stage.hand.tap("photos", "add")
    stage.again()
    assert not [text for text, _, _ in stage.hand.screen.toasts if "照片" in text]


# --- one photo large -------------------------------------------------------------------------------------------------


def test_a_touch_shows_one_photo_large_and_tells_when_it_was_taken_and_how_far_it_is(stage: Stage) -> None:
    visit(stage)
    shoot(stage)
    stage.hand.tap("photos", "0")
    (large,) = [one for one in stage.hand.view.blocks if isinstance(one, LargePhoto)]
    data = large.picture.load()
    assert data is not None
    said = texts(stage)
    assert stage.app.page.moment(stage.phone.watch.ms) in said
    assert size_of(len(data)) in said
    assert "没上传" in said
    stage.hand.back()
    assert stage.app.page.name == "visit"


def test_how_far_it_is_on_its_way_is_told_in_each_state(stage: Stage) -> None:
    id_ = visit(stage)
    shoot(stage)
    (photo,) = photos(stage, "visit", id_)
    stage.app.session.photos.progress(photo.id, "upload-1", photo.bytes * 2 // 5)
    stage.app.redraw()
    assert block(stage).pictures[0].state in ("已传 39%", "已传 40%")
    arrive(stage, photo)
    stage.app.redraw()
    assert block(stage).pictures[0].state == "已上传"
    assert block(stage).note == ""
    stage.app.session.photos.refused(photo.id, WHY)
    stage.app.redraw()
    assert (block(stage).pictures[0].state, block(stage).pictures[0].tone) == ("被退回", "bad")
    stage.hand.tap("photos", "0")
    assert stage.hand.sees("被退回：照片内容不安全，没有收下。")
    assert stage.hand.sees("可以删除这一张，重新拍。")


def test_a_deleted_photo_comes_back_with_one_touch(stage: Stage) -> None:
    visit(stage)
    shoot(stage, number=1)
    shoot(stage, number=2)
    names = [picture.name for picture in block(stage).pictures]
    stage.hand.tap("photos", "0")
    stage.hand.tap("delete")
    assert [picture.name for picture in block(stage).pictures] == names[1:]
    stage.hand.tap("撤销")
    assert {picture.name for picture in block(stage).pictures} == set(names)
    assert all(picture.load() for picture in block(stage).pictures)


def test_a_photo_that_was_sent_can_be_deleted_too(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    arrive(stage, photos(stage, "problem", id_)[0])
    stage.sync()
    stage.hand.tap("photos", "0")
    stage.hand.tap("delete")
    assert stage.last("problem")["photos"] == []
    stage.hand.tap("撤销")
    assert len(stage.last("problem")["photos"]) == 1


def test_the_page_of_a_photo_that_is_gone_is_left_out_after_a_kill(stage: Stage) -> None:
    id_ = visit(stage)
    shoot(stage)
    stage.hand.tap("photos", "0")
    (photo,) = photos(stage, "visit", id_)
    stage.app.session.photos.remove("visit", id_, "photos", photo.name)
    with pytest.raises(NoSuchRecord):  # and no LookupError, which going back to a page swallows and drawing does not
        stage.app.page.view()
    stage.again()
    assert stage.app.page.name == "visit"


def test_a_photo_that_somebody_else_takes_off_while_it_is_open_leads_back_to_its_record(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    stage.sync()
    stage.hand.tap("photos", "0")
    assert stage.app.page.name == "photo"
    stamps = stage.notebook.get("problem", id_).record.stamps
    stage.phone.watch.ms += 60_000
    stage.phone.township.written_by_others("problem", id_, {"photos": []}, {"photos": stamps["photos"]})
    stage.sync()
    assert stage.app.page.name == "problem"
    assert block(stage).pictures == ()
    assert "没有这条记录" in stage.hand.screen.toasts[-1][0]


def test_a_photo_by_somebody_else_is_told_as_not_on_this_phone(stage: Stage) -> None:
    id_ = note(stage)
    stage.sync()
    strange = "ab" * 32
    problem = stage.notebook.get("problem", id_).record
    assert problem.key == Key("problem", id_)
    stage.phone.township.written_by_others("problem", id_, {"photos": [strange]})
    stage.sync()
    stage.app.go("problem", id=id_)
    (picture,) = block(stage).pictures
    assert (picture.name, picture.state, picture.load()) == (strange, "不在手机上", None)
    assert block(stage).note == ""  # what became of it this phone does not know
    stage.hand.tap("photos", "0")
    assert stage.hand.sees("这张照片不在这台手机上")


# --- pages that are no form -------------------------------------------------------------------------------------------


def test_a_photo_added_to_a_problem_is_saved_at_once(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    assert len(stage.last("problem")["photos"]) == 1
    assert stage.notebook.draft("problem", id_) is None


def test_a_photo_added_beside_unsaved_words_about_a_problem_saves_none_of_them(stage: Stage) -> None:
    id_ = note(stage)
    stage.notebook.answer("problem", id_, {"description": "还没想好怎么写"})
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    assert "photos" not in stage.last("problem")
    assert len(stage.notebook.draft("problem", id_).values["photos"]) == 1
    assert len(block(stage).pictures) == 1


def test_how_a_problem_was_fixed_stays_in_reach_beside_its_unsaved_photos(stage: Stage) -> None:
    id_ = note(stage)
    stage.notebook.answer("problem_step", f"{id_}/fixed", {"proof_note": "换了水管"})
    stage.notebook.answer("problem", id_, {"description": "还没想好怎么写"})
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    stage.app.go("drafts")
    assert stage.hand.sees("换了水管")


# --- two of three -----------------------------------------------------------------------------------------------------


def test_the_record_says_two_of_three_until_all_are_there(stage: Stage) -> None:
    check(stage)
    id_ = stage.app.page.where["id"]
    shoot(stage, "photos_before", number=1)
    for number in (1, 2):
        shoot(stage, "photos", "yard_clean", number)
    stage.hand.tap("save")
    taken = photos(stage, "cleanup_check", id_)
    arrive(stage, taken[0])
    arrive(stage, taken[1])
    stage.app.go("household", id=HOME)
    (line,) = [one for one in stage.hand.view.blocks if isinstance(one, Item) and one.name.startswith("cleanup_check/")]
    assert "照片 2/3" in line.lines[0]
    stage.hand.tap(line.name)
    assert "照片 2/3" in stage.hand.view.subtitle
    assert block(stage, "photos_before").note == ""
    assert block(stage, "photos").note == "照片 2/3，有信号时自动上传"
    stage.app.session.photos.refused(taken[0].id, WHY)
    stage.app.redraw()
    assert block(stage, "photos").note == "照片 1/3，1 张被退回，其余有信号时自动上传"
    assert "照片 1/3，1 张被退回" in stage.hand.view.subtitle
    arrive(stage, taken[0])
    stage.app.back()
    arrive(stage, taken[2])
    stage.app.redraw()
    assert "/3" not in "".join(str(one.lines) for one in stage.hand.view.blocks if isinstance(one, Item))


def test_what_waits_lists_photos_behind_the_words_and_those_refused_first_with_why(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof", number=1)
    shoot(stage, scene="roof", number=2)
    first, second = photos(stage, "problem", id_)
    stage.app.session.photos.refused(first.id, WHY)
    stage.app.go("today")
    stage.hand.tap("photos_refused")
    assert stage.app.page.name == "waiting"
    (refused,) = [one for one in stage.hand.view.blocks if isinstance(one, Item)]
    assert refused.lines == ("照片内容不安全，没有收下。", "点开可以删除，重新拍一张。")
    rows = [row for one in stage.hand.view.blocks if isinstance(one, LongList) for row in one.rows]
    assert rows[-1].name == f"photo/{second.id}"
    assert "没上传" in rows[-1].lines[0]
    stage.hand.tap(rows[-1].name)
    assert stage.app.page.name == "photo"
    assert stage.app.page.where["photo"] == second.name


def test_a_deleted_photo_waits_no_longer(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    stage.app.go("waiting")
    assert stage.hand.sees("照片 · ")
    (photo,) = photos(stage, "problem", id_)
    stage.hand.tap(f"photo/{photo.id}")
    stage.hand.tap("delete")
    assert stage.app.page.name == "waiting"
    assert not stage.hand.sees("照片 · ")


def refused_visit(stage: Stage) -> tuple[str, Photo]:
    """A visit with a photo that the township did not take: its words are refused."""
    id_ = visit(stage)
    shoot(stage)
    stage.pass_minutes(31)
    stage.hand.tap("all_ok")
    stage.hand.tap("finish")
    township = stage.phone.township
    township.refuse = lambda change: {"code": "invalid", "fields": {}, "message": ""}
    stage.sync()
    township.refuse = lambda change: None
    return id_, photos(stage, "visit", id_)[0]


def test_a_photo_of_refused_words_can_be_seen_deleted_and_put_back_from_what_waits(stage: Stage) -> None:
    id_, photo = refused_visit(stage)
    assert stage.notebook.shown_or_none("visit", id_) is None
    stage.app.go("waiting")
    assert stage.hand.sees("照片 · 走访 · 覃秀英"), stage.hand.words()
    stage.hand.tap(f"photo/{photo.id}")
    assert stage.app.page.name == "photo"
    (large,) = [one for one in stage.hand.view.blocks if isinstance(one, LargePhoto)]
    assert large.picture.load() is not None
    stage.hand.tap("delete")
    assert stage.app.page.name == "waiting"
    assert not stage.hand.sees("照片 · ")
    assert stage.notebook.draft("visit", id_) is None
    assert [mend.set["photos"] for mend in stage.notebook.mends() if "photos" in mend.set] == [[]]
    stage.hand.tap("撤销")
    assert stage.hand.sees("照片 · 走访 · 覃秀英"), stage.hand.words()
    assert [mend.set["photos"] for mend in stage.notebook.mends() if "photos" in mend.set] == [[photo.name]]
    assert len(stage.notebook.mends()) == 2  # its beginning, and its end with the photo


def handed_over(stage: Stage, kind: str, id_: str) -> None:
    """The record leaves this phone with the next sync."""
    stage.sync()
    stage.phone.township.left = {Key(kind, id_)}
    stage.phone.watch.ms += 60_000
    stage.phone.township.written_by_others(kind, id_, {})
    stage.sync()
    assert stage.notebook.shown_or_none(kind, id_) is None


def test_a_photo_whose_record_was_handed_over_still_waits_under_its_household(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    handed_over(stage, "problem", id_)
    (photo,) = photos(stage, "problem", id_)
    stage.app.go("me")
    assert stage.hand.sees("1 张照片未上传")
    assert stage.hand.sees(f"1 张没上传，共 {size_of(photo.bytes)}")
    stage.hand.tap("waiting")
    assert stage.hand.sees("照片 · 问题 · 覃秀英")
    assert [row.name for one in stage.hand.view.blocks if isinstance(one, LongList) for row in one.rows] == [
        f"photo/{photo.id}"
    ]
    stage.hand.tap(f"photo/{photo.id}")
    assert stage.app.page.name == "photo"
    with pytest.raises(LookupError):  # its record is not here to be written
        stage.hand.block("delete")
    stage.hand.back()
    arrive(stage, photo)
    stage.app.redraw()
    assert not stage.hand.sees("照片 · ")


def test_photos_that_were_only_refused_are_never_told_as_on_their_way(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof", number=1)
    shoot(stage, scene="roof", number=2)
    first, second = photos(stage, "problem", id_)
    arrive(stage, first)
    stage.app.session.photos.refused(second.id, WHY)
    stage.app.redraw()
    assert block(stage).note == "照片 1/2，1 张被退回"
    assert "照片 1/2，1 张被退回" in stage.hand.view.subtitle
    assert not stage.hand.sees("自动上传")


@pytest.mark.parametrize("page", ["me", "waiting"])
@pytest.mark.parametrize(
    ("error", "why"),
    [(ServerFull(), "服务器磁盘已满"), (ServerFailed(NoUpload.code), "乡镇的服务器现在收不了照片")],
    ids=["full disk", "older server"],
)
def test_why_photos_cannot_go_on_is_told_in_one_line_while_one_waits(
    stage: Stage, error: PhoneError, why: str, page: str
) -> None:
    id_ = note(stage)
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    stage.app.session.sending.lane = Lane(False, 0, 1, error)
    stage.app.go(page)
    assert stage.hand.sees(f"照片还没传完。{why}")
    stage.sync()
    assert stage.hand.sees(f"照片还没传完，文字已全部上传。{why}")
    arrive(stage, photos(stage, "problem", id_)[0])
    stage.app.redraw()
    assert not stage.hand.sees("照片还没传完")


def test_a_file_that_the_lane_renames_while_the_room_is_counted_stops_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = stage.phone.store.folder / "moving"
    moving.write_bytes(b"1")
    is_file = Path.is_file

    def gone_just_now(path: Path) -> bool:
        found = is_file(path)
        if path == moving:
            path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "is_file", gone_just_now)
    stage.app.go("me")
    assert stage.app.page.name == "me"
    assert not moving.exists()
    assert stage.hand.sees("手机还剩")


def test_a_photo_taken_after_a_draft_was_given_up_stands_beside_the_one_put_back(stage: Stage) -> None:
    id_ = check(stage)
    shoot(stage, number=1)
    stage.hand.tap("e1_house", "full")
    stage.hand.tap("give_up")
    assert block(stage).pictures == ()
    shoot(stage, number=2)
    stage.hand.tap("撤销")
    taken = [photo.name for photo in photos(stage, "cleanup_check", id_)]
    assert [picture.name for picture in block(stage).pictures] == taken
    assert len(taken) == 2


def test_what_waits_is_told_anew_after_each_photo_taken_arrived_refused_deleted_and_put_back(stage: Stage) -> None:
    id_ = check(stage)
    seen: list[tuple[int, int]] = []

    def look() -> None:
        seen.append((len(unsent(stage.app.page)), len(unsent(stage.app.page, "refused"))))

    look()
    for number in (1, 2, 3):
        shoot(stage, number=number)
        look()
    first, second, _ = photos(stage, "cleanup_check", id_)
    arrive(stage, first)
    look()
    stage.app.session.photos.refused(second.id, WHY)
    look()
    stage.hand.tap("photos", "2")
    stage.hand.tap("delete")
    look()
    stage.hand.tap("撤销")
    look()
    assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (2, 0), (1, 1), (0, 1), (1, 1)]


def test_my_page_tells_how_many_photos_wait_and_how_much_that_is(stage: Stage) -> None:
    id_ = note(stage)
    stage.app.go("me")
    assert not stage.hand.sees("张没上传")
    stage.app.go("problem", id=id_)
    shoot(stage, scene="roof")
    (photo,) = photos(stage, "problem", id_)
    stage.app.go("me")
    assert stage.hand.sees(f"1 张没上传，共 {size_of(photo.bytes)}")
    assert stage.hand.sees("1 张照片未上传")
    arrive(stage, photo)
    stage.app.redraw()
    assert not stage.hand.sees("张没上传")


def test_photos_are_counted_in_words_and_never_named_to_a_person(stage: Stage) -> None:
    check(stage)
    shoot(stage, "photos_before")
    stage.app.go("drafts")
    assert stage.hand.sees("1 张照片")
    name = stage.notebook.draft(*next(iter(stage.notebook.store.drafts()))).values["photos_before"][0]
    assert name not in stage.hand.words()
