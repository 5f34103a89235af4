"""Joining households and visits entered twice: nothing is lost, no conflict is born, and undoing gives back what was there."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from server import access
from server.acts.joining import copy_id, seen_of
from server.service import now_ms
from shared.record import Key
from tests.console.browser import (
    DESK,
    LEADER,
    OTHER_TOWN,
    SECOND_VILLAGE,
    TOWN,
    VILLAGE,
    VILLAGE_LEADER,
    Browser,
    Office,
    said,
)
from tests.console.phones import Phone

JOIN, PART = f"/t/{TOWN}/review/join", f"/t/{TOWN}/review/part"


@dataclass
class Twins:
    """A family entered twice, each time with words of its own, and a desk to join them at."""

    office: Office
    desk: Browser
    kept: str
    other: str
    mother: str
    mother_too: str
    son: str

    @property
    def url(self) -> str:
        return f"{JOIN}/household/{self.kept}/{self.other}"

    def join(self, url: str = "", **chosen: str) -> Any:
        return join(self.desk, url or self.url, **chosen)

    def part(self) -> Any:
        return self.desk.post(f"{PART}/household/{self.other}")

    def values(self, kind: str, id_: str) -> dict[str, Any]:
        return plain(self.office.record(kind, id_).values)

    def conflicts(self) -> int:
        with self.office.database.read(TOWN) as store:
            ((count,),) = store.sql("SELECT count(*) FROM kind_conflict")
        return int(count)

    def words(self, *ids: str) -> list[Any]:
        """Every value that the log has of these records."""
        with self.office.database.read(TOWN) as store:
            keys = [Key(kind, id_) for id_ in ids for kind in ("household", "member", "visit")]
            return [value for rows in store.history(keys).values() for row in rows for value in row.set.values()]


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values without what says nothing."""
    return {name: value for name, value in values.items() if value not in (None, False, [], "")}


def join(browser: Browser, url: str, **chosen: str) -> Any:
    """Press the page's button, with what was chosen for some fields."""
    seen = re.search(r'name="seen" value="(\w+)"', browser.page(url))
    assert seen
    return browser.post(url, {"seen": seen[1], **{f"choose.{name}": choice for name, choice in chosen.items()}})


@pytest.fixture
def twins(office: Office) -> Twins:
    kept = office.write(
        "household",
        {"head_name": "韦大山", "household_no": "0007", "hamlet": "那支屯", "remark": "路滑，雨后难走", "livestock": ["猪 3"], "categories": ["key"]},
        by="甲",
    )  # fmt: skip
    other = office.write(
        "household",
        {"head_name": "韦大山", "household_no": "0107", "address": "那支屯12号", "remark": "狗凶", "livestock": ["鸡 20"], "phone": "13877112233"},
        by="乙",
    )  # fmt: skip
    mother = office.write(
        "member", {"name": "农秀英", "identity": "451422196205010023", "relation": "spouse"}, household=kept
    )
    mother_too = office.write("member", {"name": "农秀英", "phone": "13877112299"}, household=other)
    son = office.write("member", {"name": "韦小明", "relation": "son"}, household=other)
    office.write("household", {"head_member": son}, id=other)
    return Twins(office, office.browser(DESK), kept, other, mother, mother_too, son)


# --- joining


def test_the_kept_household_takes_what_it_lacks_and_what_was_chosen(twins: Twins) -> None:
    assert twins.join(household_no="other", remark="both", livestock="both").status_code == 303
    kept = twins.values("household", twins.kept)
    assert kept["household_no"] == "0107"
    assert kept["remark"] == "路滑，雨后难走（甲）\n狗凶（乙）"
    assert kept["livestock"] == ["猪 3", "鸡 20"]
    assert kept["address"] == "那支屯12号"
    assert kept["hamlet"] == "那支屯"
    assert kept["categories"] == ["key"]
    other = twins.values("household", twins.other)
    assert (other["removed"], other["joined_into"], other["left_reason"]) == (True, twins.kept, "merged")
    assert other["remark"] == "狗凶"  # all its words are still there
    assert twins.conflicts() == 0


def test_what_nobody_chose_stays_as_the_older_one_has_it(twins: Twins) -> None:
    twins.join()
    kept = twins.values("household", twins.kept)
    assert (kept["household_no"], kept["remark"], kept["livestock"]) == ("0007", "路滑，雨后难走", ["猪 3"])


