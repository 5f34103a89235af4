"""Every page of the app, drawn from a phone with data on it, in both languages: the same demands as on the gallery's pages.

The tests themselves are those of `test_look`; here they meet what the pages really say. A page that is missing from the list fails.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile.pages.blocks import View
from tests.mobile.township import VILLAGE, Township, Watch
from tests.mobile.township import Phone as Pocket
from tests.pages.conftest import HOME, OTHER
from tests.pages.conftest import Stage as App
from tests.scenes import photograph
from tests.ui.driver import Phone, Stage
from tests.ui.test_look import (  # noqa: F401 - these are the tests
    test_every_letter_has_a_glyph,
    test_no_words_reach_out_of_their_piece_or_over_one_another,
    test_whatever_can_be_touched_has_a_name_or_words_and_no_two_the_same,
    test_whatever_can_be_touched_is_as_large_as_a_fingertip,
    test_whatever_can_be_touched_lies_within_the_window_from_side_to_side,
    test_whatever_stands_in_a_piece_lies_within_it,
)

from shared.moments import DAY_MS  # isort: skip

PAGES = Path(__file__).parents[2] / "mobile" / "pages"
NEVER = "0190a6d0-0000-7000-8000-0000000000ff"
LONG = "阿卜杜热合曼·买买提依明·吐尔逊江"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A phone in mid-campaign: visits, a running one, a link, checks that slipped back, a problem, a refusal, a disagreement."""
    folder = tmp_path_factory.mktemp("phone")
    watch = Watch()
    township = Township(now=lambda: watch.ms)
    pocket = Pocket(township, folder / "phone", watch).enrol()
    family = {
        "head_name": LONG,
        "household_no": "001",
        "hamlet": "那桃屯",
        "categories": ["registered_poor", "disabled"],
    }
    pocket.write("household", HOME, **family, phone="13800000001", remark="路口第二家，门前有一棵大榕树")
    pocket.write("household", OTHER, head_name="黄华大", household_no="002", hamlet="弄怀屯", categories=["general"])
    campaign = {"name": "大走访", "starts_on": "2018-08-01", "state": "running", "must_visit": ["registered_poor"]}
    pocket.write("campaign", None, village=VILLAGE, **campaign)
    pocket.syncing.once()
    watch.ms += DAY_MS
    app = App(pocket, folder)
    notebook = app.notebook
    notebook.write("party_link", None, {"party_member": "韦一", "from_date": "2018-01-01"}, household=HOME)
    notebook.write("member", None, {"name": LONG, "sex": "male", "relation": "head"}, household=HOME)
    found = {"source": "visit", "category": "house", "description": "屋顶漏雨", "found_at": "2018-09-01T08:00:00+08:00"}
    problem = notebook.write("problem", None, found, household=HOME)
    notebook.write("problem_step", None, {"problem": problem.id, "step": "accepted"}, household=HOME)
    township.refuse = lambda change: (
        {
            "code": "forbidden",
            "fields": {"step": ["由乡镇或县办理 / for the township or county"]},
            "message": "不能 / No",
        }
        if change["kind"] == "problem_step"
        else None
    )
    for points in (20, 5):
        scores = {"e1_house": points, "e2_yard": points, "e3_weeds": 15, "e4_rubbish": points, "e5_kitchen": 10}
        at = f"2018-09-0{1 if points == 20 else 3}T08:00:00+08:00"
        check = {"target": "household", "checked_at": at, "checker": "韦一", **scores, "e6_toilet": 10, "e7_animals": 5}
        notebook.write("cleanup_check", None, check, household=HOME)
    app.sync()
    row = {"about": "household", "record": HOME, "field": "phone", "losing": "13900000002", "losing_by": "农队员"}
    township.written_by_others(
        "conflict", NEVER, {**row, "standing_by": "韦一", "status": "open", "losing_stamp": None}
    )
    app.sync()
    visit = notebook.start_visit(HOME)
    app.app.go("visit", id=visit.id)
    for number in (1, 2):
        app.app.device.camera.answers.append(photograph("roof", number))
        app.hand.tap("photos", "add")
    first, _ = app.app.session.photos.of("visit", visit.id)
    app.app.session.photos.refused(first.id, "照片内容不安全，没有收下。 / The picture is not safe; it was not taken.")
    notebook.write("household", OTHER, {"remark": "还没有上传"})
    app.app.session.heard_of_sync()
    yield app
    app.app.stopped()


def views(app: App) -> dict[str, View]:
    """Every page by name, opened as a person would find it."""
    pages, session = app.app, app.app.session
    problem = session.problems()[0].entry.id
    (mend,) = session.notebook.mends()
    new = app.app.doors.new_id
    photo = session.photos.all()[-1]
    taken = {"kind": photo.kind, "id": photo.record, "field": photo.field, "photo": photo.name}
    wheres: dict[str, dict[str, str]] = {
        "household": {"id": HOME},
        "visit": {"id": session.open_visits()[0].id},
        "record": {"kind": "household", "id": HOME, "household": HOME},
        "contact": {"link": session.links()[0].id, "id": new()},
        "cleanup": {"household": HOME, "id": new()},
        "problem": {"id": problem},
        "step": {"problem": problem, "step": "fixed"},
        "new_problem": {"id": new(), "village": VILLAGE, "household": HOME, "source": "visit"},
        "conflict": {"id": NEVER},
        "mend_one": {"number": str(mend.number)},
        "photo": {**taken, "household": HOME},
        "place": {"then": "new_problem"},
        "feedback": {"id": new(), "village": VILLAGE},
    }
    found = {}
    for name in NAMES:
        page = pages._make(name, dict(wheres.get(name, {})))
        page.entered()
        found[name] = page.view()
    return found


NAMES = sorted(
    path.stem for path in PAGES.glob("*.py") if "\nPAGE = " in path.read_text(encoding="utf-8")
)  # every module that is a page


@pytest.fixture(params=[(name, language) for name in NAMES for language in ("zh", "en")], ids="-".join)
def page(request: pytest.FixtureRequest, stage: Stage, app: App) -> Phone:
    name, language = request.param
    app.app.settings["language"] = language
    key = f"{name} {language}"
    if key not in _VIEWS:
        _VIEWS.update({f"{one} {language}": view for one, view in views(app).items()})
    stage.show_view(_VIEWS[key], key)
    return stage.phone


_VIEWS: dict[str, View] = {}
