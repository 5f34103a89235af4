"""The roster import: a township's workbook written through the gate, again and again, beside cadres who correct it."""

import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask

import server.imports
from server import access
from server.app import create_app
from server.audit import read as read_trail
from server.cli import main
from server.config import Config
from server.imports import apply
from server.imports.apply import Imported, RosterImportError, apply_roster, import_roster
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, read_areas
from server.imports.roster import read_roster
from server.imports.row_report import report_of
from server.service import now_ms
from server.store import Database
from server.upkeep.upgrade import upgrade
from shared.grants import Grant
from shared.record import Key, Record
from shared.sync.gate import Gate, Writer, desk_device

SAMPLE = Path(server.imports.__file__).parent / "data" / "roster_haiyuan.xlsx"
TOWNSHIP, TONGGU, ZHENGJIE = "451422103", "451422103215", "451422103001"
HEAD = (
    "行政村", "自然屯", "户编号", "户类别", "户主姓名", "姓名", "与户主关系", "性别", "身份证号", "出生年月", "健康状况",
    "联系电话", "备注",
)  # fmt: skip
MAN, WOMAN, BOY = "451499197011204915", "451499196206132849", "45149920030823209X"
NOTHING_NEW = {"created": 0, "updated": 0}


def person(name: str = "韦大山", relation: str = "户主", **cells: object) -> tuple[object, ...]:
    """A row in HEAD's order: a head's row opens household 0001 of 桐骨村, every other row has blank household cells."""
    first = {"行政村": "桐骨村", "户编号": "0001", "户主姓名": name, "户类别": "低保户"} if relation == "户主" else {}
    usual: dict[str, object] = {**first, "姓名": name, "与户主关系": relation, **cells}
    return tuple(usual.get(heading) for heading in HEAD)


FAMILY = (
    person(身份证号=MAN, 联系电话="13812341234", 健康状况="健康"),
    person("陆小花", "妻", 身份证号=WOMAN),
    person("韦小山", "子", 出生年月="2003.08"),
)


# ------------------------------------------------------------------------------------------------- a township's office


@dataclass
class Office:
    """A server with Ningming's areas, a desk that imports workbooks, and a cadre of 桐骨村 with a phone."""

    app: Flask
    folder: Path

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["ruhu"].database
        return database

    def read(self, *rows: Sequence[object], head: Sequence[object] = HEAD, dry_run: bool = False) -> Imported:
        book = openpyxl.Workbook()
        sheet: Any = book.active
        for row in (head, *rows):
            sheet.append(list(row))
        book.save(self.folder / "roster.xlsx")
        return self.read_file(self.folder / "roster.xlsx", dry_run=dry_run)

    def read_file(self, path: Path, **options: Any) -> Imported:
        return import_roster(self.database, TOWNSHIP, path, person="clerk-1", by="黄文书", **options)

    def head(self) -> int:
        with self.database.read(TOWNSHIP) as store:
            return store.head()

    def all(self, kind: str) -> list[Record]:
        with self.database.read(TOWNSHIP) as store:
            return store.fill(f"township:{TOWNSHIP}", kind, "", 10_000)

    def only(self, kind: str) -> Record:
        records = self.all(kind)
        assert len(records) == 1
        return records[0]

    def member(self, name: str) -> Record:
        found = [record for record in self.all("member") if record.values["name"] == name]
        assert len(found) == 1
        return found[0]

    def writes(self, kind: str, id_: str, **values: Any) -> None:
        """The cadre opens the record on his phone, changes it, and syncs."""
        with self.database.read(TOWNSHIP) as store:
            record = store.load([Key(kind, id_)]).get(Key(kind, id_))
        stamps = record.stamps if record else {}
        phone = self._enrol()
        change = {
            "number": 1,
            "kind": kind,
            "id": id_,
            "village": TONGGU,
            "household": None,
            "stamp": f"{now_ms():012x}-0000-{phone['device']}",
            "set": values,
            "base": {n: stamps[n] for n in (stamps if values.get("removed") else values) if n in stamps},
        }
        body = {"protocol": 1, "app": "0.1.0", "now": "2018-09-03T10:15:00+08:00", "cursors": {}, "changes": [change]}
        reply = self.app.test_client().post(
            "/api/v1/sync", json=body, headers={"Authorization": f"Bearer {phone['token']}"}
        )
        assert reply.status_code == 200
        assert reply.json["refused"] == []

    def _enrol(self) -> dict[str, str]:
        with self.database.read(TOWNSHIP) as store:
            known = store.sql("SELECT 1 FROM user_account WHERE name = '韦干部'")
        if not known:
            access.add_user(self.database, "韦干部", ["cadre"], [f"village:{TONGGU}"], now_ms())
        code = access.make_code(self.database, "韦干部", None, now_ms())
        device = {"name": "x", "platform": "android", "app": "0.1.0"}
        reply = self.app.test_client().post("/api/v1/enrol", json={"code": code, "device": device})
        assert reply.status_code == 201
        enrolled: dict[str, str] = reply.json
        return enrolled

    def moves(self, household: str, village: str) -> None:
        desk = Writer(desk_device(TOWNSHIP), "p", "b", frozenset({"desk"}), (Grant("township", TOWNSHIP),))

        def work(store: Any) -> None:
            gate = Gate(self.database.kinds, store, now_ms)
            gate.move(desk, household, village)
            gate.close()

        self.database.write(TOWNSHIP, work)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with an upgraded database and the areas, to be copied: migrating takes longer than a test."""
    folder = tmp_path_factory.mktemp("upgraded")
    app = create_app(Config.at(folder))
    upgrade(app)
    database: Database = app.extensions["ruhu"].database
    import_areas(database, read_areas(NINGMING))
    database.engine.dispose()
    return folder


@pytest.fixture
def office(upgraded: Path, tmp_path: Path) -> Office:
    shutil.copytree(upgraded, tmp_path / "instance")
    return Office(create_app(Config.at(tmp_path / "instance")), tmp_path)


# ------------------------------------------------------------------------------------------------------ the real roster


@dataclass
class Haiyuan:
    """The township's real workbook imported three times: as a dry run, in earnest, and again."""

    office: Office
    rehearsal: Imported
    after_rehearsal: tuple[int, int]  # log position, counter rows
    first: Imported
    told: list[tuple[str, int, int]]
    head: int
    second: Imported


