"""Clean-up scores and rebounds, case by case (DOMAIN 4.7, 5.5): the checks of one place, and what the last of them is told.

Read a line as: after these checks the last one has `total` points, `passed` or not (None: not all scored, so no verdict), and slipped back for
the reasons in `rebound`. `again` is the day by which it is to be looked at again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.records import Write, check


@dataclass(frozen=True)
class ReboundCase:
    name: str
    wrote: tuple[Write, ...]
    rebound: tuple[str, ...] = ()
    passed: bool | None = True
    total: float | None = None
    good: bool | None = False
    again: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)


def of(name: str, *wrote: Write, **more: Any) -> ReboundCase:
    return ReboundCase(name, wrote, **more)


def village(on: str, points: float, **more: Any) -> Write:
    return check(on, points, target="village", home=None, **more)


def hamlet(on: str, points: float, name: str, **more: Any) -> Write:
    return check(on, points, target="hamlet", home=None, hamlet=name, name=f"{name} {on}", **more)


# fmt: off
CASES = [
    # --- one check
    of("八十分合格 / eighty is a pass", check("09-01", 80), total=80),
    of("七十九分半不合格 / half a point less fails", check("09-01", 79.5), total=79.5, passed=False, again="2018-10-01"),
    of("九十分优良 / ninety is good", check("09-01", 90), total=90, good=True),
    of("八十九分半合格但不优良 / half a point less is a pass and not good", check("09-01", 89.5), total=89.5),
    of("满分一百 / full marks", check("09-01", 100), total=100, good=True),
    of("零分也是分 / nought is a score", check("09-01", 0), total=0, passed=False, again="2018-10-01"),
    of("有红线一百分也不合格 / a red line fails a hundred points",
       check("09-01", 100, red=["open_dump"]), total=100, passed=False, again="2018-10-01"),
    of("县里新加的红线也是红线 / a red line of a newer list fails it too",
       check("09-01", 100, red=["dead_pigs"]), total=100, passed=False, again="2018-10-01"),
    of("有一项没打分，没有结论 / one item not scored leaves it without a verdict",
       check("09-01", 95, unscored=["e7_animals"]), total=95, passed=None, good=None),
    of("没打分但有红线，不合格 / not all scored and a red line fails",
       check("09-01", 95, unscored=["e7_animals"], red=["burning"]), passed=False, again="2018-10-01"),
    of("分数清掉等于没打 / a cleared score is none",
       check("09-01", 95, e7_animals=None), total=95, passed=None, good=None),
    of("超过满分按满分算 / more than the full mark counts as the full mark",
       check("09-01", 70, e1_house=60.0), total=70, passed=False, again="2018-10-01"),
    of("村里的评分表也是一百分 / the village's sheet", village("09-01", 100), total=100, good=True),
    of("屯按村的评分表 / a hamlet goes by the village's sheet", hamlet("09-01", 85, "那练屯"), total=85),
    of("没写评分标准就按对象的表 / without its version a check goes by its target's sheet",
       check("09-01", 85, rubric_version=None), total=85),
    # --- slipping back
    of("第一次检查没有反弹 / a first check has nothing to slip from", check("09-01", 60), passed=False, again="2018-10-01"),
    of("上次合格这次不合格 / passed last time, fails now",
       check("09-01", 82), check("09-20", 79), rebound=("below_pass",), passed=False, again="2018-10-20"),
    of("上次就不合格，还是不合格，不算反弹 / failed before and fails again",
       check("09-01", 70), check("09-20", 65), passed=False, again="2018-10-20"),
    of("低十分就是反弹，合格也是 / ten points lower is a rebound though it passes",
       check("09-01", 95), check("09-20", 85), rebound=("drop",), again="2018-10-20"),
    of("低九分半不算 / nine and a half are not", check("09-01", 95), check("09-20", 85.5)),
    of("零头相减也是整十分 / ten points lower with fractions",
       check("09-01", 70.6), check("09-20", 60.6), rebound=("drop",), passed=False, again="2018-10-20"),
    of("又低十分又不合格，两条都说 / both lower by ten and below the mark",
       check("09-01", 90), check("09-20", 70), rebound=("below_pass", "drop"), passed=False, again="2018-10-20"),
    of("出现红线 / a red line that was not there",
       check("09-01", 95), check("09-20", 95, red=["sewage"]), rebound=("below_pass", "red_line"), passed=False, again="2018-10-20"),
    of("上次就有这条红线，没有新的 / the same red line is no new one",
       check("09-01", 95, red=["sewage"]), check("09-20", 95, red=["sewage"]), passed=False, again="2018-10-20"),
    of("换了一条红线 / another red line is a new one",
       check("09-01", 95, red=["sewage"]), check("09-20", 95, red=["burning"]), rebound=("red_line",), passed=False, again="2018-10-20"),
    of("红线好了又来 / a red line that went and came back",
       check("09-01", 95, red=["sewage"]), check("09-20", 95), check("10-10", 95, red=["sewage"]),
       rebound=("below_pass", "red_line"), passed=False, again="2018-11-09"),
    of("分数上升没有反弹 / better is no rebound", check("09-01", 80), check("09-20", 95), good=True),
    of("第九十天还看 / on the ninetieth day it is compared",
       check("2018-09-01", 95), check("2018-11-30", 70), rebound=("below_pass", "drop"), passed=False, again="2018-12-30"),
    of("第九十一天不看了 / on the ninety-first it is not",
       check("2018-09-01", 95), check("2018-12-01", 70), passed=False, again="2018-12-31"),
    of("只和上一次比，不和上上次比 / compared with the last one, not with the one before",
       check("09-01", 95), check("09-10", 88), check("09-20", 80)),
    of("先写后写按检查时间排 / by when they were checked, not by when they were written",
       check("09-20", 70), check("09-01", 95, saved="09-25"),
       rebound=("below_pass", "drop"), passed=False, again="2018-10-20"),
    # --- what may be compared
    of("评分标准换了版本不比 / another version of the sheet is not compared",
       check("09-01", 95, version="household-2017"), check("09-20", 70), passed=False, again="2018-10-20"),
    of("中间隔了别的版本，和同版本的上一次比 / the last one by the same version",
       check("09-01", 95), check("09-10", 60, version="household-2019"), check("09-20", 70),
       rebound=("below_pass", "drop"), passed=False, again="2018-10-20"),
    of("别家的检查不比 / another household's check is not compared",
       check("09-01", 95, home="乙户"), check("09-20", 70), passed=False, again="2018-10-20"),
    of("村和屯各比各的 / village and hamlet each by itself",
       village("09-01", 95), hamlet("09-20", 70, "那练屯"), passed=False, again="2018-10-20"),
    of("两个屯各比各的 / each hamlet by itself",
       hamlet("09-01", 95, "百马屯"), hamlet("09-20", 70, "那练屯"), passed=False, again="2018-10-20"),
    of("屯名前后的空格不算 / blanks round a hamlet's name are nothing",
       hamlet("09-01", 95, "那练屯"), hamlet("09-20", 70, " 那练屯 "), rebound=("below_pass", "drop"), passed=False, again="2018-10-20"),
    of("没打完分的不比分数 / a check not all scored is not compared by points",
       check("09-01", 95), check("09-20", 60, unscored=["e1_house"]), passed=None, good=None),
    of("没打完分也能看出新红线 / though a new red line shows in it",
       check("09-01", 95), check("09-20", 60, unscored=["e1_house"], red=["open_dump"]),
       rebound=("below_pass", "red_line"), passed=False, again="2018-10-20"),
    of("中间一次没打完，和打完的那次比 / a check not all scored does not hide the slip",
       check("09-01", 95), check("09-10", 60, unscored=["e1_house"]), check("09-20", 70),
       rebound=("below_pass", "drop"), passed=False, again="2018-10-20"),
    of("不合格以后一次没打完，还要复查 / a check not all scored does not lift the duty to look again",
       check("09-01", 60), check("09-10", 60, unscored=["e1_house"]), passed=None, good=None, again="2018-10-01"),
    # --- what a county sets
    of("县里定七十分合格 / a county whose pass is seventy", check("09-01", 70), rules={"pass_mark": 70}),
    of("县里定三十天内看反弹 / a county that looks back thirty days",
       check("2018-09-01", 95), check("2018-10-02", 70), passed=False, again="2018-11-01", rules={"rebound_days": 30}),
    of("县里定低五分就是反弹 / a county that calls five points a rebound",
       check("09-01", 95), check("09-20", 90), rebound=("drop",), good=True, again="2018-10-20", rules={"rebound_drop": 5}),
    of("县里定十天内复查 / a county that looks again within ten days", check("09-01", 60), passed=False, again="2018-09-11",
       rules={"recheck_days": 10}),
]
# fmt: on
