"""Visit length and what counts, case by case (DOMAIN 4.1, 4.2, 4.4): what was written, and what each visit is told.

Read a line as: these visits were written; the rules say of each in turn `told` ("counts", or why not, worst first) and show `minutes`.
`now` is when the list is looked at; `rules` are a county's overrides, `campaign` the campaign's own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.records import Write, contact, visit

REASON = {"short_reason": "老人要去看病"}


@dataclass(frozen=True)
class LengthCase:
    name: str
    wrote: tuple[Write, ...]
    told: tuple[str, ...]
    minutes: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    """Of the first visit: what is worth a look though it counts."""
    now: str = "09-30"
    rules: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)


def of(
    name: str, *wrote: Write, told: str | tuple[str, ...], minutes: int | tuple[int, ...] = (), **more: Any
) -> LengthCase:
    told = told if isinstance(told, tuple) else (told,)
    return LengthCase(name, wrote, told, minutes if isinstance(minutes, tuple) else (minutes,), **more)


def edited(first: Write, on: str, by: str = "", **values: Any) -> tuple[Write, Write]:
    """A visit, and a later change to it."""
    return first, first.then(on, by, **values)


# fmt: off
CASES = [
    # --- thirty minutes
    of("整整三十分钟算够 / exactly thirty minutes is enough", visit("10:00", "10:30"), told="counts", minutes=30),
    of("差一秒不够 / one second less is short", visit("10:00:00", "10:29:59"), told="short_unexplained", minutes=29),
    of("多一秒当然够 / one second more is enough", visit("10:00:00", "10:30:01"), told="counts", minutes=30),
    of("秒数从中间算起也一样 / from the middle of a second to the middle of a second",
       visit("10:00:42.290", "10:30:42.290"), told="counts", minutes=30),
    of("一进门就走不够 / in and out again is short", visit("10:00", "10:00"), told="short_unexplained", minutes=0),
    of("世界时写的也按县里的时间算 / written in universal time it is the same moment",
       visit("2018-09-03T02:00:00Z", "2018-09-03T10:30:00+08:00"), told="counts", minutes=30),
    of("跨过半夜也是一次走访 / a visit over midnight is one visit",
       visit("09-03 23:50", "09-04 00:20"), told="counts", minutes=30),
    # --- short
    of("时间不足写了原因，等乡镇认定 / short with a reason waits for the township",
       visit("10:00", "10:20", **REASON), told="short_waiting", minutes=20),
    of("原因只打了空格等于没写 / blanks are no reason",
       visit("10:00", "10:20", short_reason="  "), told="short_unexplained"),
    of("原因写了又清掉等于没写 / a reason taken back is no reason",
       *edited(visit("10:00", "10:20", **REASON), "10:25", short_reason=None), told="short_unexplained"),
    of("乡镇认可了就算，时间不加长 / accepted by the township it counts and is not lengthened",
       *edited(visit("10:00", "10:20", **REASON), "09-04", "陈", short_review="accepted"), told="counts", minutes=20),
    of("乡镇不认可就不算 / declined by the township it does not count",
       *edited(visit("10:00", "10:20", **REASON), "09-04", "陈", short_review="declined"), told="short_declined", minutes=20),
    of("乡镇先不认可后来认可，按后来的 / the township's later word stands",
       *edited(visit("10:00", "10:20", **REASON, short_review="declined"), "09-04", "陈", short_review="accepted"),
       told="counts"),
    of("没写原因乡镇也可以认可 / the township may accept without a written reason",
       *edited(visit("10:00", "10:20"), "09-04", "陈", short_review="accepted"), told="counts"),
    of("够时间的不用认可 / a declined review does not hurt a visit that is long enough",
       visit("10:00", "10:30", short_review="declined"), told="counts"),
    # --- pauses
    of("三十四分钟里停了五分钟，不够 / five minutes of pause in thirty-four leave too little",
       visit("10:00", "10:34", pauses=[("10:10", "10:15")]), told="short_unexplained", minutes=29),
    of("三十五分钟里停了五分钟，刚够 / five minutes of pause in thirty-five leave enough",
       visit("10:00", "10:35", pauses=[("10:10", "10:15")]), told="counts", minutes=30),
    of("两段停顿都要扣 / two pauses are both taken off",
       visit("10:00", "10:40", pauses=[("10:25", "10:30"), ("10:10", "10:15")]), told="counts", minutes=30),
    of("两段停顿重叠只扣一次 / two pauses that overlap are taken off once",
       visit("10:00", "10:40", pauses=[("10:05", "10:10"), ("10:08", "10:12")]), told="counts", minutes=33),
    of("停顿里面的停顿不再扣 / a pause within a pause is not taken off again",
       visit("10:00", "10:40", pauses=[("10:05", "10:15"), ("10:07", "10:09")]), told="counts", minutes=30),
    of("停了没有再开始，扣到结束 / a pause never ended lasts to the end",
       visit("10:00", "10:40", pauses=[("10:20",)]), told="short_unexplained", minutes=20),
    of("走访以外的停顿不扣 / pauses before and after the visit take nothing off",
       visit("10:00", "10:30", pauses=[("09:00", "09:30"), ("10:30", "10:50")]), told="counts", minutes=30),
    of("跨过开头和结尾的停顿只扣里面的 / of pauses across the door only the part inside is taken off",
       visit("10:00", "10:40", pauses=[("09:50", "10:05"), ("10:35", "10:45")]), told="counts", minutes=30),
    of("倒着写的停顿不扣 / a pause that ends before it begins takes nothing off",
       visit("10:00", "10:30", pauses=[("10:20", "10:10")]), told="counts", minutes=30),
    of("计时器记的停顿按计时器扣 / a pause by the timer is taken off by the timer",
       visit("10:00", "10:34", timer="34:00", pauses=[{"from_mono": 5060.0, "to_mono": 5360.0}]),
       told="short_unexplained", minutes=29),
    of("两种时钟都记了停顿，按计时器扣 / a pause by both clocks goes by the timer",
       visit("10:00", "10:40", timer="40:00",
             pauses=[{"from": "2018-09-03T10:00:00+08:00", "to": "2018-09-03T10:30:00+08:00", "from_mono": 5060.0, "to_mono": 5360.0}]),
       told="counts", minutes=35),
    of("看不懂的停顿不扣 / pauses that say nothing take nothing off",
       visit("10:00", "10:30", pauses=[{}, {"to": "2018-09-03T10:20:00+08:00"}, "停", None, 7, {"from": "上午"}, {"from": 5}]),
       told="counts", minutes=30),
    # --- the two clocks
    of("手机时间途中被调快，按计时器 / the clock put forward: the timer's word is taken",
       visit("10:00", "11:20", timer="20:00"), told="short_unexplained", minutes=20, remarks=("drift",)),
    of("手机时间途中被调慢，按计时器 / the clock put back: the timer's word is taken",
       visit("10:00", "10:05", timer="35:00", received="10:40"), told="counts", minutes=35, remarks=("drift",)),
    of("调慢到开始以前，计时器还在，照样算 / the clock put back before the beginning, the timer still tells",
       visit("10:00", "09:35", timer="35:00", on="10:00", received="10:40"), told="counts", minutes=35, remarks=("drift",)),
    of("两个时钟差两分钟以内不用提 / two minutes between the clocks are nothing to mark",
       visit("10:00", "10:40", timer="38:00"), told="counts", minutes=38),
    of("两个时钟差两分零一秒要标出来 / two minutes and a second are marked",
       visit("10:00:00", "10:40:01", timer="38:00"), told="counts", minutes=38, remarks=("drift",)),
    of("计时器刚好三十分钟也够 / thirty minutes by the timer are enough",
       visit("10:00", "10:30", timer="30:00"), told="counts", minutes=30),
    of("计时器差一秒，钟表够也不够 / one second less by the timer is short whatever the clock says",
       visit("10:00", "10:30", timer="29:59"), told="short_unexplained", minutes=29),
    of("途中重启，按钟表时间，标出来 / a restart on the way: the clock's word is taken and marked",
       visit("10:00", "10:30", started_mono=5000.0, clock_flag="reboot"), told="counts", minutes=30, remarks=("reboot",)),
    of("途中重启而钟表不够，就是不够 / a restart on the way and too short by the clock",
       visit("10:00:00", "10:29:59", started_mono=5000.0, clock_flag="reboot"), told="short_unexplained", minutes=29,
       remarks=("reboot",)),
    of("计时器变小说明重启过 / a timer that went back was restarted",
       visit("10:00", "10:30", started_mono=5000.0, ended_mono=60.0), told="counts", minutes=30, remarks=("reboot",)),
    of("手机说重启过，后来的计时器不作数 / after a restart the timer's later word is not taken",
       visit("10:00", "10:30", started_mono=5000.0, ended_mono=9000.0, clock_flag="reboot"), told="counts", minutes=30,
       remarks=("reboot",)),
    of("重启前后的停顿按钟表扣 / with a restart the pauses go by the clock",
       visit("10:00", "10:34", started_mono=5000.0, clock_flag="reboot", pauses=[("10:10", "10:15")]),
       told="short_unexplained", minutes=29, remarks=("reboot",)),
    # --- wrong and open times
    of("结束早于开始，没有时长 / it ends before it begins and has no length",
       visit("10:30", "10:00", on="10:31"), told="negative", minutes=0),
    of("还没有结束的不算 / a visit that has not ended does not count", visit("10:00"), told="unfinished", minutes=0),
    of("没有开始时间的不算 / a visit without a beginning does not count",
       visit("10:00", "10:40", without=("started_at",)), told="unfinished", minutes=0),
    of("十二小时整还算 / twelve hours are still a visit", visit("08:00", "20:00"), told="counts", minutes=720),
    of("超过十二小时自动结束，不算 / more than twelve hours closed by itself and does not count",
       visit("08:00:00", "20:00:01"), told="auto_closed"),
    of("四小时多一点照样算 / a little more than four hours counts", visit("08:00", "12:01"), told="counts", minutes=241),
    of("手机标了自动结束就不算 / what the phone marked as closed by itself does not count",
       visit("10:00", "10:40", clock_flag="auto_closed"), told="auto_closed", minutes=40),
    of("结束时间比到达时间晚十分钟以内可以 / it ends ten minutes after it arrived: a clock may be that wrong",
       visit("09:40", "10:10", on="10:00", received="10:00"), told="counts", now="10:00"),
    of("结束时间再晚，还没坐满，时钟错了 / it ends later than that: nobody has sat that long yet",
       visit("09:40", "10:10:01", on="10:00", received="10:00"), told="future", now="10:00"),
    of("开始时间在将来，时钟错了 / it begins in the future: a wrong clock",
       visit("10:10:01", "10:50", on="10:00", received="10:00"), told="future", now="10:00"),
    of("按写下和收到的时间看，不按今天 / it goes by when it was written and received, not by today",
       visit("10:10:01", "10:50", on="10:00", received="10:00"), told="future", now="09-30"),
    of("后来补了备注，还是那时没坐满 / a remark added later does not make it sat",
       *edited(visit("09:40", "10:50", on="10:00", received="10:00"), "09-04", remark="补记"), told="future"),
    of("后来改正了时间就算 / corrected later it counts",
       *edited(visit("09:40", "10:50", on="10:00", received="10:00"), "09-04", ended_at="2018-09-03T10:12:00+08:00"), told="counts", minutes=32),
    of("没走完先同步过一次，照样算 / synced once while it was open it counts all the same",
       *edited(visit("10:00", received="10:01"), "10:40", ended_at="2018-09-03T10:40:00+08:00"), told="counts", minutes=40),
    # --- where and how
    of("田间走访也算 / in the field counts", visit("10:00", "10:30", mode="field"), told="counts"),
    of("电话不算走访 / a telephone call is no visit", visit("10:00", "10:40", mode="phone"), told="mode"),
    of("家中无人不算走访 / an empty house is no visit", visit("10:00", "10:40", mode="not_home"), told="mode"),
    of("没写走访方式不算 / without its mode it does not count", visit("10:00", "10:40", without=("mode",)), told="mode"),
    of("电话短不用写原因 / nobody asks why a telephone call was short", visit("10:00", "10:02", mode="phone"), told="mode"),
    of("家中无人没有六必看可答 / nobody asks six checks of an empty house",
       visit("10:00", "10:01", mode="not_home", without=("morale_status",)), told="mode"),
    # --- the six checks
    of("六必看差一项不算 / one of the six checks missing", visit("10:00", "10:40", without=("morale_status",)), told="checks"),
    of("六必看清掉一项不算 / one of the six checks cleared", visit("10:00", "10:40", morale_status=None), told="checks"),
    of("不适用也是回答 / not applicable is an answer",
       visit("10:00", "10:40", documents_status="not_applicable"), told="counts"),
    of("查出问题写了说明 / an issue with its note",
       visit("10:00", "10:40", guarantees_status="issue", guarantees_note="屋顶漏雨"), told="counts"),
    of("查出问题没有写说明，提一下 / an issue without a note is worth a look and counts",
       visit("10:00", "10:40", guarantees_status="issue"), told="counts", remarks=("note",)),
    of("又没看全又不够时间，两条都说 / both missing checks and too short are said",
       visit("10:00", "10:20", without=("morale_status",)), told="checks+short_unexplained"),
    # --- two households at once
    of("同一人两户重叠一秒，两次都要改 / one second in two households at once: both are to be corrected",
       visit("10:00", "10:40"), visit("10:39:59", "11:20", home="乙户"), told=("overlapping", "overlapping"), minutes=(40, 40)),
    of("前后脚不算重叠 / back to back is no overlap",
       visit("10:00", "10:40"), visit("10:40", "11:20", home="乙户"), told=("counts", "counts")),
    of("一次在另一次里面也是重叠 / one within the other",
       visit("10:00", "12:00"), visit("10:30", "11:10", home="乙户"), told=("overlapping", "overlapping")),
    of("长的一次盖住后面两次，三次都标 / a long one over two later ones: all three",
       visit("10:00", "13:00"), visit("10:30", "11:10", home="乙户"), visit("12:00", "12:40", home="丙户"),
       told=("overlapping", "overlapping", "overlapping")),
    of("不同的人同一时间在两户没有问题 / two people in two households is nothing",
       visit("10:00", "10:40"), visit("10:10", "10:50", home="乙户", by="农"), told=("counts", "counts")),
    of("两人同去，其中一人又在别家 / of two who went together one was elsewhere too",
       visit("10:00", "10:40", others=["农"]), visit("10:10", "10:50", home="乙户", by="农"), told=("overlapping", "overlapping")),
    of("同一户两台手机同时记，不算一人两户 / one household on two phones is not two households",
       visit("10:00", "10:40", others=["农"]), visit("10:05", "10:45", by="农"), told=("counts", "counts")),
    of("电话和入户同时不算一人两户 / a telephone call meanwhile is no second household",
       visit("10:00", "10:40"), visit("10:10", "10:15", home="乙户", mode="phone"), told=("counts", "mode")),
    of("乡镇认可一次，只有那一次算 / the township accepts one of the two",
       *edited(visit("10:00", "10:40"), "09-04", "陈", short_review="accepted"), visit("10:30", "11:10", home="乙户"),
       told=("counts", "overlapping")),
    of("乡镇不认可 / the township declines one of the two",
       *edited(visit("10:00", "10:40"), "09-04", "陈", short_review="declined"), visit("10:30", "11:10", home="乙户"),
       told=("overlapping+short_declined", "overlapping")),
    of("本人把结束改早，两次都算 / corrected by who wrote it, both count",
       *edited(visit("10:00", "10:40"), "11:30", ended_at="2018-09-03T10:30:00+08:00"), visit("10:30", "11:10", home="乙户"),
       told=("counts", "counts"), minutes=(30, 40)),
    of("计时器记的走访，本人把结束改早，也都算 / one measured by the timer can be corrected too",
       *edited(visit("10:00", "10:40", timer="40:00"), "11:30", ended_at="2018-09-03T10:30:00+08:00"),
       visit("10:30", "11:10", home="乙户"), told=("counts", "counts")),
    of("按计时器没有重叠就不算 / by the timer they do not overlap",
       visit("10:00", "11:20", timer="35:00"), visit("10:40", "11:20", home="乙户"), told=("counts", "counts"), remarks=("drift",)),
    of("一次没有结束，不和别的重叠 / one that never ended overlaps nothing",
       visit("10:00"), visit("10:40", "11:20", home="乙户"), told=("unfinished", "counts")),
    of("自动结束的不知道多长，不和别的重叠 / one that closed by itself has no known length and overlaps nothing",
       visit("08:00", "20:30"), visit("10:00", "10:40", home="乙户"), told=("auto_closed", "counts")),
    of("手机标了自动结束的也不和别的重叠 / nor one that the phone closed",
       visit("08:00", "20:00", clock_flag="auto_closed"), visit("10:00", "10:40", home="乙户"), visit("15:00", "15:40", home="丙户"),
       told=("auto_closed", "counts", "counts")),
    of("正好十二小时不是自动结束，要改 / twelve hours did not close by themselves",
       visit("08:00", "20:00"), visit("10:00", "10:40", home="乙户"), told=("overlapping", "overlapping")),
    of("本人改正了结束时间，又看得出重叠 / once its writer said when it ended it is seen again",
       *edited(visit("08:00", "20:00", clock_flag="auto_closed"), "20:10", ended_at="2018-09-03T10:30:00+08:00", clock_flag=None),
       visit("10:00", "10:40", home="乙户"), told=("overlapping", "overlapping")),
    of("没写走访人员的不和别的重叠 / nobody named, nobody in two places",
       visit("10:00", "10:40", participants=[]), visit("10:10", "10:50", home="乙户"), told=("counts", "counts")),
    of("联户走访不占走访的时间 / a contact visit meanwhile is not measured",
       visit("10:00", "10:40"), contact("10:10", home="乙户", by="韦"), told="counts"),
    # --- together, and from paper
    of("几人同去是一次 / several people together are one visit",
       visit("10:00", "10:30", others=["农", "黄", "陆"]), told="counts", minutes=30),
    of("七天内补录 / entered from paper on the seventh day",
       visit("10:00", "10:40", entry_mode="retro", on="09-10 10:40"), told="counts"),
    of("超过七天补录，算，提一下 / entered later than that: counts, and is marked",
       visit("10:00", "10:40", entry_mode="retro", on="09-10 10:40:01"), told="counts", remarks=("late_entry",)),
    of("现场写的晚到不算补录 / written on the spot and synced late is not entered late",
       visit("10:00", "10:40", received="09-20"), told="counts"),
    of("三天内改动不用原因 / changed within seventy-two hours",
       *edited(visit("10:00", "10:40"), "09-06 10:40", summary="都好"), told="counts"),
    of("三天后改动没有原因 / changed later without a reason: counts, and is marked",
       *edited(visit("10:00", "10:40"), "09-06 10:40:01", summary="都好"), told="counts", remarks=("edited_late",)),
    of("三天后改动写了原因 / changed later with a reason",
       *edited(visit("10:00", "10:40"), "09-08", summary="都好", edit_reason="补上小结"), told="counts"),
    of("补录的从写下那天起算三天 / from paper the seventy-two hours run from the entry",
       *edited(visit("10:00", "10:40", entry_mode="retro", on="09-09"), "09-11", summary="都好"), told="counts"),
    of("乡镇认定不是本人改动 / the township's word is no change by its author",
       *edited(visit("10:00", "10:20", **REASON), "09-20", "陈", short_review="accepted"), told="counts"),
    # --- what a county or a campaign sets
    of("县里定二十分钟，二十分钟就够 / a county that asks for twenty minutes",
       visit("10:00", "10:20"), told="counts", rules={"visit": {"minimum_minutes": 20}}),
    of("活动定二十分钟，二十分钟就够 / a campaign that asks for twenty minutes",
       visit("10:00", "10:20"), told="counts", campaign={"minimum_minutes": 20}),
    of("活动定零分钟，坐一下也算 / a campaign that asks for none", visit("10:00", "10:00"), told="counts", campaign={"minimum_minutes": 0}),
    of("活动定四十分钟，三十分钟就不够 / a campaign that asks for forty",
       visit("10:00", "10:30"), told="short_unexplained", campaign={"minimum_minutes": 40}),
    of("严格的活动短的一律不计 / a strict campaign takes no short visit, accepted or not",
       *edited(visit("10:00", "10:20", **REASON), "09-04", "陈", short_review="accepted"), told="short", campaign={"strict": True}),
    of("县里定短的也计 / a county that counts short visits",
       visit("10:00", "10:20"), told="counts", rules={"visit": {"short_visits": "count"}}),
    of("短的也计，但一人两户还是要改 / even there two households at once are to be corrected",
       visit("10:00", "10:40"), visit("10:30", "11:10", home="乙户"), told=("overlapping", "overlapping"),
       rules={"visit": {"short_visits": "count"}}),
    of("县里定短的一律不计 / a county that takes no short visit",
       visit("10:00", "10:20", short_review="accepted"), told="short", rules={"visit": {"short_visits": "never"}}),
    of("县里定八小时自动结束 / a county that closes after eight hours",
       visit("08:00", "16:01"), told="auto_closed", rules={"visit": {"close_after_hours": 8}}),
    of("县里也认电话 / a county that counts telephone calls",
       visit("10:00", "10:30", mode="phone"), told="counts", rules={"visit": {"modes": ["home", "phone"]}}),
]
# fmt: on