@pytest.fixture(scope="module")
def haiyuan(upgraded: Path, tmp_path_factory: pytest.TempPathFactory) -> Haiyuan:
    folder = tmp_path_factory.mktemp("haiyuan")
    shutil.copytree(upgraded, folder / "instance")
    office = Office(create_app(Config.at(folder / "instance")), folder)
    rehearsal = office.read_file(SAMPLE, dry_run=True)
    with office.database.read(TOWNSHIP) as store:
        ((counters,),) = store.sql("SELECT count(*) FROM township_counter")
    after = (office.head(), counters)
    told: list[tuple[str, int, int]] = []
    first = office.read_file(SAMPLE, progress=lambda *step: told.append(step))
    head = office.head()
    return Haiyuan(office, rehearsal, after, first, told, head, office.read_file(SAMPLE))


def test_the_roster_of_haiyuan_is_imported_with_its_figures(haiyuan: Haiyuan) -> None:
    report = haiyuan.first.as_json()
    assert report["households"] == {"created": 1845, "updated": 0, "unchanged": 0}
    assert report["members"] == {"created": 6514, "updated": 0, "unchanged": 0}
    codes = Counter(finding["code"] for finding in report["warnings"])
    assert codes == {"repeated_row": 12, "identity_check_character": 58, "identity_ruined": 30}
    assert report["rejected"] == []
    assert report.keys() == {"households", "members", "warnings", "rejected"}
    assert all(finding.keys() == {"row", "code", "message"} for finding in report["warnings"])
    assert (len(haiyuan.office.all("household")), len(haiyuan.office.all("member"))) == (1845, 6514)


def test_a_second_import_of_the_same_file_changes_nothing_at_all(haiyuan: Haiyuan) -> None:
    report = haiyuan.second.as_json()
    assert report["households"] == {**NOTHING_NEW, "unchanged": 1845}
    assert report["members"] == {**NOTHING_NEW, "unchanged": 6514}
    assert report["warnings"] == haiyuan.first.as_json()["warnings"]
    assert haiyuan.office.head() == haiyuan.head == 1845 + 6514
    assert haiyuan.office.all("conflict") == []


def test_a_dry_run_reports_the_same_and_writes_nothing(haiyuan: Haiyuan) -> None:
    assert haiyuan.rehearsal == haiyuan.first
    assert haiyuan.after_rehearsal == (0, 0)
    assert haiyuan.office.read_file(SAMPLE, dry_run=True) == haiyuan.second