def test_members_who_are_missing_are_written_anew_and_the_others_filled_in(twins: Twins) -> None:
    twins.join()
    copy = copy_id(twins.son, twins.kept)
    record = twins.office.record("member", copy)
    assert (record.household, plain(record.values)) == (twins.kept, {"name": "韦小明", "relation": "son"})
    mother = twins.values("member", twins.mother)
    assert (mother["identity"], mother["phone"]) == ("451422196205010023", "13877112299")
    assert twins.values("member", twins.mother_too)["removed"] is True
    assert twins.values("member", twins.son)["removed"] is True
    assert twins.values("household", twins.kept)["head_member"] == copy  # not the one that went


def test_two_of_one_name_with_two_numbers_are_two_people(twins: Twins) -> None:
    twins.office.write("member", {"identity": "451422198807080029"}, id=twins.mother_too)
    twins.join()
    copy = twins.values("member", copy_id(twins.mother_too, twins.kept))
    assert copy["identity"] == "451422198807080029"


def test_every_word_of_both_is_still_in_the_log_after_joining(twins: Twins) -> None:
    ids = (twins.kept, twins.other, twins.mother, twins.mother_too, twins.son)
    before = [value for value in twins.words(*ids) if value]
    twins.join(household_no="other", remark="other", livestock="other")
    after = twins.words(*ids)
    assert all(value in after for value in before)
    assert "路滑，雨后难走" in after


def test_visits_stay_where_they_happened(twins: Twins) -> None:
    visit = twins.office.write("visit", {"mode": "home", "remark": "聊了很久"}, household=twins.other)
    assert "走访 1" in twins.desk.page(twins.url)
    twins.join()
    record = twins.office.record("visit", visit)
    assert (record.household, plain(record.values)) == (twins.other, {"mode": "home", "remark": "聊了很久"})


def test_party_links_of_the_other_are_named_to_be_made_anew(twins: Twins) -> None:
    twins.office.write("party_link", {"party_member": "覃党员", "from_date": "2018-09-01"}, household=twins.other)
    page = twins.desk.page(twins.url)
    assert "请在保留的户重新联" in page
    assert "覃党员 2018-09-01" in page


def test_the_trail_names_the_records_and_fields_and_no_value(twins: Twins) -> None:
    twins.join(household_no="other")
    twins.part()
    joined, parted = [act for act in twins.office.trail() if act.action in ("join", "part")]
    assert (joined.record, joined.details["kept"], joined.details["members"]) == (twins.other, twins.kept, 1)
    assert "household_no" in joined.details["fields"]
    assert "0107" not in str(joined.details)
    assert (parted.record, parted.details) == (twins.other, {"kept": twins.kept})


def test_the_phones_learn_of_it_at_the_next_sync(twins: Twins) -> None:
    phone = Phone(twins.office, "韦干部")
    assert "address" not in phone.values("household", twins.kept)
    twins.join()
    assert phone.values("household", twins.kept)["address"] == "那支屯12号"
    assert phone.held["household", twins.other]["values"]["joined_into"] == twins.kept


def test_a_word_written_offline_to_the_other_household_comes_before_the_desk(twins: Twins) -> None:
    phone = Phone(twins.office, "韦干部")
    phone.sync()
    twins.join()
    phone.write("household", twins.other, {"remark": "今天见到人了"}, blind=False)
    assert twins.conflicts() == 1
    assert "今天见到人了" in twins.words(twins.other)


# --- undoing


def everything(twins: Twins) -> dict[str, dict[str, Any]]:
    with twins.office.database.read(TOWN) as store:
        rows = store.sql("SELECT 'household', id FROM kind_household UNION ALL SELECT 'member', id FROM kind_member")
        loaded = store.load([Key(kind, id_) for kind, id_ in rows])
    return {key.id: plain(record.values) for key, record in loaded.items()}


@pytest.mark.parametrize("choice", ["kept", "other", "both"])
def test_joining_and_undoing_gives_the_values_of_before(twins: Twins, choice: str) -> None:
    before = everything(twins)
    alone = {"household_no": "kept" if choice == "both" else choice}
    page = said(twins.join(remark=choice, livestock=choice, **alone), twins.desk)
    assert f"{PART}/household/{twins.other}" in page  # offered at once
    assert "已撤销合并" in said(twins.part(), twins.desk)
    after = everything(twins)
    assert after.pop(copy_id(twins.son, twins.kept))["removed"] is True
    assert after == before
    assert twins.conflicts() == 0


