"""Uploading a roster and the area tree: the dry run row by row, confirming, how far it is, and nothing written before."""

import io
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from werkzeug.test import TestResponse

import server.imports
from server import access, jobs
from server.cli.data import TASKS
from server.config import GUARD_BYTES, Config
from server.imports.areas import NINGMING
from server.jobs import RUNNING, About, Job, Progress
from server.service import now_ms
from tests.console.browser import (
    ADMIN,
    COUNTY,
    DESK,
    LEADER,
    NEIGHBOUR,
    OTHER_TOWN,
    SECOND_DESK,
    TOWN,
    VILLAGE,
    Browser,
    Office,
    said,
)
from tests.server.test_roster_import import FAMILY, HEAD, person

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

SAMPLE = Path(server.imports.__file__).parent / "data" / "roster_haiyuan.xlsx"
ROSTER = f"/t/{TOWN}/roster"


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in (HEAD, *rows):
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class Children:
    """Stands in for child processes: runs them here, when told to."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.begun: list[Job] = []
        self.at_once = True

    def spawn(self, config: Config, job: Job, _held: object) -> None:
        found = jobs.find(config.instance, job.id)  # a child knows the id alone
        assert found is not None
        job = found
        self.begun.append(job)
        if self.at_once:
            jobs.run(self.office.service, job, TASKS)


@pytest.fixture
def children(office: Office, monkeypatch: pytest.MonkeyPatch) -> Children:
    made = Children(office)
    monkeypatch.setattr(jobs, "spawn", made.spawn)
    return made


def send(browser: Browser, content: bytes, name: str = "花名册.xlsx", url: str = ROSTER) -> TestResponse:
    return browser.post(url, {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def uploaded(browser: Browser, content: bytes) -> str:
    """The page of the job that an upload began."""
    answer = send(browser, content)
    assert answer.status_code == 303
    assert re.fullmatch(rf"{ROSTER}/[0-9a-f]{{32}}", answer.headers["Location"]), said(answer, browser)
    return answer.headers["Location"]


def rows(page: str) -> list[list[str]]:
    """The cells of the report's rows."""
    body = page.split('id="rows"')[1].split("<tbody>")[1].split("</tbody>")[0]
    found = [re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL) for line in body.split("<tr")[1:]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in cells] for cells in found]


def stored(office: Office, kind: str) -> int:
    with office.database.read(TOWN) as store:
        return len(store.fill(f"township:{TOWN}", kind, "", 100_000))


# --- from the upload to the result -----------------------------------------------------------------------------------