def test_an_import_says_how_far_it_is(haiyuan: Haiyuan) -> None:
    read, written = ([step[1:] for step in haiyuan.told if step[0] == stage] for stage in ("read", "write"))
    assert read[-1][0] == read[-1][1]
    assert written[0] == (200, 1845)
    assert written[-1] == (1845, 1845)


def test_a_household_of_haiyuan_stands_as_the_workbook_has_it(haiyuan: Haiyuan) -> None:
    (home,) = [
        record
        for record in haiyuan.office.all("household")
        if record.village == ZHENGJIE and record.values["household_no"] == "0010004"
    ]
    assert (home.values["categories"], home.values["phone"]) == (["general"], "18385764956")
    members = [record for record in haiyuan.office.all("member") if record.household == home.id]
    assert Counter(record.values["relation"] for record in members)["head"] == 1
    assert home.values["head_member"] in {record.id for record in members if record.values["relation"] == "head"}
    assert {record.village for record in members} == {ZHENGJIE}
    assert any(record.values.get("health") == ["chronic"] for record in members)


def test_nobody_of_haiyuan_has_a_number_that_was_ruined_or_wrong(haiyuan: Haiyuan) -> None:
    assert sum("identity" not in record.values for record in haiyuan.office.all("member")) == 88


def test_the_log_names_the_person_and_the_door(haiyuan: Haiyuan) -> None:
    with haiyuan.office.database.read(TOWNSHIP) as store:
        found = store.sql("SELECT DISTINCT device, person, written_by, via FROM changes WHERE township = ?", TOWNSHIP)
    assert [tuple(row) for row in found] == [(f"desk-{TOWNSHIP}", "clerk-1", "黄文书", "import")]


# ------------------------------------------------------------------------------------------- cadres correct, clerks too


def test_a_cadres_correction_survives_another_import_of_the_same_file(office: Office) -> None:
    office.read(*FAMILY)
    home = office.only("household")
    office.writes("household", home.id, phone="13900000000", categories=["key"])
    office.writes("member", office.member("陆小花").id, name="陆晓花")
    head = office.head()
    assert office.read(*FAMILY).as_json()["households"] == {**NOTHING_NEW, "unchanged": 1}
    assert office.head() == head
    values = office.only("household").values
    assert (values["phone"], values["categories"]) == ("13900000000", ["key"])
    assert office.member("陆晓花")
    assert office.all("conflict") == []


def test_a_workbook_changed_against_a_cadres_correction_is_a_conflict_that_holds_both(office: Office) -> None:
    office.read(*FAMILY)
    office.writes("household", office.only("household").id, categories=["key"])
    changed = (person(身份证号=MAN, 联系电话="13812341234", 健康状况="健康", 户类别="一般户"), *FAMILY[1:])
    assert office.read(*changed).as_json()["households"] == {"created": 0, "updated": 1, "unchanged": 0}
    conflict = office.only("conflict").values
    assert (conflict["field"], conflict["status"]) == ("categories", "open")
    assert (conflict["losing"], conflict["standing"]) == (["key"], ["general"])
    assert (conflict["losing_by"], conflict["standing_by"]) == ("韦干部", "黄文书")
    head = office.head()
    office.read(*changed)
    assert office.head() == head


def test_a_workbook_changed_where_nobody_wrote_is_taken_over_without_conflict(office: Office) -> None:
    office.read(*FAMILY)
    report = office.read(FAMILY[0], person("陆小花", "妻", 身份证号=WOMAN, 备注="外出"), FAMILY[2])
    assert report.as_json()["members"] == {"created": 0, "updated": 1, "unchanged": 2}
    assert office.member("陆小花").values["remark"] == "外出"
    assert office.all("conflict") == []


def test_after_a_correction_the_workbook_takes_over_a_later_change_is_no_conflict(office: Office) -> None:
    office.read(person(联系电话="13812341234"))
    office.writes("household", office.only("household").id, phone="13900000000")
    office.read(person(联系电话="13900000000"))
    office.read(person(联系电话="13700000000"))
    assert office.only("household").values["phone"] == "13700000000"
    assert office.all("conflict") == []


def test_an_empty_cell_clears_nothing(office: Office) -> None:
    office.read(*FAMILY)
    head = office.head()
    office.read(person(户类别=None), person("陆小花", "妻"), person("韦小山", "子"))
    assert office.head() == head


