"""A story for every part of the console, told in a real browser at a real server with the made-up county of 17 villages.

The stories share one server and do not disturb one another: each has villages, people and records of its own. Phones are terminal phones,
processes of their own. Leaves to others: every page in every size (`test_pages`), who may what (`tests/console/matrix`).
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from server.audit import read
from tests.browser.rig import PASSWORD, PEOPLE, TOWN, VILLAGE, County, Visit, axe, sign_in
from tests.demo import DATA, DemoError, Phone

PageAs = Callable[..., Visit]
T = f"/t/{TOWN}"
MONTH = "month=2018-10"
pytestmark = pytest.mark.timeout(180)


def trail(county: County, action: str) -> list[dict[str, object]]:
    """The audit trail's rows of an action, newest first: who, which record, details."""
    with county.read() as store:
        return [{"by": act.by, "record": act.record, **act.details} for act in read(store) if act.action == action]


def rows(visit: Visit) -> Locator:
    return visit.page.locator("main table tbody tr")


# --- 1 -------------------------------------------------------------------------------------------------------------


def test_1_a_clerk_gets_a_password_chooses_another_and_goes_out_again(own_county: County, own_page_as: PageAs) -> None:
    own_county.office("user", "add", "新桌员", "--role", "desk", "--grant", f"township:{TOWN}")
    given = own_county.office("user", "password", "新桌员")["password"]
    visit = own_page_as("")
    visit.expected |= {401}
    sign_in(visit, "新桌员", "nonsense nonsense")
    assert "姓名或密码不对" in visit.told()
    sign_in(visit, "新桌员", given)
    assert visit.page.url.endswith("/password")
    visit.open(f"{T}/")
    assert visit.page.url.endswith("/password"), "nothing else opens before the password is changed"
    for name, text in (("old", given), ("new", PASSWORD), ("again", PASSWORD)):
        visit.page.fill(f"#{name}", text)
    visit.press("更改")
    assert visit.page.url.endswith(f"{T}/")
    visit.page.get_by_role("button", name="新桌员").click()
    visit.press("退出")
    visit.open(f"{T}/households?q=wz")
    assert "/sign-in?next=" in visit.page.url
    visit.page.fill("[name=name]", "新桌员")
    visit.page.fill("[name=password]", PASSWORD)
    visit.press("登录")
    assert visit.page.url.endswith(f"{T}/households?q=wz"), "back to where one was going"


# --- 2 -------------------------------------------------------------------------------------------------------------


def test_2_the_overview_draws_its_charts_and_keeps_its_filters_in_the_url(page_as: PageAs) -> None:
    visit = page_as("leader").open(f"{T}/?{MONTH}")
    charts = visit.page.locator("[data-chart] .drawn svg")
    charts.first.wait_for(timeout=60_000)
    figures = visit.page.locator("[data-chart]").count()
    assert charts.count() == figures >= 4
    whole = visit.page.locator(".figure-number").all_inner_texts()
    visit.page.locator("[data-chart] summary").first.click()
    assert visit.page.locator("[data-chart] table").first.locator("tbody tr").count() == 17
    visit.page.select_option("[name=village]", VILLAGE)
    visit.press("筛选")
    assert MONTH in visit.page.url
    assert f"village={VILLAGE}" in visit.page.url
    charts.first.wait_for(timeout=60_000)
    assert visit.page.locator(".figure-number").all_inner_texts() != whole
    again = page_as("leader").open(visit.page.url)
    again.page.locator("[data-chart] .drawn svg").first.wait_for(timeout=60_000)
    assert again.page.locator("[name=village]").input_value() == VILLAGE


# --- 3 -------------------------------------------------------------------------------------------------------------


def test_3_a_household_is_found_by_initials_and_unmasked_for_a_reason(own_county: County, own_page_as: PageAs) -> None:
    visit = own_page_as("desk").open(f"{T}/households")
    visit.page.get_by_label("找人找户").press_sequentially("wz", delay=20)
    expect(visit.page.locator("#found tbody tr").first).to_contain_text(re.compile("韦|吴|王"))
    visit.page.wait_for_url("**q=wz**")
    with visit.page.expect_navigation():
        visit.page.locator("#found tbody tr a").first.click()
    assert "●●●●" in visit.page.locator("main").inner_text()
    assert not re.search(r"\d{17}[\dX]", visit.page.content())
    home = visit.page.url.rpartition("/")[2]
    visit.page.get_by_text("查看被遮盖的内容").click()
    visit.page.fill("#reason", "核对低保申请材料")
    visit.press("查看", exact=True)
    assert re.search(r"\d{17}[\dX]", visit.page.content())
    (told, *_) = trail(own_county, "unmask")
    assert told["by"] == PEOPLE["desk"][0]
    assert told["reason"] == "核对低保申请材料"
    assert home in str(told["record"])
    visit.press("恢复遮盖", "link")
    assert not re.search(r"\d{17}[\dX]", visit.page.content())
    visit.open(f"{T}/households?q=" + home[:4])
    reader = own_page_as("leader").open(f"{T}/households/{home}")
    assert reader.page.get_by_text("查看被遮盖的内容").count() == 0


