"""Sample pages as pictures, to look at: `python -m tests.ui.gallery FOLDER` draws them at 720x1480, as a phone of 2018 would.

Promises: every block and every state of it is on one of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KIVY_METRICS_DENSITY", "2")

from mobile.pages.blocks import (
    Badge,
    Banner,
    Button,
    Buttons,
    Choice,
    Compare,
    Facts,
    Filters,
    Heading,
    Item,
    LargePhoto,
    LongList,
    Option,
    Paragraph,
    Photos,
    Picture,
    PinPad,
    Points,
    Progress,
    Ring,
    Search,
    TextField,
    Tone,
    View,
    nothing,
)
from tests.scenes import photograph
from tests.ui.driver import HandClock, Phone, Stage, opened

TABS = (Option("today", "今天"), Option("households", "农户"), Option("problems", "台账"), Option("me", "我"))
TABS_EN = (
    Option("today", "Today"),
    Option("households", "Households"),
    Option("problems", "Ledger"),
    Option("me", "Me"),
)
SURNAMES, NAMES = (
    "韦黄覃李潘莫陆农蒙罗",
    ("秀英", "永彬", "桂兰", "福国", "华大", "海强", "山珍", "玉梅", "志明", "春花"),
)
BADGES = (
    Badge("逾期 35 天", "bad"),
    Badge("今天到期", "warn"),
    Badge("还有 6 天", "quiet"),
    Badge("已走访", "good"),
    None,
)


def rows(count: int) -> tuple[Item, ...]:
    """A long list's rows."""
    made = []
    for number in range(count):
        name = SURNAMES[number % 10] + NAMES[number // 10 % 10]
        if number == 3:
            name = "阿卜杜热合曼·买买提依明·吐尔逊江·古丽巴哈尔"
        below = f"{('那桃屯', '弄怀屯', '下洞屯', '岩口屯')[number % 4]} · {('监测户', '脱贫户', '一般户')[number % 3]} · {4510200000 + number}"
        made.append(Item(name, (below,), BADGES[number % 5], name=f"h{number}"))
    return tuple(made)


def home() -> View:
    """The first page."""
    return View(
        "今天",
        "9月3日 星期一 · 那桃村",
        (
            Banner("有 3 条记录被退回，请改正后再上传。", "bad", "去改正", name="mend"),
            Heading("要走访的农户"),
            Item(
                "覃秀英", ("那桃屯 · 监测户", "上次走访 7月30日"), Badge("逾期 35 天", "bad"), on_tap=nothing, name="a"
            ),
            Item("韦永彬", ("弄怀屯 · 脱贫户",), Badge("今天到期", "warn"), on_tap=nothing, name="b"),
            Item("黄桂兰", ("下洞屯 · 一般户",), Badge("还有 6 天"), on_tap=nothing, name="c"),
            Heading("我联系的党员户"),
            Item("陆志明", ("本月已走访 1 次，还差 1 次",), Badge("1/2", "warn"), on_tap=nothing, name="d"),
            Item("农玉梅", ("本月已走访 2 次",), Badge("2/2", "good"), on_tap=nothing, name="e"),
            Progress("正在上传照片 3/8", 0.37),
        ),
        tabs=TABS,
        tab="today",
        back=False,
        corner=Button("同步", name="sync"),
    )


def households(search: str = "", count: int = 2000) -> View:
    """The long list."""
    return View(
        "农户",
        "共 2000 户 · 待走访 1117 户",
        (
            Search(search, "搜索姓名、拼音首字母、屯", name="search"),
            Filters(
                tuple(
                    Option(code, label)
                    for code, label in (
                        ("all", "全部"),
                        ("due", "该走访"),
                        ("watch", "监测户"),
                        ("out", "脱贫户"),
                        ("low", "低保户"),
                        ("party", "党员联系户"),
                    )
                ),
                frozenset({"due"}),
                name="filter",
            ),
            LongList(rows(count), "没有找到“覃山珍”。换个字，或清空搜索再看。", name="list"),
        ),
        tabs=TABS,
        tab="households",
        back=False,
    )


def household() -> View:
    """One household."""
    return View(
        "覃秀英",
        "那桃屯 · 监测户 · 4510200001",
        (
            Banner("这一户有一处两人写得不一样，镇里正在处理。", "warn", "看看", name="conflict"),
            Facts(
                (
                    ("户主", "覃秀英（女，62岁）"),
                    ("人口", "5 人，劳动力 2 人"),
                    ("电话", "138 0788 1234"),
                    ("住址", "那桃村那桃屯 12 号，过了小学往山上走两百米，门前有一棵大榕树"),
                    ("帮扶联系人", "韦敏"),
                )
            ),
            Heading("走访记录"),
            Item(
                "7月30日 · 42 分钟",
                ("政策宣传、医疗保障", "老人说膝盖疼，想问报销怎么办。"),
                None,
                on_tap=nothing,
                name="v1",
            ),
            Item("6月12日 · 31 分钟", ("收入情况",), Badge("未上传", "warn"), on_tap=nothing, name="v2"),
            Item("5月2日 · 12 分钟", ("家里没人，问了邻居",), Badge("不足30分钟"), on_tap=nothing, name="v3"),
            Heading("问题台账"),
            Item("厨房漏雨", ("村 · 9月20日前",), Badge("处理中", "brand"), on_tap=nothing, name="p1"),
            Buttons(
                (Button("记问题", name="problem"), Button("环境检查", name="check"), Button("成员", name="members"))
            ),
            Paragraph("最后同步：今天 08:12。离线时也能走访，回到有信号的地方自动上传。", "quiet"),
        ),
        bottom=(Button("开始入户走访", style="primary", name="start"),),
        corner=Button("编辑", name="edit"),
    )


def visit(chosen: bool = True) -> View:
    """A visit in the middle."""
    purposes = (
        "政策宣传",
        "收入情况",
        "务工就业",
        "子女入学",
        "医疗保障",
        "住房安全",
        "饮水安全",
        "产业发展",
        "易地搬迁后续扶持",
    )
    yes_no = (Option("yes", "是"), Option("no", "否"))
    return View(
        "走访覃秀英",
        "那桃屯 · 已保存在手机",
        (
            Ring(0.62, "18:43", "入户时长", "还差 11 分 17 秒", "warn"),
            Choice(
                "走访内容（可多选）",
                tuple(Option(f"p{number}", label) for number, label in enumerate(purposes)),
                frozenset({"p0", "p2", "p4"}) if chosen else frozenset(),
                True,
                name="purposes",
            ),
            Choice("住房安全有保障吗？", yes_no, frozenset({"yes"}) if chosen else frozenset(), name="housing"),
            Choice("孩子都在上学吗？", yes_no, before="yes", name="school", note="上次：是（7月30日）"),
            Choice(
                "饮水怎样？",
                (Option("a", "自来水到户"), Option("b", "集中供水点"), Option("c", "山泉水，旱季不够")),
                frozenset({"c"}),
                name="water",
                note="要记一条问题吗？",
                note_tone="warn",
            ),
            TextField(
                "他家说了什么",
                "老人膝盖疼，想问门诊报销怎么办。" if chosen else "",
                "一两句就好",
                3,
                phrases=("一切正常", "希望介绍务工", "想申请低保", "反映路灯不亮"),
                name="remark",
            ),
        ),
        bottom=(Button("暂停", name="pause"), Button("结束走访", style="primary", enabled=False, name="end")),
    )


def form() -> View:
    """Fields in every state."""
    return View(
        "新成员",
        "覃秀英家",
        (
            Heading("基本情况"),
            TextField("姓名", "覃小妹", name="name"),
            TextField(
                "身份证号",
                "45102019680101",
                "18 位",
                keyboard="number",
                error="只有 14 位，应为 18 位。",
                name="identity",
            ),
            TextField("手机号", "", "没有就空着", keyboard="tel", name="phone"),
            Choice(
                "与户主关系",
                tuple(Option(str(n), o) for n, o in enumerate(("配偶", "子女", "父母", "孙辈", "其他"))),
                frozenset({"1"}),
                name="rel",
            ),
            Heading("收入"),
            TextField("去年务工收入（元）", "", "例如 12000", keyboard="decimal", name="income"),
        ),
        bottom=(Button("保存", style="primary", name="save"),),
    )


def score() -> View:
    """A score sheet."""
    return View(
        "环境检查",
        "那桃屯 · 覃秀英家",
        (
            Progress("已评 2 项，共 4 项", 0.5),
            Heading("屋里屋外"),
            Points("庭院干净，没有乱堆乱放", 10, 8, "上次 6 分", name="yard"),
            Points("厕所干净，没有异味", 10, 10, name="toilet"),
            Points("厨房整洁", 5, None, "上次 4 分", name="kitchen"),
            Points("柴草堆放整齐，畜禽圈养", 2.5, None, name="wood"),
            Banner("得分 18，比上次高 4 分。", "good"),
        ),
        bottom=(Button("保存", style="primary", name="save"),),
    )


def pin() -> View:
    """The lock."""
    return View(
        "入户",
        "韦敏",
        (PinPad(3, 6, "PIN 不对，还可以试 4 次。", "bad", name="pin"),),
        back=False,
        corner=Button("换人", name="other"),
    )


def compare() -> View:
    """Two people's words."""
    return View(
        "两人写得不一样",
        "覃秀英 · 人均纯收入",
        (
            Paragraph("两部手机都改了这一项，互相没有看到。镇里会定下用哪一个，另一个仍然留着。"),
            Compare(
                (("您写的", "4,800 元", "韦敏 · 9月1日 10:20"), ("现在用的", "5,200 元", "黄志强 · 9月1日 15:02")), 1
            ),
            Heading("要不要请镇里再看？"),
            Buttons((Button("就用现在的", name="fine"), Button("请镇里再看", style="danger", name="ask"))),
            Button("记录的来历", name="history"),
            Button("把这条记录移出名单", style="danger", name="remove"),
            Button("同步后才能做", enabled=False, name="off"),
            Banner("已经请镇里看了。", "brand"),
            Progress("正在联系服务器…", None),
        ),
    )


def english() -> View:
    """Long English words."""
    return View(
        "Household of Qin Xiuying",
        "Natao hamlet · monitored against falling back into poverty",
        (
            Banner(
                "Three records were sent back. Please correct them before the next upload.",
                "bad",
                "Correct them now",
                name="m",
            ),
            Facts(
                (
                    ("Head", "Qin Xiuying (f, 62)"),
                    ("Persons", "5, of whom 2 can work"),
                    ("Linked party member", "Wei Min"),
                )
            ),
            Choice(
                "What was talked about (choose any)",
                tuple(
                    Option(str(n), o)
                    for n, o in enumerate(
                        (
                            "Policies",
                            "Income",
                            "Work away from home",
                            "School",
                            "Medical insurance and refunds",
                            "Housing",
                        )
                    )
                ),
                frozenset({"0", "4"}),
                True,
                name="topics",
            ),
            Buttons(
                (
                    Button("Record a problem", name="p"),
                    Button("Clean-up check", name="c"),
                    Button("Household members", name="x"),
                )
            ),
            Item(
                "Kitchen roof leaks",
                ("Village · before 20 September",),
                Badge("in progress", "brand"),
                on_tap=nothing,
                name="i",
            ),
        ),
        bottom=(Button("Pause", name="pause"), Button("Start the household visit", style="primary", name="s")),
        tabs=TABS_EN,
        tab="households",
        corner=Button("Edit", name="e"),
    )


def scene(name: str, state: str, tone: Tone = "quiet", *, scene: str = "yard", number: int = 1) -> Picture:
    """A photo in a block."""
    return Picture(name, f"照片 {name}", state, tone, lambda: photograph(scene, number))


def photos() -> View:
    """Photos in every state; none; and a clean-up check's before and after."""
    away = Picture("away", "照片 3", "不在手机上")
    return View(
        "环境检查",
        "那桃屯 · 覃秀英家",
        (
            Photos(
                "整治前照片（可不拍，最多三张）",
                (scene("b1", "没上传"), scene("b2", "已传 40%", number=2)),
                "拍照",
                "照片 0/2，有信号时自动上传",
                name="before",
            ),
            Photos(
                "整治后照片（可不拍，最多三张）",
                (scene("a1", "已上传", "good", scene="yard_clean"), away),
                name="after",
            ),
            Photos("照片（可不拍，最多三张）", (), "拍照", name="none"),
            TextField("备注", "", name="remark"),
            Photos(
                "Photos (optional, at most 3)",
                (
                    scene("r1", "Refused", "bad", scene="roof"),
                    Picture("far", "Photo 2", "Not on this phone"),
                    scene("r3", "40% sent", scene="roof", number=3),
                    scene("r4", "Sent", "good", scene="lane"),
                ),
                "Take one",
                "Photos 1/4; the rest goes when there is signal",
                "bad",
                name="english",
            ),
        ),
        bottom=(Button("保存", style="primary", name="save"),),
    )


def photo() -> View:
    """One photo large, and one that is not here."""
    return View(
        "照片",
        "问题台账 · 覃秀英",
        (
            LargePhoto(scene("r1", "", scene="roof"), name="photo"),
            Facts((("拍摄时间", "2018-09-03 10:15"), ("大小", "240 KB"), ("上传", "已传 40%，断了会接着传"))),
            LargePhoto(Picture("gone"), "这张照片不在这台手机上", name="missing"),
            Paragraph("别人拍的照片在乡镇的电脑上看。", "quiet"),
        ),
        bottom=(Button("删除照片", style="danger", name="delete"),),
    )


def empty() -> View:
    """A search without a hit."""
    return households("覃山珍", 0)


PAGES: dict[str, Callable[[], View]] = {
    "home": home,
    "households": households,
    "household": household,
    "visit": visit,
    "visit-empty": lambda: visit(False),
    "form": form,
    "score": score,
    "pin": pin,
    "compare": compare,
    "photos": photos,
    "photo": photo,
    "english": english,
    "empty": empty,
}


def main(folder: Path) -> None:
    """Draw all of them into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with opened(HandClock()) as phone:
        stage = Stage(phone)
        for name, view in PAGES.items():
            stage.show_view(view(), name)
            shoot(phone, folder / f"{name}.png")
            if phone.screen.root.body and phone.screen.root.body.scrolls:
                phone.screen.root.body.offset = 10_000
                shoot(phone, folder / f"{name}-below.png")
        stage.show_view(visit(), "visit")
        phone.screen.ask(
            "结束这次走访？",
            "还不到 30 分钟。短的走访也会保存，并标明时长。",
            (Button("再待一会儿"), Button("结束", style="primary")),
        )
        shoot(phone, folder / "dialog.png")
        phone.screen.ask(
            "移出名单？", "镇里会看到是谁、什么时候移出的，可以恢复。", (Button("取消"), Button("移出", style="danger"))
        )
        phone.back()
        phone.screen.back_in_dialog()
        phone.screen.ask(
            "移出名单？", "镇里会看到是谁、什么时候移出的，可以恢复。", (Button("取消"), Button("移出", style="danger"))
        )
        shoot(phone, folder / "dialog-danger.png")
        phone.back()
        stage.show_view(home(), "home")
        phone.screen.toast("已存在手机里", "撤销")
        shoot(phone, folder / "toast.png")
        stage.show_view(visit(), "visit")
        remark = next(block for block in visit().blocks if block.name == "remark")
        phone.screen.sheet(remark, "老人膝盖疼，想问门诊报销怎么办。", lambda text: None)
        shoot(phone, folder / "sheet.png")


def shoot(phone: Phone, path: Path) -> None:
    """A picture, once the scroll bar has gone."""
    phone.frames(60)
    phone.screenshot(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