def test_health_is_joined_word_by_word_and_a_clerk_removes_only_his_own(office: Office) -> None:
    office.read(person(健康状况="长期慢性病"))
    office.writes("member", office.only("member").id, health=["chronic", "disabled"])
    office.read(person(健康状况="大病"))
    assert sorted(office.only("member").values["health"]) == ["disabled", "serious"]
    head = office.head()
    office.read(person(健康状况="大病"))
    assert office.head() == head
    office.read(person(健康状况="慢性病、大病"))
    office.read(person(健康状况="慢性病"))
    assert sorted(office.only("member").values["health"]) == ["chronic", "disabled"]
    assert office.all("conflict") == []


# ----------------------------------------------------------------------------------------------------- found once more


def test_another_clerks_workbook_in_another_order_matches_the_same_households(office: Office) -> None:
    second = person("黄小妹", 户编号="0002", 身份证号=BOY)
    office.read(*FAMILY, second)
    head = office.head()
    headings = ("证件号码", "与户主\n关系", "姓名", "户号", "所在村")
    rows = (
        (BOY, "本人", "黄小妹", "0002", "桐骨村委会"),
        (WOMAN, "妻子", "陆小花", "0001", "桐骨"),
        (MAN, "本人", "韦大山", "0001", "桐骨"),
        (None, "儿子", "韦小山", "0001", "桐骨"),
    )
    report = office.read(*rows, head=headings).as_json()
    assert report["households"] == {**NOTHING_NEW, "unchanged": 2}
    assert report["members"] == {**NOTHING_NEW, "unchanged": 4}
    assert office.head() == head


def test_a_household_that_a_phone_made_is_found_by_its_number(office: Office) -> None:
    id_ = "0190a1b2-0000-7000-8000-00000000aaaa"
    office.writes("household", id_, household_no="0001", head_name="韦大山", phone="13900000000")
    report = office.read(person(联系电话="13812341234", 自然屯="那江屯"))
    assert report.as_json()["households"] == {"created": 0, "updated": 1, "unchanged": 0}
    home = office.only("household")
    assert (home.id, home.values["hamlet"]) == (id_, "那江屯")
    conflict = office.only("conflict").values
    assert {conflict["losing"], conflict["standing"]} == {"13900000000", "13812341234"}
    assert office.read(person(联系电话="13812341234", 自然屯="那江屯")).households.unchanged == 1


def test_a_household_whose_number_a_cadre_corrected_is_found_again(office: Office) -> None:
    office.read(*FAMILY)
    office.writes("household", office.only("household").id, household_no="0009")
    head = office.head()
    assert office.read(*FAMILY).households.unchanged == 1
    assert office.head() == head


def test_a_new_household_under_a_number_that_was_corrected_away_is_a_household_of_its_own(office: Office) -> None:
    office.read(*FAMILY)
    old = office.only("household").id
    office.writes("household", old, household_no="0009")
    assert office.read(person("黄小妹")).households.created == 1
    assert sorted(home.values["head_name"] for home in office.all("household")) == ["韦大山", "黄小妹"]
    assert office.read(person("黄小妹")).households.unchanged == 1


def test_a_household_that_the_desk_moved_is_found_in_its_new_village(office: Office) -> None:
    office.read(*FAMILY)
    office.moves(office.only("household").id, ZHENGJIE)
    head = office.head()
    office.read(*FAMILY)
    assert office.head() == head
    report = office.read(*FAMILY, person("韦小妹", "女"))
    assert report.members.created == 1
    assert {record.village for record in office.all("member")} == {ZHENGJIE}


def test_a_household_that_was_removed_stays_removed_and_is_told(office: Office) -> None:
    office.read(*FAMILY)
    office.writes("household", office.only("household").id, removed=True)
    head = office.head()
    report = office.read(*FAMILY)
    assert [finding.code for finding in report.warnings] == ["removed_here"]
    assert office.head() == head
    assert office.only("household").values["removed"] is True


def test_a_person_without_a_number_is_found_when_the_number_comes_later(office: Office) -> None:
    office.read(person(身份证号=float(MAN), 出生年月="1970.11"))
    assert "identity" not in office.only("member").values
    report = office.read(person(身份证号=MAN))
    assert report.members.updated == 1
    values = office.only("member").values
    assert (values["identity"], values["birth_date"]) == (MAN, "1970-11-20")