# --- 4 -------------------------------------------------------------------------------------------------------------


def test_4_two_phones_disagree_the_desk_decides_and_both_learn_of_it(
    own_county: County, own_page_as: PageAs, tmp_path: Path
) -> None:
    phones = []
    for name in ("甲干部", "乙干部"):
        own_county.office("user", "add", name, "--role", "cadre", "--grant", f"village:{TOWN}205")
        phone = Phone(name, tmp_path)
        phone("enrol", own_county.url, own_county.office("enrol", name)["code"])
        phone("sync")
        phones.append(phone)
    one, other = phones
    home = one("list")["records"][0]["id"]
    one("write", "household", home, "categories=key")
    other("write", "household", home, "categories=disabled")
    one("sync")
    other("sync")
    visit = own_page_as("desk").open(f"{T}/conflicts?village={TOWN}205")
    with visit.page.expect_navigation():
        rows(visit).filter(has_text="甲干部").locator("a").first.click()
    text = visit.page.locator("main").inner_text()
    assert "甲干部" in text
    assert "乙干部" in text
    assert "重点户" in text
    assert "残疾户" in text
    visit.page.get_by_label("低保户", exact=True).check()
    visit.page.get_by_label("重点户", exact=True).check()
    visit.press("用这个")
    assert "已裁定" in visit.told()
    for phone in phones:
        phone("sync")
        assert sorted(phone("show", "household", home)["values"]["categories"]) == ["key", "low_allowance"]
    assert any(row["status"] == "decided" for row in one("conflicts")["conflicts"])
    assert trail(own_county, "resolve")[0]["by"] == PEOPLE["desk"][0]


def test_4_one_press_settles_what_is_alike(own_page_as: PageAs) -> None:
    visit = own_page_as("desk").open(f"{T}/conflicts/same")
    row = rows(visit).filter(has_text="重点户")
    count = int(row.locator("td.text-end").inner_text())
    visit.page.once("dialog", lambda dialog: dialog.accept())
    with visit.page.expect_navigation():
        row.get_by_role("button", name="被替换的").click()
    assert f"已裁定 {count} 条" in visit.told()
    assert count == 3


# --- 5 -------------------------------------------------------------------------------------------------------------


def take(visit: Visit, step: str, **typed: str) -> None:
    """Take a step of the ledger on the problem's page."""
    form = visit.page.locator(f"#step-{step}")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for name, text in typed.items():
        place = form.locator(f"#{step}-{name}")
        if place.evaluate("(e) => e.tagName") == "SELECT":
            place.select_option(text)
        else:
            place.fill(text)
    with visit.page.expect_navigation():
        form.locator("button").click()


