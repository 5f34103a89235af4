"""What the phone's screen costs: pages drawn, redrawn, scrolled and searched (`python -m bench.screen`).

Twice, each in a process of its own: without graphics (Kivy's mock backend: Python and layout, what a phone's processor does) and with real
pixels drawn by the processor, which a phone leaves to its GPU. A cheap phone is reckoned 4 to 8 times slower.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import mean, median, quantiles

from bench.machine import describe

ROWS = 2000
BLOCKS = 40


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of this process's processor time."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def line(what: str, figures: list[float]) -> None:
    """Median, and the slowest of twenty."""
    slow = quantiles(figures, n=20)[-1] if len(figures) > 1 else figures[0]
    print(f"  {what:<52}{median(figures):>8.1f} ms{slow:>10.1f} ms (p95)", flush=True)


def measure() -> None:
    """All figures, in this process."""
    from tests.ui.driver import Finger, HandClock, Stage, opened  # isort: skip - before anything of Kivy
    from mobile.pages.blocks import Choice, Item, LongList, Option, Points, Ring, Search, TextField, View, nothing
    from mobile.ui.widgets.text import forget as cold
    from tests.ui.gallery import PAGES, households, rows, visit

    def page(part: float) -> View:
        yes_no = (Option("yes", "是"), Option("no", "否"))
        blocks: list = [Ring(part, "18:43", "入户时长", "还差 11 分 17 秒", "warn")]
        for number in range(BLOCKS // 4):
            blocks += [
                Choice(f"第{number}项有保障吗？", yes_no, frozenset({"yes"}), name=f"choice{number}"),
                TextField(f"第{number}项说明", "家里都好。", name=f"text{number}"),
                Points(f"第{number}项得分", 10, 8, name=f"points{number}"),
                Item(f"第{number}条记录", ("那桃屯 · 监测户",), on_tap=nothing, name=f"item{number}"),
            ]
        return View("走访覃秀英", "那桃屯", tuple(blocks))

    with opened(HandClock()) as phone:
        stage = Stage(phone)
        show = phone.screen.show
        drawn: dict[str, list[float]] = {name: [] for name in PAGES}
        for turn in range(6):
            for name, view in PAGES.items():
                cold()
                made = view()
                drawn[name].append(timed(lambda made=made, key=f"{name} {turn}": (show(made, key), phone.frames(1))))
        for name, figures in drawn.items():
            line(f"open '{name}', nothing of it known", figures)

        figures = []
        for turn in range(8):
            cold()
            made = page(0.5)
            figures.append(timed(lambda made=made, turn=turn: (show(made, f"page {turn}"), phone.frames(1))))
        line(f"open a page of {BLOCKS + 1} blocks, nothing of it known", figures)
        line(
            "go back to it",
            [timed(lambda turn=turn: (show(page(0.5), f"page {turn % 2 + 5}"), phone.frames(1))) for turn in range(20)],
        )
        line(
            "draw it again, all equal", [timed(lambda: (show(page(0.5), "page 7"), phone.frames(1))) for _ in range(50)]
        )
        line(
            "draw it again, the ring changed",
            [timed(lambda n=n: (show(page(n / 100), "page 7"), phone.frames(1))) for n in range(50)],
        )
        line("draw the visit's page again, the ring changed", tick(stage, phone, visit()))

        show(households(), "list")
        figures = []
        for turn in range(12):
            down = turn % 4 != 3
            finger = Finger(180, 200 if down else 600)
            finger.go("begin")
            for step in range(1, 60):
                if step <= 8:
                    finger.go("update", 180, (200 + 50 * step) if down else (600 - 50 * step))
                elif step == 9:
                    finger.go("end")
                figures.append(timed(lambda: phone.frames(1)))
        print(
            f"  {f'scroll {ROWS} rows, a frame':<52}{mean(figures):>8.1f} ms (mean){quantiles(figures, n=20)[-1]:>7.1f} ms (p95)"
        )

        everyone = rows(ROWS)
        chance = random.Random(7)
        figures = []

        def search(text: str) -> None:
            found = tuple(row for row in everyone if text in row.title)
            show(
                View("农户", blocks=(Search(text, "搜索", name="search"), LongList(found, "没有", name="list"))),
                "search",
            )

        search("")
        for _ in range(40):
            text = chance.choice(["", "韦", "秀", "覃秀", "桂兰", "英", "黄志明"])
            figures.append(timed(lambda text=text: (search(text), phone.frames(1))))
        line(f"search {ROWS} rows and redraw", figures)


def tick(stage: object, phone: object, view: object) -> list[float]:
    """A visit's page, a second later each time."""
    from dataclasses import replace

    figures = []
    for second in range(50):
        ring = replace(view.blocks[0], inside=f"18:{second:02}", part=second / 100)
        later = replace(view, blocks=(ring, *view.blocks[1:]))
        figures.append(timed(lambda later=later: (phone.screen.show(later, "visit"), phone.frames(1))))
    return figures


def main() -> None:
    """Both ways."""
    print(describe())
    for backend, words in (("mock", "without graphics"), ("", "with real pixels, drawn by the processor")):
        print(f"\n{words}")
        environment = {**os.environ, "KIVY_GL_BACKEND": backend} if backend else dict(os.environ)
        subprocess.run(
            [sys.executable, "-c", "from bench.screen import measure; measure()"], env=environment, check=True
        )


if __name__ == "__main__":
    main()