def test_a_ruined_or_wrong_number_is_never_guessed(office: Office) -> None:
    report = office.read(person(身份证号=float(MAN)), person("陆小花", "妻", 身份证号=WOMAN[:-1] + "8"))
    assert [(f.row, f.code) for f in report.warnings] == [(2, "identity_ruined"), (3, "identity_check_character")]
    assert all("identity" not in record.values for record in office.all("member"))


@pytest.mark.parametrize(
    "rows",
    [
        (person(), person("韦小山", "子"), person("韦小山", "子", 备注="双胞胎")),
        (person(身份证号=MAN), person("韦小山", "子", 身份证号=MAN)),
        (person(), person("黄小妹"), person("陆小花", 户编号="0002")),
        (person(户编号=None), person(户编号=None, 联系电话="13812341234"), person("陆小花", "妻", 身份证号=WOMAN)),
        (person(户编号="桐骨1号"), person("陆小花", "妻")),
        (("桐骨村", *person("陆小花", "妻")[1:]),),
    ],
    ids=[
        "twins",
        "one identity twice",
        "one number twice",
        "no numbers",
        "a number that can't be kept",
        "a wife alone",
    ],
)
def test_whatever_is_odd_in_a_workbook_a_second_import_changes_nothing(
    office: Office, rows: Sequence[Sequence[object]]
) -> None:
    first = office.read(*rows)
    assert len(office.all("member")) == len(rows) == first.members.created
    head = office.head()
    second = office.read(*rows)
    assert office.head() == head
    assert (second.households.unchanged, second.households.created) == (len(office.all("household")), 0)
    assert second.members.unchanged == len(rows)
    assert second.warnings == first.warnings


def test_a_value_that_the_kind_would_not_keep_is_left_out_and_told(office: Office) -> None:
    report = office.read(person(户编号="桐骨1号"))
    assert [(f.row, f.code) for f in report.warnings] == [(2, "value_left_out")]
    assert report.warnings[0].message.startswith("“户编号”")
    assert "household_no" not in office.only("household").values


# ------------------------------------------------------------------------------------------------- racing and cut short