def test_5_a_problem_goes_through_three_gates_by_two_clerks_and_the_household(
    own_county: County, own_page_as: PageAs
) -> None:
    one = own_page_as("desk").open(f"{T}/ledger/new")
    one.page.select_option("[name=village]", VILLAGE)
    one.page.select_option("[name=category]", "env")
    one.page.select_option("[name=source]", "online")
    with own_county.read() as store:
        ((number,),) = store.sql(
            "SELECT min(household_no) FROM kind_household WHERE township = ? AND village = ? AND removed IS NULL"
            " AND household_no IN (SELECT household_no FROM kind_household WHERE village = ? GROUP BY 1 HAVING count(*) = 1)",
            TOWN, VILLAGE, VILLAGE,
        )  # fmt: skip
    one.page.fill("[name=household_no]", number)
    one.page.fill("[name=description]", "村口垃圾池满了没人清")
    one.press("保存并上报")
    assert "已上报" in one.page.locator("main").inner_text()
    url = one.page.url
    take(one, "accepted")
    take(one, "assigned", tier="village", unit="陇排村委会", person="周小英", due_date="2099-12-01")
    red = one.open(f"{T}/ledger").page.locator("main .overdue").first  # those of the county's first campaign
    assert red.evaluate("(e) => getComputedStyle(e).color") == "rgb(176, 42, 55)"
    assert "逾期" in one.page.locator("main").inner_text()
    one.open(url)
    take(one, "fixed", proof_note="已清运，安排每周两次")
    assert one.page.locator("#step-verified").count() == 0, "who fixed it does not verify it"
    other = own_page_as("second desk").open(url)
    take(other, "verified")
    take(other, "satisfied", answer="yes", method="home")
    assert "已销号" in other.page.locator("main").inner_text()
    assert other.page.get_by_text("✓ 通过").count() == 3
    printed = other.open(f"{T}/ledger/print?group=&q=垃圾池").page.locator("main").inner_text()
    assert "村口垃圾池满了没人清" in printed
    assert "海渊镇问题台账" in printed
    assert not axe(other)
    take(one.open(url), "reopened", reason="又满了")
    assert "重新打开" in one.page.locator("main").inner_text()


# --- 6 -------------------------------------------------------------------------------------------------------------


def test_6_a_short_visit_is_accepted_and_that_can_be_taken_back(own_page_as: PageAs) -> None:
    visit = own_page_as("desk").open(f"{T}/review?show=short")
    visit.page.locator("tbody input[type=checkbox]").first.wait_for()
    before = rows(visit).count()
    visit.page.locator("tbody input[type=checkbox]").first.check()
    visit.press("认可原因")
    assert "认可" in visit.told()
    visit.press("撤销")
    visit.open(f"{T}/review?show=short")
    assert rows(visit).count() == before


def test_6_duplicates_are_joined_and_taken_apart_again(own_page_as: PageAs) -> None:
    visit = own_page_as("desk").open(f"{T}/review?show=duplicates")
    before = rows(visit).count()
    visit.press("对照", "link")
    visit.page.once("dialog", lambda dialog: dialog.accept())
    visit.press("合并", exact=True)
    assert "已合并" in visit.told()
    expect(visit.page.get_by_role("heading", name="最近合并的")).to_be_visible()
    visit.press("撤销")
    assert "撤销" in visit.told()
    visit.open(f"{T}/review?show=duplicates")
    assert rows(visit).count() == before
    visit.open(f"{T}/review?show=not_home")
    assert rows(visit).count() > 0


# --- 7 -------------------------------------------------------------------------------------------------------------


def test_7_the_sample_roster_is_read_first_and_written_when_confirmed(own_county: County, own_page_as: PageAs) -> None:
    own_county.office("areas", "import", str(DATA / "ningming_areas.csv"))
    visit = own_page_as("desk").open(f"{T}/roster")
    visit.page.locator("input[type=file]").set_input_files(DATA / "roster_haiyuan.xlsx")
    with visit.page.expect_navigation():
        visit.page.locator("main form button").first.click()
    job = visit.page.url
    confirm = visit.page.get_by_role("button", name="确认导入")
    confirm.wait_for(timeout=90_000)
    report = visit.page.locator("main").inner_text()
    assert "还没有写入任何内容" in report
    assert rows(visit).count() == 50
    with own_county.read() as store:
        ((before,),) = store.sql("SELECT count(*) FROM kind_household WHERE township = ?", TOWN)
    visit.page.once("dialog", lambda dialog: dialog.accept())
    with visit.page.expect_navigation():
        confirm.click()
    bar = visit.page.locator("progress, .alert-success").first
    bar.wait_for()
    visit.page.locator(".alert-success").wait_for(timeout=120_000)
    assert visit.page.url.partition("?")[0] == job.partition("?")[0]
    with own_county.read() as store:
        ((after,),) = store.sql("SELECT count(*) FROM kind_household WHERE township = ?", TOWN)
    assert after > before + 100
    assert trail(own_county, "roster_import")[0]["by"] == PEOPLE["desk"][0]


# --- 8 -------------------------------------------------------------------------------------------------------------