def test_what_somebody_wrote_after_the_joining_is_not_taken_back(twins: Twins) -> None:
    twins.join(household_no="other", remark="both")
    twins.office.write("household", {"remark": "新的一句"}, id=twins.kept)
    twins.office.write("member", {"employer": "糖厂"}, id=copy_id(twins.son, twins.kept))
    twins.part()
    kept = twins.values("household", twins.kept)
    assert (kept["remark"], kept["household_no"]) == ("新的一句", "0007")
    son = twins.values("member", twins.son)
    assert (son["employer"], son.get("removed")) == ("糖厂", None)


def test_they_can_be_joined_once_more_after_undoing(twins: Twins) -> None:
    twins.join()
    twins.part()
    twins.join()
    assert twins.values("member", copy_id(twins.son, twins.kept)) == {"name": "韦小明", "relation": "son"}
    twins.part()
    assert "address" not in twins.values("household", twins.kept)
    assert twins.conflicts() == 0


def test_a_joining_beneath_another_is_undone_after_it(twins: Twins) -> None:
    third = twins.office.write("household", {"head_name": "韦大山"})
    twins.join()
    join(twins.desk, f"{JOIN}/household/{third}/{twins.kept}")
    assert "请先撤销那一次" in said(twins.part(), twins.desk)
    assert twins.values("household", twins.other)["removed"] is True
    assert "没有合并过" in said(twins.desk.post(f"{PART}/household/{third}"), twins.desk)


# --- visits


VISIT = {"mode": "home", "started_at": "2018-09-03T08:00:00+08:00", "ended_at": "2018-09-03T08:40:00+08:00", "started_mono": 100.0, "ended_mono": 2500.0, "boot_id": "a", "participants": ["甲"], "entry_mode": "live"}  # fmt: skip
VISIT_TOO = {"mode": "home", "started_at": "2018-09-03T08:05:00+08:00", "ended_at": "2018-09-03T08:20:00+08:00", "started_mono": 9.0, "ended_mono": 909.0, "boot_id": "b", "participants": ["乙"], "entry_mode": "retro", "requests": "要修路"}  # fmt: skip


@pytest.fixture
def visits(twins: Twins) -> tuple[str, str]:
    first, second = (twins.office.write("visit", values, household=twins.kept) for values in (VISIT, VISIT_TOO))
    return first, second


@pytest.mark.parametrize("choice", ["kept", "other"])
def test_the_times_of_a_visit_are_taken_together_even_where_the_first_word_would_stand(
    twins: Twins, visits: tuple[str, str], choice: str
) -> None:
    kept, other = visits
    join(twins.desk, f"{JOIN}/visit/{kept}/{other}", started_at=choice, entry_mode=choice)
    values, source = twins.values("visit", kept), VISIT if choice == "kept" else VISIT_TOO
    for name in ("started_at", "ended_at", "started_mono", "ended_mono", "boot_id", "entry_mode"):
        assert values[name] == source[name]
    assert values["participants"] == ["甲", "乙"]  # joined element by element, unless somebody chooses otherwise
    assert values["requests"] == "要修路"
    assert twins.values("visit", other)["joined_into"] == kept
    assert twins.conflicts() == 0
    twins.desk.post(f"{PART}/visit/{other}")
    assert [twins.values("visit", one) for one in visits] == [VISIT, VISIT_TOO]
    assert twins.conflicts() == 0


def test_visits_to_two_households_are_not_joined(twins: Twins, visits: tuple[str, str]) -> None:
    far = twins.office.write("visit", VISIT, household=twins.other)
    url = f"{JOIN}/visit/{visits[0]}/{far}"
    page = twins.desk.page(url)
    assert "不是同一户的走访" in page
    assert 'name="seen"' not in page
    seen = seen_of(*(twins.office.record("visit", one) for one in (visits[0], far)))
    answer = twins.desk.post(url, {"seen": seen})
    assert answer.status_code == 422
    assert "joined_into" not in twins.values("visit", far)


# --- the page


