"""Twice a month, case by case (DOMAIN 4.3): a link, what was written, and how the month stands.

Read a line as: in this `month` the link owes `owed` calls, on these days calls were made that count (`made`), of which `late` came too late
for the month, and so the month's `state`. A phone does not know what came late. `link` is 陆's with 甲户 all the year unless said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.records import Write, contact, link, visit

LU = link("陆")


@dataclass(frozen=True)
class MonthCase:
    name: str
    wrote: tuple[Write, ...] = ()
    owed: int = 2
    made: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    state: str = "open"
    month: str = "2018-09"
    link: Write = LU
    rules: Mapping[str, Any] = field(default_factory=dict)
    now: str = "2021-01-01"
    """When a phone looks at it, which does not know when the township had a call."""


def of(name: str, *wrote: Write, **more: Any) -> MonthCase:
    return MonthCase(name, wrote, **more)


def linked(name: str, owed: int, **dates: Any) -> MonthCase:
    """What a link owes in September with nothing done: "open" while it owes anything, else `state` says why not."""
    state = dates.pop("state", "open" if owed else "none")
    rules = dates.pop("rules", {})
    return MonthCase(name, owed=owed, state=state, link=link("陆", **dates), rules=rules)


PARTY = {"purposes": ["campaign", "party_link"]}

# fmt: off
CASES = [
    # --- what counts
    of("走了两次，够了 / two calls are enough",
       contact("09-03 10:00"), contact("09-20 10:00"), made=("2018-09-03", "2018-09-20"), state="met"),
    of("走了三次也是够了 / three calls are enough too",
       contact("09-03 10:00"), contact("09-10 10:00"), contact("09-20 10:00"),
       made=("2018-09-03", "2018-09-10", "2018-09-20"), state="met"),
    of("只走一次还差一次 / one call leaves one open", contact("09-03 10:00"), made=("2018-09-03",)),
    of("一次没走 / none at all"),
    of("接连两天也可以 / two days running will do",
       contact("09-03 10:00"), contact("09-04 10:00"), made=("2018-09-03", "2018-09-04"), state="met"),
    of("同一天两次算一次 / two on one day are one",
       contact("09-03 08:00"), contact("09-03 18:00"), made=("2018-09-03",)),
    of("隔一个半夜算两天 / either side of midnight are two days",
       contact("09-03 23:59:59"), contact("09-04 00:00"), made=("2018-09-03", "2018-09-04"), state="met"),
    of("电话不算 / a telephone call is none", contact("09-03 10:00", mode="phone"), contact("09-04 10:00", mode="phone")),
    of("家中无人不算 / an empty house is none", contact("09-03 10:00", mode="not_home")),
    of("田间碰上不算入户 / met in the field is no home visit", contact("09-03 10:00", mode="field")),
    of("没写时间的不算 / a call without a time is none", contact("09-03 10:00", started_at=None)),
    of("写明是这条联户关系的算 / a call that names the link counts",
       contact("09-03 10:00", of=LU, by="农"), made=("2018-09-03",)),
    of("别的党员走的算别人的 / another member's call is not hers", contact("09-03 10:00", by="农")),
    of("走的是别家不算 / a call on another household is none", contact("09-03 10:00", home="乙户")),
    of("夫妻同去，她也算 / together with her husband it counts for her",
       contact("09-03 10:00", by="农", others=["陆"]), made=("2018-09-03",)),
    # --- a campaign visit that is one too
    of("大走访同时是联户，一次填写两处算 / a campaign visit with that purpose is one too",
       visit("09-03 10:00", "09-03 10:40", by="陆", **PARTY), made=("2018-09-03",)),
    of("大走访没选党员联户不算 / a campaign visit without it is none", visit("09-03 10:00", "09-03 10:40", by="陆")),
    of("不足三十分钟的也算一次联户 / thirty minutes are not asked of a party link",
       visit("09-03 10:00", "09-03 10:05", by="陆", **PARTY), made=("2018-09-03",)),
    of("同一天联户和大走访算一次 / both sorts on one day are one",
       contact("09-03 08:00"), visit("09-03 10:00", "09-03 10:40", by="陆", **PARTY), made=("2018-09-03",)),
    of("一次联户加一次大走访，够了 / one of each sort are two",
       contact("09-10 08:00"), visit("09-03 10:00", "09-03 10:40", by="陆", **PARTY),
       made=("2018-09-03", "2018-09-10"), state="met"),
    of("田间的大走访不算联户 / in the field it serves the campaign only",
       visit("09-03 10:00", "09-03 10:40", by="陆", mode="field", **PARTY)),
    of("跟着去的党员也算 / who came along on the campaign visit made one",
       visit("09-03 10:00", "09-03 10:40", by="韦", others=["陆"], **PARTY), made=("2018-09-03",)),
    # --- the month's edges
    of("月初零点起算 / the first moment of the month", contact("09-01 00:00"), made=("2018-09-01",)),
    of("月末最后一秒还算 / the last second of the month", contact("09-30 23:59:59"), made=("2018-09-30",)),
    of("上月最后一秒是上月的 / the last second of August is August's", contact("08-31 23:59:59")),
    of("下月零点是下月的 / the first moment of October is October's", contact("10-01 00:00")),
    of("按开始时间算哪个月 / a visit into the next month is of the month it began in",
       visit("09-30 23:50", "10-01 00:30", by="陆", **PARTY), made=("2018-09-30",)),
    of("世界时九月三十日傍晚已是十月 / evening of the 30th in universal time is October here",
       contact("2018-09-30T16:00:00Z")),
    of("世界时八月三十一日傍晚已是九月 / evening of 31 August in universal time is September here",
       contact("2018-08-31T16:00:00Z"), made=("2018-09-01",)),
    of("二月二十八日 / the last day of February",
       contact("2019-02-28 23:59"), contact("2019-03-01 00:00"), made=("2019-02-28",), month="2019-02"),
    of("闰年二月二十九日 / the last day of a leap year's February",
       contact("2020-02-29 10:00"), contact("2020-02-01 10:00"), made=("2020-02-01", "2020-02-29"), month="2020-02", state="met"),
    of("十二月不接着明年一月 / December does not run on into January",
       contact("2018-12-31 23:59"), contact("2019-01-01 00:00"), made=("2018-12-31",), month="2018-12"),
    of("一月不接着去年十二月 / nor January back into December",
       contact("2018-12-31 23:59"), contact("2019-01-01 00:00"), made=("2019-01-01",), month="2019-01"),
    # --- late
    of("下月五日当天到还及时 / in on the 5th of the next month is in time",
       contact("09-28 10:00", received="10-05 23:59:59"), made=("2018-09-28",)),
    of("下月六日到，算，标迟到 / in on the 6th counts and is late",
       contact("09-28 10:00", received="10-06 00:00"), made=("2018-09-28",), late=("2018-09-28",)),
    of("迟到的也能走够 / what is late still makes the month",
       contact("09-03 10:00"), contact("09-28 10:00", received="10-20"), made=("2018-09-03", "2018-09-28"),
       late=("2018-09-28",), state="met"),
    of("同一天一次及时一次迟到，不算迟到 / one in time and one late on one day are in time",
       contact("09-28 08:00", received="10-20"), contact("09-28 18:00"), made=("2018-09-28",)),
    of("十二月的到一月五日 / December's are in time until 5 January",
       contact("2018-12-28 10:00", received="2019-01-05 12:00"), contact("2018-12-29 10:00", received="2019-01-06 12:00"),
       made=("2018-12-28", "2018-12-29"), late=("2018-12-29",), state="met", month="2018-12"),
    of("县里定十日截止 / a county whose grace ends on the 10th",
       contact("09-28 10:00", received="10-10"), made=("2018-09-28",), rules={"late_day": 10}),
    of("日子写在将来，还没有走 / a call dated in the future was not made yet", contact("09-28 10:00", on="09-03", received="09-03"), now="09-03"),
    of("手机时钟快了几分钟没关系 / a clock some minutes fast does not matter",
       contact("09-03 10:09", on="09-03 10:00", received="09-03 10:00"), made=("2018-09-03",), now="09-03 10:00"),
    # --- how long the link ran
    linked("十五日开始还欠两次 / begun on the 15th it owes two", 2, since="09-15"),
    linked("十六日开始只欠一次 / begun after the 15th it owes one", 1, since="09-16"),
    linked("最后一天开始欠一次 / begun on the last day it owes one", 1, since="09-30"),
    linked("下月才开始不欠 / begun next month it owes nothing", 0, since="10-01"),
    linked("十五日结束欠两次 / ended on the 15th it owes two", 2, until="09-15"),
    linked("十四日结束只欠一次 / ended before the 15th it owes one", 1, until="09-14"),
    linked("第一天结束欠一次 / ended on the first day it owes one", 1, until="09-01"),
    linked("上月已结束不欠 / ended last month it owes nothing", 0, until="08-31"),
    linked("月中十天也要两次 / ten days around the middle owe two", 2, since="09-10", until="09-20"),
    linked("后半月几天只要一次 / a few days late in the month owe one", 1, since="09-20", until="09-25"),
    linked("倒着写的日期不欠 / an end before the beginning owes nothing", 0, since="09-20", until="09-10"),
    of("联户以前走的不算 / a call before the link began is none",
       contact("09-10 10:00"), contact("09-20 10:00"), owed=1, made=("2018-09-20",), state="met", link=link("陆", since="09-16")),
    of("结束以后走的不算 / nor one after it ended",
       contact("09-15 10:00"), contact("09-20 10:00"), owed=1, made=(), state="open", link=link("陆", until="09-14")),
    of("结束当天走的还算 / one on its last day counts",
       contact("09-14 10:00"), owed=1, made=("2018-09-14",), state="met", link=link("陆", until="09-14")),
    # --- exempt
    linked("全月生病免访 / ill all month", 0, state="exempt", exempt_from="2018-08-01", exempt_to="2018-10-31", exempt_reason="ill"),
    linked("没写到哪天就一直免 / an exemption without an end goes on", 0, state="exempt", exempt_from="2018-08-01", exempt_reason="away"),
    linked("只写了原因就一直免 / an exemption without days is for good", 0, state="exempt", exempt_reason="age"),
    linked("病到十四日，欠两次 / ill until the 14th owes two", 2, exempt_from="2018-08-01", exempt_to="2018-09-14", exempt_reason="ill"),
    linked("病到十五日，欠一次 / ill until the 15th owes one", 1, exempt_from="2018-08-01", exempt_to="2018-09-15", exempt_reason="ill"),
    linked("十四日起外出，欠一次 / away from the 14th on owes one", 1, exempt_from="2018-09-14", exempt_reason="away"),
    linked("十六日起外出，欠两次 / away from the 16th on owes two", 2, exempt_from="2018-09-16", exempt_reason="away"),
    linked("上月的病不影响本月 / last month's illness is over", 2, exempt_from="2018-07-01", exempt_to="2018-08-31", exempt_reason="ill"),
    linked("下月才外出不影响本月 / next month's absence has not begun", 2, exempt_from="2018-10-01", exempt_reason="away"),
    linked("二日病到二十九日，只剩头尾两天，欠一次 / ill from the 2nd to the 29th owes one", 1,
           exempt_from="2018-09-02", exempt_to="2018-09-29", exempt_reason="ill"),
    linked("月中免十五天，还剩十五天，欠两次 / with fifteen days left it owes two", 2,
           exempt_from="2018-09-08", exempt_to="2018-09-22", exempt_reason="away"),
    linked("月中免十六天，只剩十四天，欠一次 / with fourteen days left it owes one", 1,
           exempt_from="2018-09-08", exempt_to="2018-09-23", exempt_reason="away"),
    linked("月中联户十一天，病了一天，欠一次 / of eleven days in the middle one ill owes one", 1,
           since="09-10", until="09-20", exempt_from="2018-09-12", exempt_to="2018-09-12", exempt_reason="ill"),
    linked("免的日子都在联户以前，不减 / exempt only before the link began owes all", 2,
           since="09-10", until="09-20", exempt_from="2018-09-01", exempt_to="2018-09-09", exempt_reason="ill"),
    linked("县里定四次，只剩头尾两天，也只欠一次 / of four a month with two days left it owes one", 1,
           exempt_from="2018-09-02", exempt_to="2018-09-29", exempt_reason="ill", rules={"visits_a_month": 4}),
    linked("县里定月半是十日，剩十四天就欠两次 / a county whose half month is ten days", 2,
           exempt_from="2018-09-08", exempt_to="2018-09-23", exempt_reason="away", rules={"half_month_day": 10}),
    of("二月病到十四日，还剩十四天，欠一次 / ill until 14 February owes one", owed=1, month="2019-02",
       link=link("陆", exempt_from="2019-02-01", exempt_to="2019-02-14", exempt_reason="ill")),
    of("二月病到十三日，还剩十五天，欠两次 / ill until 13 February owes two", owed=2, month="2019-02",
       link=link("陆", exempt_from="2019-02-01", exempt_to="2019-02-13", exempt_reason="ill")),
    linked("县里不认的原因不免 / a reason the county does not know is none", 2, exempt_reason="other",
           rules={"exempt_reasons": ["ill", "away"]}),
    of("免访还是走了，记着 / exempt and called all the same",
       contact("09-10 10:00"), owed=0, made=("2018-09-10",), state="exempt", link=link("陆", exempt_reason="ill")),
    # --- a county's own number
    of("县里定每月一次 / a county that asks for one", contact("09-03 10:00"), owed=1, made=("2018-09-03",), state="met",
       rules={"visits_a_month": 1}),
    linked("县里定四次，后半月开始只欠一次 / of four a month a late beginning owes one", 1, since="09-16", rules={"visits_a_month": 4}),
    linked("县里定零次就不欠 / a county that asks for none", 0, rules={"visits_a_month": 0}),
    of("县里也认电话 / a county that counts telephone calls", contact("09-03 10:00", mode="phone"), made=("2018-09-03",),
       rules={"modes": ["home", "phone"]}),
    linked("只有十五日一天，欠不到两次 / a link of one day cannot owe two", 1, since="09-15", until="09-15"),
]
# fmt: on