def test_8_a_phone_enrols_by_the_invitation_and_is_ended(
    own_county: County, own_page_as: PageAs, tmp_path: Path
) -> None:
    visit = own_page_as("desk").open(f"{T}/people/new")
    visit.page.fill("[name=name]", "蒋新来")
    visit.page.get_by_label("村干部").check()
    visit.page.locator("[name=village]").first.check()
    visit.press("添加")
    person = visit.page.url
    visit.press("生成注册码和二维码")
    assert visit.page.locator("img").evaluate("(e) => e.complete && e.naturalWidth > 100")
    invitation = visit.page.locator("#invitation").inner_text()
    phone = Phone("蒋新来", tmp_path)
    phone("enrol", invitation)
    assert phone("sync")["received"] > 10
    visit.open(person)
    assert (
        "没有未上传" in visit.page.locator("main").inner_text() or "未上传" in visit.page.locator("main").inner_text()
    )
    visit.page.once("dialog", lambda dialog: dialog.accept())
    visit.press("停用", exact=False)
    assert "停用" in visit.told()
    with pytest.raises(Exception, match=r"停用|revoked"):
        phone("sync")
    assert trail(own_county, "revoke")[0]["by"] == PEOPLE["desk"][0]


# --- 9 -------------------------------------------------------------------------------------------------------------


def test_9_many_persons_leave_only_with_a_second_persons_word(own_county: County, own_page_as: PageAs) -> None:
    one = own_page_as("desk").open(f"{T}/lists/members")
    one.press("CSV")
    assert "/ask" in one.page.url, "a list of so many is asked for"
    one.page.fill("#reason", "上报县民政局核对")
    one.press("提交申请")
    assert one.page.get_by_text("等另一人同意").count() == 1
    assert one.page.get_by_role("button", name="同意", exact=True).count() == 0, "nobody agrees with himself"
    other = own_page_as("second desk").open(f"{T}/exports")
    assert "上报县民政局核对" in other.page.locator("main").inner_text()
    other.press("同意", exact=True)
    one.open(f"{T}/exports")
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="领取 CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    head = next(row for row in csv.reader(io.StringIO(text)) if "姓名" in row)
    assert "身份证号" in head
    assert not re.search(r"\d{17}[\dX]", text)
    assert PEOPLE["desk"][0] in text, "the file says who took it"
    one.open(f"{T}/exports")
    assert one.page.get_by_role("button", name="领取 CSV").count() == 0, "once"
    assert trail(own_county, "export")[0]["list"] == "members"


def test_9_a_short_list_and_the_countys_tables_leave_at_once(own_county: County, own_page_as: PageAs) -> None:
    visit = own_page_as("desk").open(f"{T}/lists/visits?{MONTH}&village={VILLAGE}")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Excel").first.click()
    with zipfile.ZipFile(download.value.path()) as book:
        assert "xl/workbook.xml" in book.namelist()
    visit.open(f"{T}/?{MONTH}").page.locator("[data-chart] svg").first.wait_for(timeout=90_000)
    visit.open(f"{T}/lists")
    visit.page.fill("[name=month]", "2018-10")
    with visit.page.expect_download(timeout=90_000) as download:
        visit.page.get_by_role("button", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")


# --- 10 ------------------------------------------------------------------------------------------------------------


def test_10_what_was_done_stands_in_the_trail_and_a_changed_row_is_found(
    own_county: County, own_page_as: PageAs
) -> None:
    visit = own_page_as("desk")
    visit.open(f"{T}/households?q=wz")
    visit.open(visit.page.locator("#found tbody a").first.get_attribute("href") or "")
    visit.page.get_by_text("查看被遮盖的内容").click()
    visit.page.fill("#reason", "核对医保报销")
    visit.press("查看", exact=True)
    visit.open(f"{T}/audit")
    visit.page.select_option("[name=action]", "unmask")
    visit.press("筛选")
    assert rows(visit).count() >= 1
    assert "核对医保报销" in visit.page.locator("main").inner_text()
    checks = {check["name"]: check for check in own_county.office("verify")["checks"]}
    assert checks["audit"]["ok"], json.dumps(checks["audit"], ensure_ascii=False)
    with own_county.read() as store:
        store.sql("UPDATE audit SET details = '{}' WHERE township = ? AND action = 'unmask'", TOWN)
        store.connection.commit()
    with pytest.raises(DemoError, match=r"audit|改动"):
        own_county.office("verify")


def test_somebody_who_may_not_is_told_so_in_the_browser_too(own_county: County, own_page_as: PageAs) -> None:
    visit = own_page_as("leader")
    visit.expected |= {403}
    visit.open(f"{T}/audit")
    assert visit.says("这不在您的权限内")
    assert not axe(visit)
