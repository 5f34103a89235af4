"""Coverage of a campaign, case by case (DOMAIN 4.2): households, visits, and how many of the one were reached by the other.

Read a line as: ``visited/households`` in all (`total`) and by category (`rows`); `more` is what is counted apart. The campaign runs through
September and asks for the six categories of 2018 unless `campaign` says otherwise; `day` is the evening on which it is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.records import Write, household, ident, visit

POOR, KEY, LOW = "registered_poor", "key", "low_allowance"


@dataclass(frozen=True)
class CoverageCase:
    name: str
    wrote: tuple[Write, ...]
    total: str
    rows: Mapping[str, str] = field(default_factory=dict)
    """Categories that are not ``0/0``."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Figures that are not nought."""
    day: str = "09-30"
    campaign: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)


def of(name: str, *wrote: Write, total: str, rows: Mapping[str, str] | None = None, day: str = "09-30",
       campaign: Mapping[str, Any] | None = None, rules: Mapping[str, Any] | None = None, **more: Any) -> CoverageCase:  # fmt: skip
    return CoverageCase(name, wrote, total, rows or {}, more, day, campaign or {}, rules or {})


A, B = household("甲户", POOR), household("乙户", POOR)
SEEN = visit("09-03 10:00", "09-03 10:40")
CLOSED = tuple(visit(f"09-0{day} 10:00", mode="not_home") for day in (3, 4, 5))