def test_two_imports_racing_make_one_record_of_each(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "CHUNK", 3)
    rows = [person(f"韦{n}", 户编号=f"{n:04}") for n in range(20)]
    office.read(*rows, dry_run=True)
    reports: list[Imported] = []
    threads = [
        threading.Thread(target=lambda: reports.append(office.read_file(office.folder / "roster.xlsx")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.households.created for report in reports) == 20
    assert sum(report.households.unchanged for report in reports) == 20
    assert (len(office.all("household")), len(office.all("member"))) == (20, 20)
    assert office.head() == 40


def test_an_import_cut_short_keeps_its_chunks_and_is_run_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "CHUNK", 2)
    rows = [person(f"韦{n}", 户编号=f"{n:04}") for n in range(5)]
    office.read(*rows, dry_run=True)

    def pull_the_plug(stage: str, done: int, _total: int) -> None:
        if (stage, done) == ("write", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        office.read_file(office.folder / "roster.xlsx", progress=pull_the_plug)
    assert len(office.all("household")) == 2
    report = office.read(*rows)
    assert (report.households.created, report.households.unchanged) == (3, 2)


def test_an_id_does_not_follow_from_the_identity_number(office: Office, upgraded: Path, tmp_path: Path) -> None:
    """Whoever may see a person but not the number could otherwise try numbers until one gives the id."""
    shutil.copytree(upgraded, tmp_path / "twin")
    (tmp_path / "other").mkdir()
    twin = Office(create_app(Config.at(tmp_path / "twin")), tmp_path / "other")
    office.read(person(身份证号=MAN))
    twin.read(person(身份证号=float(MAN), 出生年月="1970-11-20"))
    assert office.only("member").id == twin.only("member").id


def test_a_roster_of_another_townships_villages_is_refused_in_words(office: Office) -> None:
    office.read(person(), dry_run=True)
    roster = read_roster(office.folder / "roster.xlsx", {"桐骨村": "451422101001"})
    for dry_run in (True, False):
        with pytest.raises(RosterImportError, match=r"451422101001 / .*outside this township"):
            apply_roster(office.database, TOWNSHIP, roster, person="p", by="b", dry_run=dry_run)
    assert office.head() == 0


# --------------------------------------------------------------------------------------------------------- row by row


def test_every_row_says_what_became_of_its_household_and_its_person(office: Office) -> None:
    told = report_of(office.read(*FAMILY, dry_run=True))
    assert [(line.row, line.number, line.head, line.name, line.home, line.person) for line in told.lines] == [
        (2, "0001", "韦大山", "韦大山", "created", "created"),
        (3, "0001", "韦大山", "陆小花", "", "created"),
        (4, "0001", "韦大山", "韦小山", "", "created"),
    ]
    written = report_of(office.read(*FAMILY))
    assert written == told, "a dry run foretells the ids too"
    assert {line.household for line in written.lines} == {office.only("household").id}


def test_a_changed_row_names_the_fields_and_an_unchanged_one_none(office: Office) -> None:
    office.read(*FAMILY)
    changed = (FAMILY[0], person("陆小花", "妻", 身份证号=WOMAN, 备注="外出"), FAMILY[2])
    lines = report_of(office.read(*changed, dry_run=True)).lines
    assert [(line.home, line.person, line.fields) for line in lines] == [
        ("unchanged", "unchanged", []),
        ("", "updated", ["member.remark"]),
        ("", "unchanged", []),
    ]
    assert [line.row for line in lines if line.is_("updated")] == [3]
    assert [line.row for line in lines if line.is_("unchanged")] == [2, 4]


def test_warnings_and_rejected_rows_stand_with_their_rows_and_their_sheets(office: Office) -> None:
    book = openpyxl.Workbook()
    for place, rows in enumerate(
        ((FAMILY[0], person("韦老三", "叔公")), (person("黄小妹", 户编号="0002", 行政村="没有"),))
    ):
        sheet: Any = book.worksheets[0] if place == 0 else book.create_sheet()
        for row in (HEAD, *rows):
            sheet.append(list(row))
    book.save(office.folder / "two.xlsx")
    report = report_of(office.read_file(office.folder / "two.xlsx", dry_run=True))
    assert (report.several, report.warnings, report.rejected) == (True, 1, 1)
    assert [(line.sheet, line.row, len(line.says), line.rejected) for line in report.lines] == [
        (1, 2, 0, False),
        (1, 3, 1, False),
        (2, 2, 1, True),
    ]
    assert [line.is_("warned") for line in report.lines] == [False, True, False]


def test_the_counts_of_an_import_are_those_of_its_rows(haiyuan: Haiyuan) -> None:
    for done in (haiyuan.rehearsal, haiyuan.first, haiyuan.second):
        outcomes = Counter((row.kind, row.outcome) for row in done.rows)
        for kind, tally in (("household", done.households), ("member", done.members)):
            counts = (outcomes[kind, "created"], outcomes[kind, "updated"], outcomes[kind, "unchanged"])
            assert counts == (tally.created, tally.updated, tally.unchanged)
    assert [row.id for row in haiyuan.rehearsal.rows] == [row.id for row in haiyuan.first.rows]


def test_the_json_of_an_import_has_rows_only_when_asked_for(haiyuan: Haiyuan) -> None:
    assert "rows" not in haiyuan.first.as_json()
    rows = haiyuan.first.as_json(rows=True)["rows"]
    assert len(rows) == 1845 + 6514
    assert rows[0].keys() >= {"sheet", "row", "kind", "id", "household_no", "outcome", "fields"}


def test_the_trail_says_by_which_door_a_roster_came(office: Office) -> None:
    office.read(*FAMILY)
    office.read_file(office.folder / "roster.xlsx", door="console")
    with office.database.read(TOWNSHIP) as store:
        assert [act.via for act in read_trail(store)] == ["console", "import"]


def test_the_command_tells_of_every_row_when_asked(office: Office) -> None:
    office.read(*FAMILY, dry_run=True)
    words = ["roster", "import", str(office.folder / "roster.xlsx"), "--township", TOWNSHIP, "--dry-run"]
    environment = {"RUHU_INSTANCE": str(office.folder / "instance"), "RUHU_DATABASE_URL": ""}
    plain = CliRunner().invoke(main, words, env=environment)
    told = CliRunner().invoke(main, [*words, "--rows"], env=environment)
    assert told.stdout.startswith(plain.stdout)
    assert told.stdout.count("member 0001：新增 / new") == 3
    assert "韦大山" not in told.stdout
