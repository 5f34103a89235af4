"""The due list, case by case (DOMAIN 4.2, 4.3, 4.5, 4.7): what somebody holds, and what is due where, most urgent first.

Read a line as: on the morning of `now`, 农 (or `who`) finds these places, each with what is due there in this order. What waits for somebody else
says "of others" and stands only where something waits for the reader; "村" is the village itself. The campaign runs through September.
"""

from dataclasses import dataclass

from shared.rules.due import Person
from tests.rules.records import (
    Write,
    accepted,
    asked,
    assigned,
    campaign,
    check,
    contact,
    device,
    duplicate,
    escalated,
    explained,
    failed,
    fixed,
    household,
    link,
    policy,
    problem,
    reopened,
    reported,
    started,
    story,
    verified,
    visit,
)

NONG = Person(frozenset({"农", "user-9"}), device("农"))
DESK = Person(frozenset({"陈"}), device("陈"), "township")


@dataclass(frozen=True)
class DueCase:
    name: str
    wrote: tuple[Write, ...]
    due: tuple[str, ...] = ()
    now: str = "09-10 08:00"
    who: Person = NONG
    until: tuple[str, ...] = ()
    """The days until which, place by place."""


def of(
    name: str, *wrote: Write, due: str | tuple[str, ...] = (), until: str | tuple[str, ...] = (), **more: object
) -> DueCase:
    due, until = (due,) if isinstance(due, str) else due, (until,) if isinstance(until, str) else until
    return DueCase(name, wrote, due, until=until, **more)  # type: ignore[arg-type]


RUN = campaign()
A, B = household("甲户", "registered_poor"), household("乙户", "registered_poor")
GENERAL = household("甲户", "general")
PROBLEM = problem()
BEGUN = (reported(), accepted(), assigned())
RING = (
    PROBLEM, *story(reported(), duplicate("住房")),
    problem("住房"), *story(reported(of="住房", name="其一"), duplicate("饮水", of="住房", name="其二")),
)  # fmt: skip
"""Each was found to repeat the other."""
SEEN = visit("09-05 10:00", "09-05 10:40")
CLOSED = tuple(visit(f"09-0{day} 10:00", mode="not_home") for day in (3, 4, 5))