# fmt: off
CASES = [
    of("两户走了一户 / one of two", A, B, SEEN, total="1/2", rows={POOR: "1/2"}, visits=1),
    of("一户没走 / none", A, B, total="0/2", rows={POOR: "0/2"}),
    of("都走了是百分之百 / all of them", A, SEEN, total="1/1", rows={POOR: "1/1"}, visits=1),
    of("一户走两次算一户 / one household visited twice is one", A, B, SEEN, visit("09-10 10:00", "09-10 10:40"), total="1/2",
       rows={POOR: "1/2"}, visits=2),
    of("两台手机记同一次也算一户 / one visit on two phones is one household", A, SEEN, visit("09-03 10:05", "09-03 10:45", by="农"),
       total="1/1", rows={POOR: "1/1"}, visits=2),
    of("一户三类，各类都算，合计一次 / three categories: in each row, once in the total",
       household("甲户", POOR, KEY, LOW), B, SEEN, total="1/2", rows={POOR: "1/2", KEY: "1/1", LOW: "1/1"}, visits=1),
    of("一般农户不在名册上 / a general household is not asked for", household("甲户", "general"), SEEN, total="0/0"),
    of("一般农户同时是低保，在册 / general and low allowance is", household("甲户", "general", LOW), SEEN, total="1/1", rows={LOW: "1/1"}, visits=1),
    of("没写类别的不在册 / without categories it is not", household("甲户"), household("乙户").then("09-01", categories=None), SEEN, total="0/0"),
    of("一户也没有，没有百分比 / nobody to visit is no per cent", total="0/0"),
    of("脱贫户还是贫困户 / exited from poverty it is still visited as poor", household("甲户", "exited_poor"), SEEN, total="1/1",
       rows={POOR: "1/1"}, visits=1),
    of("又是贫困户又是脱贫户算一次 / poor in two years' words is poor once", household("甲户", POOR, "exited_poor"), SEEN, total="1/1",
       rows={POOR: "1/1"}, visits=1),
    of("别的年份的类别不在册 / another year's category is not asked for", household("甲户", "sudden_hardship"), SEEN, total="0/0"),
    # --- which visits
    of("电话另计 / a telephone call is counted apart", A, visit("09-03 10:00", "09-03 10:40", mode="phone"), total="0/1", rows={POOR: "0/1"}, by_phone=1),
    of("家中无人另计 / an empty house too", A, *CLOSED[:2], total="0/1", rows={POOR: "0/1"}, not_home=2),
    of("三次家中无人，列出来约时间 / three times nobody home: arrange it", A, *CLOSED, total="0/1", rows={POOR: "0/1"}, not_home=3,
       arrange={ident("household", "甲户")}),
    of("后来走到了，不用再约 / visited after all", A, *CLOSED, visit("09-09 10:00", "09-09 10:40"), total="1/1", rows={POOR: "1/1"}, visits=1, not_home=3),
    of("三次无人后打了电话，还列着 / a telephone call does not take it off the list", A, *CLOSED, visit("09-09 10:00", "09-09 10:40", mode="phone"),
       total="0/1", rows={POOR: "0/1"}, not_home=3, by_phone=1, arrange={ident("household", "甲户")}),
    of("县里定两次无人就约 / a county that arranges after two", A, *CLOSED[:2], total="0/1", rows={POOR: "0/1"}, not_home=2,
       arrange={ident("household", "甲户")}, rules={"visit": {"not_home_limit": 2}}),
    of("时间不足等认定的，先不算 / short and waiting does not count yet", A, visit("09-03 10:00", "09-03 10:20", short_reason="老人看病"),
       total="0/1", rows={POOR: "0/1"}, short_waiting=1),
    of("没看全又时间不足，等的不是乡镇 / short and not all answered does not wait for the township",
       A, visit("09-03 10:00", "09-03 10:20", short_reason="老人看病", without=("morale_status",)), total="0/1", rows={POOR: "0/1"}),
    of("时间不足认可了就算 / short and accepted counts", A, visit("09-03 10:00", "09-03 10:20", short_review="accepted"),
       total="1/1", rows={POOR: "1/1"}, visits=1),
    of("没看全的不算 / not all checks answered", A, visit("09-03 10:00", "09-03 10:40", without=("morale_status",)), total="0/1", rows={POOR: "0/1"}),
    of("同一人同时在两户，两户都不算 / in two households at once neither counts", A, B, SEEN, visit("09-03 10:30", "09-03 11:10", home="乙户"),
       total="0/2", rows={POOR: "0/2"}),
    of("删掉的走访不算 / a removed visit does not count", A, SEEN, SEEN.then("09-04", removed=True), total="0/1", rows={POOR: "0/1"}),
    of("没写农户的走访不算 / a visit to nobody", A, visit("09-03 10:00", "09-03 10:40", home=None), total="0/1", rows={POOR: "0/1"}),
    # --- of this campaign
    of("活动第一天 / on the first day", A, visit("09-01 00:00", "09-01 00:40"), total="1/1", rows={POOR: "1/1"}, visits=1),
    of("活动前一天 / the day before", A, visit("08-31 23:00", "08-31 23:40"), total="0/1", rows={POOR: "0/1"}),
    of("活动最后一天 / on the last day", A, visit("09-30 23:10", "09-30 23:50"), total="1/1", rows={POOR: "1/1"}, visits=1),
    of("活动结束以后 / after the end", A, visit("10-01 00:00", "10-01 00:40"), total="0/1", rows={POOR: "0/1"}, day="10-31"),
    of("写明是这次活动的就算 / it names the campaign", A, visit("09-03 10:00", "09-03 10:40", purposes=["recheck"], campaign=ident("campaign", "大走访")),
       total="1/1", rows={POOR: "1/1"}, visits=1),
    of("写明是别的活动的不算 / it names another", A, visit("09-03 10:00", "09-03 10:40", campaign=ident("campaign", "别的")), total="0/1", rows={POOR: "0/1"}),
    of("只是联户的走访不算大走访 / a party link's visit only", A, visit("09-03 10:00", "09-03 10:40", purposes=["party_link"]), total="0/1", rows={POOR: "0/1"}),
    of("既是大走访又是联户，算 / both at once", A, visit("09-03 10:00", "09-03 10:40", purposes=["party_link", "campaign"]), total="1/1",
       rows={POOR: "1/1"}, visits=1),
    of("没有结束日期的活动一直算 / a campaign without an end goes on", A, visit("12-03 10:00", "12-03 10:40"), total="1/1", rows={POOR: "1/1"}, visits=1,
       day="12-31", campaign={"ends": ""}),
    of("看那天晚上为止 / as it was on an evening", A, visit("09-11 10:00", "09-11 10:40"), total="0/1", rows={POOR: "0/1"}, day="09-10"),
    of("严格的活动，认可了也不算 / a strict campaign", A, visit("09-03 10:00", "09-03 10:20", short_review="accepted"), total="0/1", rows={POOR: "0/1"},
       campaign={"strict": True}),
    # --- which households
    of("活动只要低保户 / a campaign for low allowance only", household("甲户", POOR, LOW), B, SEEN, total="1/1", rows={LOW: "1/1"}, visits=1,
       campaign={"must_visit": [LOW]}),
    of("活动用别的年份的说法 / a campaign in another year's words", A, SEEN, total="1/1", rows={POOR: "1/1"}, visits=1,
       campaign={"must_visit": ["exited_poor"]}),
    of("活动没写类别，按规则 / a campaign that names none takes the policy's", A, SEEN, total="1/1", rows={POOR: "1/1"}, visits=1,
       campaign={"must_visit": []}),
    of("整户迁出，有原因，不再算 / moved away, with the reason", A, household("乙户", POOR, left_reason="moved"), SEEN, total="1/1",
       rows={POOR: "1/1"}, visits=1, left=1),
    of("没有原因不能销户 / without a reason it stays", A, household("乙户", POOR, left_on="2018-09-01"), SEEN, total="1/2", rows={POOR: "1/2"}, visits=1),
    of("销户日期还没到，还算 / not gone yet", A, household("乙户", POOR, left_reason="moved", left_on="2018-09-11"), total="0/2", rows={POOR: "0/2"}, day="09-10"),
    of("销户当天就不算 / gone that day", A, household("乙户", POOR, left_reason="died_out", left_on="2018-09-10"), total="0/1", rows={POOR: "0/1"}, left=1, day="09-10"),
    of("走访以后才迁出，走访还算 / visited and then gone: the visit was made", household("甲户", POOR, left_reason="moved", left_on="2018-09-20"), SEEN,
       total="1/1", rows={POOR: "1/1"}, visits=1),
    of("原因撤回，还要走 / the reason taken back", household("甲户", POOR, left_reason="moved"), household("甲户").then("09-05", left_reason=None, categories=[POOR]),
       total="0/1", rows={POOR: "0/1"}),
]
# fmt: on