def test_what_is_the_same_is_folded_and_what_is_masked_stays_so_until_asked(twins: Twins) -> None:
    twins.office.write("household", {"phone": "13977112244", "hamlet": "那支屯"}, id=twins.kept)
    page = twins.desk.page(twins.url)
    folded = page.partition("<details")[2].partition("</details>")[0]
    assert "户主姓名" in folded
    assert "从另一条带过来" in folded
    assert "139●●●●2244" in page
    assert "13977112244" not in page
    page = twins.desk.post(f"{twins.url}/unmask", {"reason": "核对两个电话"}).text
    assert "13977112244" in page
    rows = [act for act in twins.office.trail() if act.action == "unmask"]
    assert [row.record for row in rows] == [twins.kept, twins.other]
    assert all("phone" in row.details["fields"] for row in rows)


def test_what_changed_since_the_page_was_opened_is_looked_at_first(twins: Twins) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', twins.desk.page(twins.url))
    assert seen
    twins.office.write("household", {"remark": "刚写的"}, id=twins.other)
    answer = twins.desk.post(twins.url, {"seen": seen[1], "choose.remark": "both"})
    assert answer.status_code == 422
    assert "刚刚有人改过其中一条" in answer.text
    assert re.search(r'value="both" checked', answer.text)
    assert "joined_into" not in twins.values("household", twins.other)


def test_a_choice_that_is_none_is_refused(twins: Twins) -> None:
    assert twins.join(household_no="both").status_code == 422
    assert "joined_into" not in twins.values("household", twins.other)


def test_joined_twice_at_once_is_told_so(twins: Twins) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', twins.desk.page(twins.url))
    assert seen
    twins.join()
    assert twins.desk.post(twins.url, {"seen": seen[1]}).status_code == 422
    assert "这两条已经合并" in twins.desk.page(twins.url)


def test_only_the_desk_joins_and_only_what_it_sees(twins: Twins) -> None:
    far = twins.office.write("household", {"head_name": "韦大山"}, SECOND_VILLAGE)
    for name in (LEADER, VILLAGE_LEADER):
        reader = twins.office.browser(name)
        assert reader.get(twins.url).status_code == 200
        page = reader.page(twins.url)
        assert "0107" in page
        assert 'type="radio"' not in page  # nothing to choose for who may not join
        assert reader.post(twins.url, {"seen": "x"}).status_code == 403
        assert reader.post(f"{PART}/household/{twins.other}").status_code == 403
        assert reader.post(f"{twins.url}/unmask", {"reason": "想看一看"}).status_code == 403
    assert twins.office.browser(VILLAGE_LEADER).get(f"{JOIN}/household/{twins.kept}/{far}").status_code == 404
    for url in (
        f"{JOIN}/household/{twins.kept}/{twins.kept}",
        f"{JOIN}/member/{twins.mother}/{twins.son}",
        f"/t/{OTHER_TOWN}/review/join/household/{twins.kept}/{twins.other}",
    ):
        assert twins.desk.get(url).status_code == 404


def test_a_joining_with_a_household_out_of_sight_is_neither_shown_nor_undone(twins: Twins) -> None:
    far = twins.office.write("household", {"head_name": "远方人"}, SECOND_VILLAGE)
    join(twins.desk, f"{JOIN}/household/{far}/{twins.other}")
    access.add_user(twins.office.database, "村桌员", ["desk"], [f"village:{VILLAGE}"], now_ms())
    clerk = twins.office.browser("村桌员")
    url = f"/t/{TOWN}/review?show=duplicates"
    assert [("最近合并的" in who.page(url), "远方人" in who.page(url)) for who in (twins.desk, clerk)] == [
        (True, True),
        (False, False),
    ]
    assert clerk.post(f"{PART}/household/{twins.other}").status_code == 404
    assert twins.values("household", twins.other)["joined_into"] == far


def test_a_household_of_another_village_can_be_joined_too(twins: Twins) -> None:
    far = twins.office.write("household", {"head_name": "韦大山"}, SECOND_VILLAGE)
    girl = twins.office.write("member", {"name": "韦小花"}, SECOND_VILLAGE, far)
    join(twins.desk, f"{JOIN}/household/{twins.kept}/{far}")
    record = twins.office.record("member", copy_id(girl, twins.kept))
    assert (record.village, record.household) == (VILLAGE, twins.kept)
