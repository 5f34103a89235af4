"""The problem ledger, case by case (DOMAIN 4.5, 4.6, 6): the steps somebody wrote, how the problem then stands, and which step had no effect.

Read a line as: after these steps the problem is `state`; `refused` names the steps, counted from 1, that were not effective and why; `then`
is what else stands. Steps without a day were written a day apart from 1 September on, at noon. Who is who: 韦 found it, 农 is to solve it,
黄 verifies, 陆 asks the household, 陈 sits in the township's office, 覃 in the county's. The problem is of the village unless `tier` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.records import (
    CONSOLE,
    Write,
    accepted,
    asked,
    assigned,
    duplicate,
    escalated,
    explained,
    extended,
    failed,
    fixed,
    rejected,
    reopened,
    reported,
    started,
    step,
    story,
    verified,
)


@dataclass(frozen=True)
class LedgerCase:
    name: str
    steps: tuple[Write, ...]
    state: str
    refused: Mapping[int, str] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)
    tier: str = "village"
    home: str | None = "甲户"
    rules: Mapping[str, Any] = field(default_factory=dict)


def of(name: str, *steps: Write, state: str, refused: Mapping[int, str] | None = None, home: str | None = "甲户",
       tier: str = "village", rules: Mapping[str, Any] | None = None, **then: Any) -> LedgerCase:  # fmt: skip
    return LedgerCase(name, story(*steps, home=home), state, refused or {}, then, tier, home, rules or {})


BEGUN = (reported(), accepted(), assigned())
"""Reported, taken up, handed to 农 until 20 September."""
DONE = (*BEGUN, fixed())
SEEN = (*DONE, verified())
AWAY = tuple(asked(answer="unreachable", method="phone") for _ in range(3))
THREE = {"method": "representatives", "witnesses": ["韦一", "农二", "黄三"]}
ROAD = {"home": None}
"""A problem of no household."""

# fmt: off
CASES = [
    # --- the straight way
    of("还没有任何环节是草稿 / nothing done yet is a draft", state="draft", tier="village", original_due=None),
    of("上报 / reported", reported(), state="reported", solved=False, open=True),
    of("受理 / taken up", reported(), accepted(), state="accepted"),
    of("交办到人，有期限 / handed to a person with a deadline", *BEGUN, state="assigned", person="农", unit="村委会",
       due="2018-09-20", original_due="2018-09-20"),
    of("开始整改 / begun", *BEGUN, started(), state="in_progress"),
    of("整改完还不算解决 / fixed is not solved", *DONE, state="fixed", solved=False, open=True),
    of("核验过还不算解决 / verified is not solved", *SEEN, state="verified", solved=False, open=True),
    of("三道关都过才销号 / all three gates passed: closed", *SEEN, asked(), state="closed", solved=True, open=False, closed_by="household"),
    of("边走边改，户和村一级可以当场整改 / fixed on the spot in the village", fixed(), state="fixed", tier="village"),
    of("当场整改也要过后两关 / on the spot still takes the other two gates",
       fixed(), verified(), asked(), state="closed", tier="household"),
    of("当场整改不能直接销号 / on the spot alone closes nothing", fixed(), asked(), state="fixed", refused={2: "state"}),
    of("上报以后也可以当场整改 / reported and then fixed on the spot", reported(), fixed(), state="fixed"),
    of("乡镇的问题不能不交办就整改 / a township's problem is assigned first",
       reported(), fixed(), state="reported", refused={2: "spot"}, tier="township"),
    of("县里的问题受理了也要先交办 / a county's problem too, though it was taken up",
       reported(), accepted(), fixed(), state="accepted", refused={3: "spot"}, tier="county"),
    of("受理时写明是乡镇的问题 / taken up as the township's", reported(), accepted(tier="township"), fixed(), state="accepted",
       refused={3: "spot"}, then_tier="township"),
    # --- steps out of place
    of("没上报不能交办 / nothing is assigned before it is taken up", assigned(), state="draft", refused={1: "state"}),
    of("没整改不能核验 / nothing is verified before it is fixed", *BEGUN, verified(), state="assigned", refused={4: "state"}),
    of("没核验不能问群众 / the household is asked after the second gate", *DONE, asked(), state="fixed", refused={5: "state"}),
    of("上报两次，第二次无效 / reported twice", reported(), reported("农"), state="reported", refused={2: "state"}),
    of("销号以后不能再整改 / nothing more is fixed once closed", *SEEN, asked(), fixed(), state="closed", refused={7: "state"}),
    of("不认识的环节无效，留着 / a step nobody knows stays and has no effect", reported(), step("blessed", "韦"), state="reported",
       refused={2: "unknown"}),
    of("没写环节的也留着 / a step that does not say which", reported(), step("reported", "韦", step=None), state="reported", refused={2: "unknown"}),
    of("无效的一步不挡后面的 / one without effect does not stop the next", *BEGUN, verified(), fixed(), state="fixed", refused={4: "state"}),
    # --- handing it out
    of("交办没写责任人 / no person named", reported(), accepted(), assigned(person=""), state="accepted", refused={3: "duty"}),
    of("交办没写单位 / no unit named", reported(), accepted(), assigned(unit=" "), state="accepted", refused={3: "duty"}),
    of("交办没写期限 / no deadline", reported(), accepted(), assigned(due=""), state="accepted", refused={3: "duty"}),
    of("换人，期限不变可以 / another person by the same day", *BEGUN, assigned("黄"), state="assigned", person="黄", due="2018-09-20"),
    of("换人，期限提前可以 / another person by an earlier day", *BEGUN, assigned("黄", due="09-15"), state="assigned",
       due="2018-09-15", original_due="2018-09-20"),
    of("换人不能顺便推迟期限 / another person is no way to a later day", *BEGUN, assigned("黄", due="09-30"), state="assigned",
       refused={4: "by_extension"}, person="农", due="2018-09-20"),
    of("整改中换人也不能推迟 / nor while it is under way", *BEGUN, started(), assigned("黄", due="09-21"), state="in_progress",
       refused={5: "by_extension"}, person="农"),
    of("换个层级也不能顺便推迟期限 / nor by naming another tier", *BEGUN, assigned("黄", due="12-31", tier="township"), state="assigned",
       refused={4: "by_extension"}, due="2018-09-20", then_tier="village"),
    # --- the first gate
    of("整改没写情况 / fixed without saying what was done", *BEGUN, fixed(proof_note=" "), state="assigned", refused={4: "proof"}),
    of("整改没写是谁 / fixed by nobody", *BEGUN, fixed(by_name=None), state="assigned", refused={4: "who"}),
    of("别人也可以整改 / whoever fixed it signs for it", *BEGUN, fixed("覃"), verified("农"), state="verified"),
    # --- the second gate
    of("整改人自己核验无效 / not verified by who fixed it", *DONE, verified("农"), state="fixed", refused={5: "fixer"}),
    of("名字前后加空格还是本人 / blanks round the name change nobody", *DONE, verified(" 农 "), state="fixed", refused={5: "fixer"}),
    of("整改人的手机签别人的名字无效 / nor under another name on the fixer's phone",
       *DONE, verified("黄", phone="农"), state="fixed", refused={5: "fixer"}),
    of("用别人的手机签自己的名字也无效 / nor on another phone under the fixer's name",
       *DONE, verified("农", phone="黄"), state="fixed", refused={5: "fixer"}),
    of("核验没写是谁 / verified by nobody", *DONE, verified(by_name="  "), state="fixed", refused={5: "who"}),
    of("村里整改，乡镇核验可以 / fixed in the village, verified by the township", *DONE, verified("陈", rank="township"), state="verified"),
    of("乡镇整改，村里核验不行 / fixed by the township, not verified by the village",
       *BEGUN, fixed("覃", rank="township"), verified(), state="fixed", refused={5: "lower"}),
    of("乡镇整改，乡镇另一人核验 / fixed by the township, verified by another of the township",
       *BEGUN, fixed("覃", rank="township"), verified("陈", rank="township"), state="verified"),
    of("户里整改，村里核验可以 / fixed by the household, verified by the village", *BEGUN, fixed("甲", rank="household"), verified(), state="verified"),
    of("村里整改，户里核验不行 / fixed by the village, not verified by the household",
       *DONE, verified("甲", rank="household"), state="fixed", refused={5: "lower"}),
    of("核验没过，退回整改 / sent back by the second gate", *DONE, failed(), state="in_progress", sent_back=1),
    of("退回要写原因 / sent back without a reason", *DONE, failed(reason=None), state="fixed", refused={5: "why"}),
    of("退回重做，再走三关 / sent back, fixed again, through all gates",
       *DONE, failed(), fixed(), verified(), asked(), state="closed", sent_back=1),
    of("第二次别人整改，第一次的人可以核验 / the first fixer may verify the second one's work",
       *DONE, failed(), fixed("黄"), verified("农"), state="verified", sent_back=1),
    # --- the third gate
    of("群众不满意，退回整改 / the household is not satisfied", *SEEN, asked(answer="no"), state="in_progress", sent_back=1, solved=False),
    of("不满意以后要重新核验 / after that the second gate comes again",
       *SEEN, asked(answer="no"), fixed(), asked(), state="fixed", refused={8: "state"}, sent_back=1),
    of("两次不满意，记两次 / not satisfied twice", *SEEN, asked(answer="no"), fixed(), verified(), asked(answer="no"),
       state="in_progress", sent_back=2),
    of("整改人自己问群众无效 / not asked by who fixed it", *SEEN, asked("农"), state="verified", refused={6: "fixer"}),
    of("整改人的手机问也无效 / nor on the fixer's phone", *SEEN, asked("陆", phone="农"), state="verified", refused={6: "fixer"}),
    of("整改人自己记不满意也无效 / nor does the fixer's no send it back", *SEEN, asked("农", answer="no"), state="verified", refused={6: "fixer"}),
    of("核验人可以问群众 / the verifier may ask", *SEEN, asked("黄"), state="closed"),
    of("县里要三个人，核验人不能问 / where three persons are asked for the verifier may not",
       *SEEN, asked("黄"), state="verified", refused={6: "verifier"}, rules={"three_persons": True}),
    of("县里要三个人，第三人可以 / there a third person may", *SEEN, asked("陆"), state="closed", rules={"three_persons": True}),
    of("没写群众怎么说 / without the answer", *SEEN, asked(answer=None), state="verified", refused={6: "answer"}),
    of("回答看不懂 / an answer nobody knows", *SEEN, asked(answer="maybe"), state="verified", refused={6: "answer"}),
    of("问群众没写是谁问的 / asked by nobody", *SEEN, asked(by_name=None), state="verified", refused={6: "who"}),
    of("电话问也可以 / asked by telephone", *SEEN, asked(method="phone"), state="closed", closed_by="household"),
    of("有农户的问题不能由代表说 / where there is a household representatives do not speak",
       *SEEN, asked(**THREE), state="verified", refused={6: "household"}),
    of("联系不上记一次，还等着 / out of reach is noted", *SEEN, asked(answer="unreachable"), state="verified", unreachable=1),
    of("联系不上两次，见证人还不能说 / twice out of reach is too early for a witness",
       *SEEN, *AWAY[:2], asked(method="witness", witnesses=["村支书"]), state="verified", refused={8: "early_witness"}),
    of("联系不上三次，村级见证 / three times out of reach a witness speaks",
       *SEEN, *AWAY, asked(method="witness", witnesses=["村支书"]), state="closed", closed_by="witness", unreachable=3),
    of("见证人要写名字 / the witness is named", *SEEN, *AWAY, asked(method="witness", witnesses=[" "]), state="verified", refused={9: "witness"}),
    of("整改人不能给自己见证 / the fixer is no witness of his own work",
       *SEEN, *AWAY, asked(method="witness", witnesses=["农"]), state="verified", refused={9: "fixer"}),
    of("见证人说不满意也退回 / the witness may say no", *SEEN, *AWAY, asked(answer="no", method="witness", witnesses=["村支书"]),
       state="in_progress", sent_back=1),
    of("联系不上三次以后户主回来了 / the household came back after all", *SEEN, *AWAY, asked(), state="closed", closed_by="household"),
    of("重新整改以后重新数联系不上 / out of reach is counted anew after another fix",
       *SEEN, *AWAY, failed(), fixed(), verified(), asked(method="witness", witnesses=["村支书"]), state="verified",
       refused={12: "early_witness"}, unreachable=0),
    of("县里定一次联系不上就见证 / a county that asks once",
       *SEEN, AWAY[0], asked(method="witness", witnesses=["村支书"]), state="closed", rules={"unreachable": 1}),
    of("没有农户的问题要三名代表 / where there is no household three representatives judge",
       *SEEN, asked(**THREE), state="closed", closed_by="representatives", **ROAD),
    of("两名代表不够 / two are too few", *SEEN, asked(method="representatives", witnesses=["韦一", "农二"]), state="verified",
       refused={6: "representatives"}, **ROAD),
    of("一个名字写三遍不是三人 / one name three times is one", *SEEN, asked(method="representatives", witnesses=["韦一", "韦一 ", "农二"]),
       state="verified", refused={6: "representatives"}, **ROAD),
    of("没有农户就没有人可以电话问 / there nobody is telephoned", *SEEN, asked(method="phone"), state="verified",
       refused={6: "representatives"}, **ROAD),
    of("整改人不能当自己的代表 / nor one of the three who judge it",
       *SEEN, asked(method="representatives", witnesses=["韦一", "农", "黄三"]), state="verified", refused={6: "fixer"}, **ROAD),
    of("代表说不满意也退回 / the representatives may say no", *SEEN, asked(answer="no", **THREE), state="in_progress", sent_back=1, **ROAD),
    # --- on the desk's shared device the name tells
    of("办公室同一台电脑，两个人各签各的 / two people at one console are two",
       *BEGUN, fixed("陈", phone=CONSOLE), verified("覃", phone=CONSOLE), state="verified"),
    of("办公室同一台电脑，同一个名字还是同一人 / one name at the console is one person",
       *BEGUN, fixed("陈", phone=CONSOLE), verified("陈", phone=CONSOLE), state="fixed", refused={5: "fixer"}),
    # --- longer
    of("延期由上一层级批准 / extended by the next tier up", *BEGUN, extended("09-30"), state="assigned", due="2018-09-30",
       original_due="2018-09-20", extensions=1),
    of("延期保留原期限 / the original deadline stays", *BEGUN, extended("09-30"), extended("10-10"), state="assigned", due="2018-10-10",
       original_due="2018-09-20", extensions=2),
    of("最多延期两次 / two extensions and no more", *BEGUN, extended("09-30"), extended("10-10"), extended("10-20"), state="assigned",
       refused={6: "extensions"}, due="2018-10-10", extensions=2),
    of("本层级不能批准延期 / not by the same tier", *BEGUN, extended("09-30", rank="village"), state="assigned", refused={4: "approver"},
       due="2018-09-20"),
    of("乡镇的问题要县里批延期 / a township's problem is extended by the county",
       *BEGUN, extended("09-30"), extended("09-30", by="覃", rank="county"), state="assigned", refused={4: "approver"}, due="2018-09-30", tier="township"),
    of("县里的问题县里批 / a county's problem by the county itself",
       *BEGUN, extended("09-30", by="覃", rank="county"), state="assigned", due="2018-09-30", tier="county"),
    of("延期要写原因 / an extension says why", *BEGUN, extended("09-30", reason=""), state="assigned", refused={4: "why"}),
    of("新期限要比原来晚 / the new day is later", *BEGUN, extended("09-20"), state="assigned", refused={4: "not_later"}),
    of("新期限要写出来 / the new day is said", *BEGUN, extended("09-30", due_date=None), state="assigned", refused={4: "not_later"}),
    of("没有期限不能延 / nothing to extend", reported(), accepted(), extended("09-30"), state="accepted", refused={3: "state"}),
    of("重新打开还没有期限，也不能延 / reopened it has no deadline to extend", *SEEN, asked(), reopened(), extended("11-30"), state="reopened", refused={8: "no_due"}),
    of("整改完等核验也可以延期 / while waiting to be verified too", *DONE, extended("09-30"), state="fixed", due="2018-09-30"),
    of("县里定只许延一次 / a county that allows one", *BEGUN, extended("09-30"), extended("10-10"), state="assigned",
       refused={5: "extensions"}, rules={"extensions": 1}),
    # --- upward
    of("上交一个层级，重新交办 / one tier up, to be assigned there", *BEGUN, escalated("township", on="09-10"), state="assigned",
       then_tier="township", person=None, due="2018-10-10", original_due="2018-09-20"),
    of("上交时写了单位、责任人、期限 / one tier up, already handed out", *BEGUN,
       escalated("township", unit="水利站", person="覃", due="09-25"), state="assigned", then_tier="township", person="覃",
       unit="水利站", due="2018-09-25"),
    of("上交要写原因 / one tier up says why", *BEGUN, escalated("township", reason=" "), state="assigned", refused={4: "why"}, then_tier="village"),
    of("不能一次上两个层级 / not two tiers at once", *BEGUN, escalated("county"), state="assigned", refused={4: "tier"}, then_tier="village"),
    of("不能往下交 / not downward", *BEGUN, escalated("household"), state="assigned", refused={4: "tier"}, then_tier="village"),
    of("要写明上交到哪里 / the tier is named", *BEGUN, escalated("township", tier=None), state="assigned", refused={4: "tier"}),
    of("一级一级上到县 / step by step to the county", *BEGUN, escalated("township"), escalated("county"), state="assigned", then_tier="county"),
    of("县里是最后一级 / the county is last", *BEGUN, escalated("county"), state="assigned", refused={4: "last_tier"}, tier="county"),
    of("两台手机同时上交，只上一级 / two phones send it up at once: one tier",
       *BEGUN, escalated("township"), escalated("township", by="农"), state="assigned", refused={5: "tier"}, then_tier="township"),
    of("没交办就上交 / sent up before it was assigned", reported(), accepted(), escalated("township", on="09-10"), state="assigned",
       then_tier="township", due="2018-10-10", original_due="2018-10-10"),
    of("刚上报就上交，还等受理 / sent up as reported, still to be taken up", reported(), escalated("township"), state="reported",
       then_tier="township", due=None),
    of("上交以后在上一级整改 / fixed at the higher tier", *BEGUN, escalated("township"), assigned("覃", due="10-01"), fixed("覃", rank="township"),
       verified("陈", rank="township"), asked(), state="closed", then_tier="township"),
    # --- ends that are no solution
    of("解释答复不算解决 / explained is not solved", *SEEN, explained(), state="explained", solved=False, open=False),
    of("解释要有书面答复 / explained with a written answer", *SEEN, explained(reason=""), state="verified", refused={6: "why"}),
    of("重复的并到另一个 / a duplicate of another", reported(), duplicate(), state="duplicate", solved=False, open=False),
    of("重复要写与哪个重复 / a duplicate of which", reported(), duplicate(duplicate_of=None), state="reported", refused={2: "duplicate_of"}),
    of("不能与自己重复 / not a duplicate of itself", reported(), duplicate("饮水"), state="reported", refused={2: "duplicate_of"}),
    of("不予受理 / not taken up", reported(), rejected(), state="rejected", solved=False, open=False),
    of("不予受理要写原因 / not taken up, and why", reported(), rejected(reason=None), state="reported", refused={2: "why"}),
    of("交办以后不能不予受理 / once assigned it is taken up", *BEGUN, rejected(), state="assigned", refused={4: "state"}),
    # --- again
    of("销号以后重新打开 / reopened", *SEEN, asked(on="09-10"), reopened(on="09-20"), state="reopened", reopened=1, solved=False, open=True,
       due=None, closed_by=""),
    of("重新打开要写原因 / reopened, and why", *SEEN, asked(), reopened(reason=" "), state="closed", refused={7: "why"}),
    of("第一百八十天还可以 / on the hundred and eightieth day",
       *SEEN, asked(on="2018-09-10 12:00"), reopened(on="2019-03-09 23:59"), state="reopened", reopened=1),
    of("第一百八十一天另报新问题 / on the next day it is a new problem",
       *SEEN, asked(on="2018-09-10 12:00"), reopened(on="2019-03-10 00:00"), state="closed", refused={7: "too_old"}, reopened=0),
    of("重新打开以后要重新交办 / reopened it is assigned anew", *SEEN, asked(), reopened(), fixed(), assigned("黄", due="11-30"), fixed("黄"),
       verified("农"), asked(), state="closed", refused={8: "state"}, reopened=1, due="2018-11-30"),
    of("重新打开两次，记两次 / reopened twice", *SEEN, asked(), reopened(), assigned(due="10-30"), fixed(), verified(), asked(), reopened(),
       state="reopened", reopened=2),
    of("没办结的不能重新打开 / nothing to reopen", *BEGUN, reopened(), state="assigned", refused={4: "state"}),
    of("解释答复的也可以重新打开 / an explained one too", *SEEN, explained(), reopened(), state="reopened", reopened=1),
    of("县里定三十天 / a county that allows thirty days", *SEEN, asked(on="09-10"), reopened(on="10-11"), state="closed", refused={7: "too_old"},
       rules={"reopen_days": 30}),
    # --- by the stamps
    of("按写的先后，不按到的先后 / by when they were written, not by when they came",
       verified(on="09-05"), reported(on="09-01"), fixed(on="09-04"), assigned(on="09-03"), accepted(on="09-02"), state="verified"),
    of("写明的时间不能晚于写下的时间 / said to be later than it was written",
       *SEEN, asked(on="09-10", at="2030-01-01"), state="closed", over_at="09-10"),
    of("补记的按当时的时间 / written down later, with the time it happened",
       *SEEN, asked(on="09-10", at="09-08"), state="closed", over_at="09-08"),
    of("两人同时核验，后一次无效 / two verify at once: the later has no effect",
       *DONE, verified("黄", on="09-05 10:00:00"), verified("陈", on="09-05 10:00:01"), state="verified", refused={6: "state"}),
    of("一人核验一人退回，先写的算 / one verifies and one sends back: both in the order they were written",
       *DONE, failed("陈", on="09-05 10:00:00"), verified("黄", on="09-05 10:00:01"), state="in_progress", refused={6: "state"}, sent_back=1),
    of("先核验后退回，退回算 / the other way round it is sent back too",
       *DONE, verified("黄", on="09-05 10:00:00"), failed("陈", on="09-05 10:00:01"), state="in_progress", sent_back=1),
]
# fmt: on