def test_a_roster_is_uploaded_looked_through_row_by_row_and_then_imported(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    url = uploaded(browser, workbook(FAMILY))
    page = browser.page(url)
    assert "还没有写入任何内容" in page
    assert rows(page) == [
        ["2", "0001", "韦大山", "韦大山", "新户；新成员", "—"],
        ["3", "0001", "韦大山", "陆小花", "新成员", "—"],
        ["4", "0001", "韦大山", "韦小山", "新成员", "—"],
    ]
    assert (stored(office, "household"), stored(office, "member")) == (0, 0)
    browser.post(f"{url}/import")
    done = browser.page(url)
    assert "已导入，上传的文件已删除" in done
    assert f"/t/{TOWN}/households" in done
    assert not children.begun[0].upload.exists()
    assert (stored(office, "household"), stored(office, "member")) == (1, 3)


def test_the_import_is_written_in_the_name_of_whoever_confirmed_it(office: Office, children: Children) -> None:
    url = uploaded(office.browser(DESK), workbook(FAMILY))
    office.browser(SECOND_DESK).post(f"{url}/import")
    row = office.trail()[-1]
    assert (row.action, row.by, row.via) == ("roster_import", SECOND_DESK, "console")
    assert row.details == {"households_created": 1, "members_created": 3}
    with office.database.read(TOWN) as store:
        ((person, name),) = store.sql(
            "SELECT DISTINCT person, written_by FROM changes WHERE township = ? AND via = 'import'", TOWN
        )
    assert name == SECOND_DESK
    assert person == row.person != ""


def test_what_changes_what_does_not_and_what_is_wrong_is_told_of_every_row(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    browser.post(f"{uploaded(browser, workbook(FAMILY))}/import")
    changed = (
        person(身份证号="451499197011204915", 联系电话="13900000000", 健康状况="健康"),
        FAMILY[1],
        person("韦小山", "子", 出生年月="去年"),
        person("黄小妹", 户编号="0002", 行政村="没有这个村"),
        person("韦老三", "叔公"),
    )
    url = uploaded(browser, workbook(changed))
    found = {row[0]: row[3:] for row in rows(browser.page(url))}
    assert found["2"][1] == "户有改动（联系电话）；成员有改动（联系电话）"
    assert found["3"] == ["陆小花", "成员未变", "—"]
    assert "出生日期看不明白" in found["4"][2]
    assert found["5"][1] == "本行不导入"
    assert "行政村不在本乡镇的名录中" in found["5"][2]
    for outcome, places in (("updated", ["2"]), ("unchanged", ["3", "4"]), ("rejected", ["5", "6"]), ("warned", ["4"])):
        assert [row[0] for row in rows(browser.page(f"{url}?show={outcome}"))] == places, outcome
    assert [row[0] for row in rows(browser.page(f"{url}?q=陆小花"))] == ["3"]
    assert "没有这样的行" in browser.page(f"{url}?q=nobody")
    assert "筛选条件写法不对" in browser.page(f"{url}?show=everything")


def test_rows_of_several_sheets_are_told_apart(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    other = (person("黄小妹", 户编号="0002"), person("黄小弟", "弟弟的朋友"))
    page = browser.page(uploaded(browser, workbook(FAMILY, other)))
    found = rows(page)
    assert [row[0] for row in found] == ["1!2", "1!3", "1!4", "2!2", "2!3"]
    assert "与户主关系不明" in found[4][5]
    assert found[1][5] == "—"


def test_a_long_report_is_paged(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    many = [person(f"韦{n}", 户编号=f"{n:04}") for n in range(1, 61)]
    url = uploaded(browser, workbook(many))
    assert len(rows(browser.page(url))) == 50
    assert "第 1 / 2 页" in browser.page(url)
    assert [row[1] for row in rows(browser.page(f"{url}?page=2"))] == [f"{n:04}" for n in range(51, 61)]


@pytest.mark.slow
def test_the_sample_roster_is_imported_through_the_page_by_child_processes(office: Office) -> None:
    browser = office.browser(DESK)
    url = uploaded(browser, SAMPLE.read_bytes())
    job = jobs.find(office.folder, url.rsplit("/", 1)[1])
    assert job is not None
    assert "正在试导入" in browser.page(url)
    job.wait()
    page = browser.page(url)
    assert "1845" in page
    assert stored(office, "household") == 0
    browser.post(f"{url}/import")
    job.wait()
    assert "已导入" in browser.page(url)
    assert (stored(office, "household"), stored(office, "member")) == (1845, 6514)
    assert not job.upload.exists()


# --- while it runs ---------------------------------------------------------------------------------------------------


def test_a_bar_says_how_far_it_is_and_the_page_comes_back_when_it_is_done(office: Office, children: Children) -> None:
    children.at_once = False
    browser = office.browser(DESK)
    url = uploaded(browser, workbook(FAMILY))
    job = children.begun[0]
    with job.claim() as held:
        assert held is not None
        job.save("progress.json", Progress("roster_check", RUNNING, "write", 400, 1845))
        page = browser.page(url)
        assert 'hx-trigger="every 1s"' in page
        part = browser.get(f"{url}/progress?poll=1", part=True).text
        assert '<progress class="w-100" id="bar" max="1845" value="400">' in part
        assert "400 / 1845 户" in part
    jobs.run(office.service, job, TASKS)
    done = browser.get(f"{url}/progress?poll=1", part=True)
    assert (done.headers["HX-Refresh"], done.text) == ("true", "")
    assert browser.get(f"{url}/progress").headers["Location"] == url


def test_an_import_that_was_cut_short_is_run_again_and_nothing_is_written_twice(
    office: Office, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.imports import apply

    monkeypatch.setattr(apply, "CHUNK", 1)
    browser = office.browser(DESK)
    families = [person(f"韦{n}", 户编号=f"{n:04}") for n in range(1, 4)]
    url = uploaded(browser, workbook(families))

    class KilledError(BaseException):
        pass

    def killed(job: Job, name: str, value: Any) -> None:
        real_save(job, name, value)
        if isinstance(value, Progress) and value.stage == "write" and value.done == 1:
            raise KilledError

    real_save = Job.save
    with monkeypatch.context() as patched:
        patched.setattr(Job, "save", killed)
        with pytest.raises(KilledError):
            browser.post(f"{url}/import")
    assert "中断了，可再运行" in browser.page(url)
    assert stored(office, "household") == 1
    browser.post(f"{url}/import")
    assert stored(office, "household") == 3
    with office.database.read(TOWN) as store:
        ((written, records),) = store.sql(
            "SELECT count(*), count(DISTINCT record) FROM changes WHERE township = ? AND via = 'import'", TOWN
        )
    assert written == records == 6


def test_an_import_cannot_be_given_up_half_way_and_a_dry_run_can(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    url = uploaded(browser, workbook(FAMILY))
    children.at_once = False
    browser.post(f"{url}/import")
    job = children.begun[-1]
    with job.claim():
        assert "不能中途取消" in said(browser.post(f"{url}/cancel"), browser)
        assert "请等它结束" in said(browser.post(f"{url}/import"), browser)
    assert job.upload.exists()
    dry = uploaded(browser, workbook(FAMILY))
    with children.begun[-1].claim():
        browser.post(f"{dry}/cancel")
    assert not children.begun[-1].folder.exists()
    assert browser.get(dry).status_code == 404


def test_a_cancelled_upload_is_gone_and_nothing_was_written(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    url = uploaded(browser, workbook(FAMILY))
    page = said(browser.post(f"{url}/cancel"), browser)
    assert "已删除上传的文件和报告" in page
    assert browser.get(url).status_code == 404
    assert stored(office, "household") == 0
    assert not list((office.folder / "jobs").iterdir())


# --- not without bound -----------------------------------------------------------------------------------------------


def test_while_one_roster_runs_no_other_of_the_township_is_taken_or_begun(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    first, second = (uploaded(browser, workbook(FAMILY)) for _ in range(2))
    with children.begun[0].claim():
        assert "有一份名册正在处理" in said(send(browser, workbook(FAMILY)), browser)
        for act in ("check", "import"):
            assert "有一份名册正在处理" in said(browser.post(f"{second}/{act}"), browser)
        neighbour = office.browser(NEIGHBOUR)
        assert send(neighbour, workbook(FAMILY), url=f"/t/{OTHER_TOWN}/roster").status_code == 303
    assert [job.about.township for job in children.begun] == [TOWN, TOWN, OTHER_TOWN]
    assert len(jobs.of_township(office.folder, TOWN)) == 2
    browser.post(f"{first}/import")
    assert stored(office, "household") == 1


def test_only_so_many_uploads_wait_for_somebodys_word(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    urls = [uploaded(browser, workbook(FAMILY)) for _ in range(jobs.MOST)]
    assert "已有 5 份上传的文件没有处理完" in said(send(browser, workbook(FAMILY)), browser)
    assert len(jobs.of_township(office.folder, TOWN)) == len(children.begun) == jobs.MOST
    browser.post(f"{urls[0]}/import")  # what is imported has no upload any more
    uploaded(browser, workbook(FAMILY))
    assert "已有 5 份" in said(send(browser, workbook(FAMILY)), browser)
    browser.post(f"{urls[1]}/cancel")
    uploaded(browser, workbook(FAMILY))


def test_what_nobody_can_confirm_makes_room_the_oldest_first(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    good = uploaded(browser, workbook(FAMILY))
    bad = [uploaded(browser, b"no workbook") for _ in range(jobs.MOST - 1)]
    uploaded(browser, workbook(FAMILY))
    assert [browser.get(url).status_code for url in (good, *bad)] == [200, 404, *[200] * (jobs.MOST - 2)]


def test_lists_of_areas_that_nobody_confirmed_make_room(office: Office) -> None:
    browser = office.browser(ADMIN)
    for _ in range(jobs.MOST + 2):
        assert "/areas/" in send(browser, areas_csv(), "areas.csv", "/areas").headers["Location"]
    assert len(jobs.of_township(office.folder, "")) == jobs.MOST


def test_of_many_uploads_at_once_only_so_many_are_kept(tmp_path: Path) -> None:
    def create() -> bool:
        try:
            jobs.create(tmp_path, About(TOWN, "", "", "x", now_ms()))
        except jobs.JobError:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(lambda _: create(), range(12))) == jobs.MOST


def test_a_disk_that_is_nearly_full_takes_no_roster_and_runs_none(
    office: Office, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = office.browser(DESK)
    url = uploaded(browser, workbook(FAMILY))
    usage = shutil.disk_usage(office.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=GUARD_BYTES - 1))
    assert "磁盘将满" in said(send(browser, workbook(FAMILY)), browser)
    assert "磁盘将满" in said(browser.post(f"{url}/import"), browser)
    assert len(jobs.of_township(office.folder, TOWN)) == len(children.begun) == 1


# --- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no workbook", "这不是 .xlsx 工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "旧版 .xls"),
        (workbook([["x"]]).replace(b"PK\x05\x06", b"PK\x00\x00"), "已损坏"),
    ],
    ids=["not one", "old", "damaged"],
)
def test_a_file_that_is_no_roster_is_answered_in_words(
    office: Office, children: Children, content: bytes, says: str
) -> None:
    browser = office.browser(DESK)
    assert says in browser.page(uploaded(browser, content))


def test_a_workbook_without_the_headings_is_answered_in_words(office: Office, children: Children) -> None:
    book = openpyxl.Workbook()
    book.active.append(["树种", "棵数"])  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    browser = office.browser(DESK)
    page = browser.page(uploaded(browser, file.getvalue()))
    assert "没有找到表头" in page
    assert "再运行一次" in page


def test_no_file_or_an_empty_one_is_said(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    assert "请先选择一个文件" in said(browser.post(ROSTER), browser)
    assert "这个文件是空的" in said(send(browser, b""), browser)
    assert children.begun == []


def test_a_workbook_may_be_large_here_and_nowhere_else(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    big = b"x" * (5 * 1024 * 1024)
    assert send(browser, big).status_code == 303
    assert send(browser, b"x" * (21 * 1024 * 1024)).status_code == 413
    assert "文件太大" in send(browser, b"x" * (21 * 1024 * 1024)).text
    elsewhere = browser.post("/password", {"old": (io.BytesIO(big), "x")}, content_type="multipart/form-data")
    assert elsewhere.status_code == 413
    assert send(office.browser(), big).status_code == 413, "nobody who is not signed in may fill the disk"
    for name in (LEADER, COUNTY, ADMIN, NEIGHBOUR):
        assert send(office.browser(name), big).status_code == 413, f"nor {name}, who may not import here"
    assert send(browser, big, "areas.csv", "/areas").status_code == 413
    assert send(office.browser(ADMIN), big, "areas.csv", "/areas").status_code == 303
    ended = office.browser(DESK)
    with ended.client.session_transaction() as session:
        session["secret"] = "over"
    content = {"file": (io.BytesIO(big), "x.xlsx")}
    assert ended.client.post(ROSTER, data=content, content_type="multipart/form-data").status_code == 413


def test_a_file_name_with_script_in_it_is_only_a_name(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    answer = send(browser, workbook(FAMILY), "../../<script>alert(1)</script>.xlsx")
    page = browser.page(answer.headers["Location"])
    assert "<script>alert" not in page
    assert "script&gt;.xlsx" in page


# --- who may ---------------------------------------------------------------------------------------------------------


def test_only_who_may_import_in_the_whole_township_sees_its_jobs(office: Office, children: Children) -> None:
    url = uploaded(office.browser(DESK), workbook(FAMILY))
    job = url.rsplit("/", 1)[1]
    access.add_user(office.database, "村办员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    for name, status in (
        (SECOND_DESK, 200),
        (LEADER, 403),
        (COUNTY, 403),
        (ADMIN, 403),
        ("村办员", 403),
        (NEIGHBOUR, 404),
    ):
        assert office.browser(name).get(url).status_code == status, name
        assert office.browser(name).get(ROSTER).status_code == status, name
    assert office.browser(NEIGHBOUR).get(f"/t/{OTHER_TOWN}/roster/{job}").status_code == 404
    for act in ("import", "check", "cancel"):
        assert office.browser(NEIGHBOUR).post(f"/t/{OTHER_TOWN}/roster/{job}/{act}").status_code == 404
        assert office.browser(LEADER).post(f"{url}/{act}").status_code == 403
    assert office.browser(DESK).get(f"{ROSTER}/{'0' * 32}").status_code == 404
    assert stored(office, "household") == 0


def test_the_pages_are_complete_in_english(office: Office, children: Children) -> None:
    browser = office.browser(DESK)
    browser.post("/language", {"language": "en"})
    url = uploaded(browser, workbook((*FAMILY, person("韦老三", "叔公"))))
    page = browser.page(url)
    assert "New household; New person" in page
    assert "the relation is not known" in page
    assert "Dry run" in browser.page(ROSTER) or "dry run" in browser.page(ROSTER)


# --- areas -----------------------------------------------------------------------------------------------------------


def areas_csv(*changes: tuple[str, str], more: str = "") -> bytes:
    text = NINGMING.read_text(encoding="utf-8-sig")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return (text.rstrip("\n") + "\n" + more).encode()


def test_a_list_of_areas_is_looked_through_line_by_line_and_then_stored(office: Office) -> None:
    browser = office.browser(ADMIN)
    content = areas_csv(("桐骨村", "桐骨社区"), more="451422103999,榕树头村,451422103,village\n")
    url = send(browser, content, "areas.csv", "/areas").headers["Location"]
    page = browser.page(url)
    assert "桐骨社区" in page
    assert "（原名 桐骨村" in page
    assert page.count("新增</td>") == 1
    assert page.count("更新</td>") == 1
    assert "榕树头村" in browser.page(f"{url}?show=created")
    assert "榕树头村" not in browser.page(f"{url}?show=unchanged")
    with office.database.read(TOWN) as store:
        assert "451422103999" not in store.villages()
    done = said(browser.post(f"{url}/import"), browser)
    assert "新增 1，更新 1" in done
    with office.database.read(TOWN) as store:
        assert store.villages()["451422103999"] == "榕树头村"
    row = office.trail("")[-1]
    assert (row.action, row.by, row.via) == ("areas_import", ADMIN, "console")
    assert browser.get(url).status_code == 404


def test_the_same_list_again_changes_nothing_and_says_so(office: Office) -> None:
    browser = office.browser(ADMIN)
    url = send(browser, areas_csv(), "areas.csv", "/areas").headers["Location"]
    page = browser.page(url)
    assert "没有要写入的" in page
    assert f"{url}/import" not in page
    browser.post(f"{url}/cancel")
    assert not list((office.folder / "jobs").iterdir())


def test_a_list_with_a_wrong_line_is_refused_with_its_line(office: Office) -> None:
    browser = office.browser(ADMIN)
    wrong = send(browser, areas_csv(more="123,x,451422,village\n"), "areas.csv", "/areas")
    assert re.search(r"第 \d+ 行：village 的代码应为 12 位数字", said(wrong, browser))
    assert not list((office.folder / "jobs").iterdir())


def test_only_the_administrator_imports_areas(office: Office) -> None:
    url = send(office.browser(ADMIN), areas_csv(), "areas.csv", "/areas").headers["Location"]
    for name in (DESK, COUNTY, LEADER):
        assert office.browser(name).get("/areas").status_code == 403
        assert office.browser(name).get(url).status_code == 403
        assert office.browser(name).post(f"{url}/import").status_code == 403
    shutil.copytree(office.folder / "jobs" / url.rsplit("/", 1)[1], office.folder / "jobs" / ("a" * 32))
    other = jobs.find(office.folder, "a" * 32)
    assert other is not None
    other.save("job.json", About(TOWN, "", "", "x", now_ms()))
    assert office.browser(ADMIN).get(f"/areas/{'a' * 32}").status_code == 404