# fmt: off
CASES = [
    # --- visits
    of("要走的还没走 / not visited yet", RUN, A, due="甲户: visit", until="2018-09-30"),
    of("走过了就没有了 / visited", RUN, A, SEEN),
    of("一般农户不用走 / a general household", RUN, GENERAL),
    of("没有活动就不用走 / no campaign", A),
    of("活动还没开始 / before it begins", RUN, A, now="08-31 08:00"),
    of("活动最后一天还要走 / on its last day", RUN, A, now="09-30 23:00", due="甲户: visit"),
    of("活动结束了 / after its end", RUN, A, now="10-01 08:00"),
    of("活动还是草稿 / a draft campaign", campaign(state="draft"), A),
    of("活动已结束 / a closed campaign", campaign(state="closed"), A),
    of("活动收尾还要走 / while it is closing", campaign(state="closing"), A, due="甲户: visit"),
    of("活动没写结束日期 / a campaign without an end", campaign(ends=""), A, due="甲户: visit"),
    of("整户迁出不用走 / a household that left", RUN, household("甲户", "registered_poor", left_reason="moved")),
    of("下月才迁出，现在还要走 / one that leaves later", RUN, household("甲户", "registered_poor", left_reason="moved", left_on="2018-09-20"), due="甲户: visit"),
    of("删掉的农户不用走 / a removed household", RUN, A, A.then("09-01", removed=True)),
    of("打了电话还要走 / telephoned only", RUN, A, visit("09-05 10:00", "09-05 10:40", mode="phone"), due="甲户: visit"),
    of("家中无人还要走 / nobody home", RUN, A, *CLOSED, due="甲户: visit"),
    of("时间不足写了原因，等乡镇，不用再走 / short and waiting for the township is not due", RUN, A, visit("09-05 10:00", "09-05 10:20", short_reason="看病")),
    of("时间不足没写原因，要补 / short without a reason is to be mended", RUN, A, visit("09-05 10:00", "09-05 10:20"), due="甲户: visit to mend"),
    of("时间不足乡镇不认可，要再走 / short and declined: again", RUN, A, visit("09-05 10:00", "09-05 10:20", short_reason="看病", short_review="declined"), due="甲户: visit"),
    of("六必看没看全，要补 / a check missing is to be mended", RUN, A, visit("09-05 10:00", "09-05 10:40", without=("morale_status",)), due="甲户: visit to mend"),
    of("走访还没结束，要补 / not ended", RUN, A, visit("09-10 07:30"), due="甲户: visit to mend"),
    of("一次要补，另一次算，没有了 / one to mend and one that counts", RUN, A, visit("09-04 10:00", "09-04 10:20"), SEEN),
    of("同一时间在两户，都要改 / in two households at once: both", RUN, A, B, SEEN, visit("09-05 10:30", "09-05 11:10", home="乙户"),
       due=("甲户: visit to mend", "乙户: visit to mend")),
    of("忘了结束的一次不连累别的 / one that closed by itself spoils no other", RUN, A, B, visit("09-05 08:00", "09-05 20:30"),
       visit("09-05 10:30", "09-05 11:10", home="乙户"), due="甲户: visit to mend"),
    of("活动走访和别的走访同一时间，也要改 / a campaign visit and another at once", RUN, A, SEEN, visit("09-05 10:30", "09-05 11:10", home="乙户", purposes=["recheck"]),
       due="甲户: visit to mend"),
    of("按写的时候的规则看 / by the policy it was written under", RUN, A, policy("县1", effective="2018-09-08", minimum_minutes=45), visit("09-05 10:00", "09-05 10:40", policy_version="2018.1")),
    of("没带规则版本的按走访那天的规则 / without its version by the policy of its day", RUN, A, policy("县1", effective="2018-09-08", minimum_minutes=45), SEEN),
    of("规则改了以后走的按新规则 / after the policy changed by the new one", RUN, A, policy("县1", effective="2018-09-08", minimum_minutes=45),
       visit("09-09 10:00", "09-09 10:40"), due="甲户: visit to mend"),
    # --- problems
    of("交办给我的 / handed to me", PROBLEM, *story(*BEGUN), due="甲户: problem", until="2018-09-20"),
    of("开始整改的 / begun by me", PROBLEM, *story(*BEGUN, started()), due="甲户: problem"),
    of("交办给别人的不是我的 / handed to another", PROBLEM, *story(reported(), accepted(), assigned("黄"))),
    of("上报等乡镇的不是我的 / waiting for the township", PROBLEM, *story(reported())),
    of("受理等交办的不是我的 / waiting to be assigned", PROBLEM, *story(reported(), accepted())),
    of("我整改完等别人核验 / fixed by me waits for another", PROBLEM, *story(*BEGUN, fixed())),
    of("别人整改完等我核验 / fixed by another waits for me", PROBLEM, *story(reported(), accepted(), assigned("黄"), fixed("黄")), due="甲户: problem"),
    of("乡镇整改的村里不能核验 / fixed by the township is not mine to verify", PROBLEM, *story(reported(), accepted(), assigned("陈"), fixed("陈", rank="township"))),
    of("乡镇整改的乡镇另一人核验 / another of the township verifies it", PROBLEM, *story(reported(), accepted(), assigned("覃"), fixed("覃", rank="township")),
       due="甲户: problem", who=DESK),
    of("核验过等问群众，不能我问 / verified, and I fixed it", PROBLEM, *story(*BEGUN, fixed(), verified())),
    of("核验过等问群众，可以我问 / verified, and another fixed it", PROBLEM, *story(reported(), accepted(), assigned("黄"), fixed("黄"), verified("陆")), due="甲户: problem"),
    of("核验没过退回给我 / sent back to me", PROBLEM, *story(*BEGUN, fixed(), failed()), due="甲户: problem"),
    of("群众不满意退回给我 / the household was not satisfied", PROBLEM, *story(*BEGUN, fixed(), verified(), asked(answer="no")), due="甲户: problem"),
    of("销号了 / closed", PROBLEM, *story(*BEGUN, fixed(), verified(), asked())),
    of("解释答复了 / explained", PROBLEM, *story(*BEGUN, explained())),
    of("逾期 / overdue", PROBLEM, *story(*BEGUN), now="09-21 00:00:01", due="甲户: problem overdue"),
    of("期限当天还没逾期 / on its last day", PROBLEM, *story(*BEGUN), now="09-20 23:59:00", due="甲户: problem"),
    of("重新打开等交办 / reopened, to be assigned", PROBLEM, *story(*BEGUN, fixed("黄"), verified("陆"), asked(), reopened())),
    of("没有农户的问题在村里 / of no household", problem(home=None), *story(*BEGUN, home=None), due="村: problem"),
    of("上报的等乡镇两天内受理 / reported: the township takes it up within two days", PROBLEM, *story(reported(on="09-09")), who=DESK, due="甲户: problem", until="2018-09-11"),
    of("两天没受理，逾期 / not taken up in two days", PROBLEM, *story(reported(on="09-07")), who=DESK, due="甲户: problem overdue", until="2018-09-09"),
    of("受理了等乡镇交办 / taken up: the township assigns it", PROBLEM, *story(reported(), accepted()), who=DESK, due="甲户: problem"),
    of("交办下去还没逾期，不是乡镇的 / handed out and in time is not the township's", PROBLEM, *story(*BEGUN), who=DESK),
    of("交办下去逾期了，乡镇要过问 / handed out and overdue the township looks after it", PROBLEM, *story(*BEGUN), who=DESK, now="09-21 08:00", due="甲户: problem overdue"),
    of("县里的问题逾期，乡镇管不到 / a county's problem is not the township's to look after", problem(tier="county"), *story(*BEGUN), who=DESK, now="09-21 08:00"),
    of("上交到乡镇还没有人，乡镇交办 / sent up to the township and nobody named", PROBLEM, *story(*BEGUN, escalated("township")), who=DESK, due="甲户: problem"),
    of("重新打开，乡镇再交办 / reopened: the township assigns it", PROBLEM, *story(*BEGUN, fixed(), verified(), asked(), reopened()), who=DESK, due="甲户: problem"),
    of("两个问题互相说是重复，没人办了，乡镇要重新打开一个 / two that repeat each other: the desk reopens one",
       *RING, who=DESK, due="甲户: problem, problem"),
    of("互相重复的不是村里的 / that is not the village's", *RING),
    of("重新打开了一个就好了 / one of them was reopened", *RING, *story(reopened(of="住房", on="09-08", name="其三")), who=DESK, due="甲户: problem"),
    of("与没办完的重复，没有事 / a duplicate of one that is open", PROBLEM, *story(reported(on="09-09")), *RING[3:], who=DESK, due="甲户: problem"),
    of("互相重复，过了一百八十天打不开了 / too old to be reopened", *RING, who=DESK, now="2019-04-01 08:00"),
    of("删掉的问题没有了 / a removed problem", PROBLEM, PROBLEM.then("09-02", removed=True), *story(*BEGUN)),
    # --- together
    of("一户的问题在走访前面 / a household's problems come before its visit", RUN, A, PROBLEM, *story(*BEGUN), due="甲户: problem, visit"),
    of("期限再晚也在走访前面 / even when they are due later", RUN, A, PROBLEM, *story(reported(), accepted(), assigned(due="12-31")), due="甲户: problem, visit"),
    of("别人的问题，去走访时看得到 / another's problem is seen where a visit is due", RUN, A, PROBLEM, *story(reported(), accepted(), assigned("黄")),
       due="甲户: problem of others, visit"),
    of("我的问题在别人的前面 / mine before others'", A, PROBLEM, *story(*BEGUN), problem("住房"),
       *story(*(s for s in (reported(of="住房"), accepted(of="住房"), assigned("黄", due="09-12", of="住房")))), due="甲户: problem, problem of others"),
    of("四样都有，按次序 / all four in their order", RUN, A, PROBLEM, *story(*BEGUN), link("农"), check("09-05", 60),
       due="甲户: problem, visit, contact, cleanup"),
    of("先到期的地方在前 / the place due first stands first", RUN, A, B, problem(home="乙户"), *story(*BEGUN, home="乙户"), due=("乙户: problem, visit", "甲户: visit"),
       until=("2018-09-20", "2018-09-30")),
    of("别人的期限不催我 / another's deadline does not hurry me", RUN, A, B, problem(home="乙户"), *story(reported(), accepted(), assigned("黄", due="09-12"), home="乙户"),
       link("农"), check("09-05", 60), due=("甲户: visit, contact, cleanup", "乙户: problem of others, visit"), until=("2018-09-30", "2018-09-30")),
    # --- twice a month
    of("本月还差两次 / two calls open", link("农"), due="甲户: contact", until="2018-09-30"),
    of("用编号联户的也是我 / linked by my id", link("user-9"), due="甲户: contact"),
    of("别人的联户不是我的 / another's link", link("陆")),
    of("走够了 / done", link("农"), contact("09-03 10:00", by="农"), contact("09-04 10:00", by="农")),
    of("走了一次还差一次 / one open", link("农"), contact("09-03 10:00", by="农"), due="甲户: contact"),
    of("大走访也算一次 / a campaign visit is one", link("农"), contact("09-03 10:00", by="农"), visit("09-05 10:00", "09-05 10:40", by="农", purposes=["party_link"])),
    of("免访 / exempt", link("农", exempt_reason="ill")),
    of("下月重新算 / next month begins anew", link("农"), contact("09-03 10:00", by="农"), contact("09-04 10:00", by="农"), now="10-01 00:00", due="甲户: contact", until="2018-10-31"),
    of("联户到二十日为止，二十日前走 / a link that ends on the 20th", link("农", until="09-20"), due="甲户: contact", until="2018-09-20"),
    of("联户已结束，没有可走的 / a link that has ended cannot be made up", link("农", until="09-20"), now="09-25 08:00"),
    of("联户还没开始，先不走 / a link that has not begun is not due", link("农", since="09-20"), now="09-05 08:00"),
    # --- clean-up
    of("上次不合格要复查 / failed: to be looked at again", check("09-05", 60), due="甲户: cleanup", until="2018-10-05"),
    of("合格的不用 / passed", check("09-05", 85)),
    of("反弹了要复查 / slipped back", check("09-01", 99), check("09-05", 85), due="甲户: cleanup"),
    of("复查合格了 / passed when looked at again", check("09-05", 60), check("09-08", 90)),
    of("复查过期了 / the day to look again has passed", check("09-05", 60), now="10-06 08:00", due="甲户: cleanup overdue"),
    of("村里的检查在村里 / the village's own check", check("09-05", 60, target="village", home=None), due="村: cleanup"),
    of("没打完分的没有结论 / without a verdict", check("09-05", 60, unscored=["e1_house"])),
]
# fmt: on
