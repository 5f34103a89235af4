"""A hundred and fifty short walks through the app by a hand that touches anything, in any order, while the world goes on.

It types, presses back, kills the app, loses the battery, changes the language, locks; others write, remove and take grants away; hours pass
and clocks are set back. Promises: the same walks every time; a walk that fails is printed step by step. Leaves to others: what a page says.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mobile.disk import StorageFull
from mobile.pages.application import FIRST, OUTSIDE
from mobile.pages.blocks import (
    Banner,
    Block,
    Button,
    Buttons,
    Choice,
    Filters,
    Item,
    LongList,
    Photos,
    PinPad,
    Points,
    Search,
    TextField,
)
from mobile.pages.drafts import begun
from mobile.pages.pin import PinPage
from shared.hlc import format_stamp
from shared.kinds import KINDS
from shared.moments import DAY_MS
from shared.record import Key, Record
from tests.mobile.township import VILLAGE, Row
from tests.pages.conftest import HOME, OTHER, Stage

WALKS = 150
STEPS = 32
GIVES_UP = {"give_up", "drop", "spot_no", "delete"}
"""Touches with which a person says that he does not want his words any more."""
LEAVES_ALONE = {"lock", "scan"}

Act = Callable[[], object]


class Walker:
    """One walk. `words` are what was typed and neither typed over nor given up."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)
        self.words: set[str] = set()
        self.given_up: set[str] = set()
        self.told: list[str] = []
        self.typed = 0
        self.last_held = ""

    @property
    def app(self) -> Any:
        return self.stage.app

    def walk(self) -> None:
        for _ in range(STEPS):
            self.step()
            self.look()

    def step(self) -> None:
        if self.app.unlocked:  # no thread of its own: only what a step does happens
            self.app.session.syncing.start = lambda tell: None
        ways: dict[Callable[[], None], int] = {
            self.touch: 24, self.type: 12, self.press_back: 5, self.kill: 3, self.lose_power: 1, self.sync: 3, self.others: 4,
            self.wait: 3, self.set_clock_back: 1, self.lock: 1, self.look_away: 1, self.go_home: 1,
        }  # fmt: skip
        way = self.random.choices(list(ways), list(ways.values()))[0]
        way()

    def note(self, text: str) -> None:
        page = self.app.page
        self.told.append(f"{page.name} {page.where}: {text}")

    # --- the hand --------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Anything that can be touched, what lies above the page first."""
        screen = self.stage.hand.screen
        if screen.question:
            button = self.random.choice(list(screen.question[2]))
            self.note(f"answer {button.label}")
            screen.question = None
            button.on_tap()
            self.gave_up(button.name)
            return
        if screen.toasts and screen.toasts[-1][1] and self.random.random() < 0.3:
            _, label, undo = screen.toasts.pop()
            self.note(f"toast {label}")
            undo()
            self.words |= {word for word in self.given_up if self.kept(word)}
            return
        name, act = self.random.choice([*self.touchable()] or [("back", self.stage.hand.back)])
        self.note(f"touch {name}")
        act()
        self.gave_up(name)

    def gave_up(self, touched: str) -> None:
        """After a touch: what it gave up is no longer looked for, unless it is taken back."""
        if touched in GIVES_UP:
            gone = {word for word in self.words if not self.kept(word)}
            self.words -= gone
            self.given_up |= gone

    def touchable(self) -> Iterator[tuple[str, Act]]:
        for tab in self.stage.hand.view.tabs:
            yield f"tab {tab.code}", lambda code=tab.code: self.app.go(code)  # type: ignore[misc]
        for block in self.blocks():
            yield from self.acts(block)

    def acts(self, block: Block) -> Iterator[tuple[str, Act]]:
        name = block.name
        if isinstance(block, Button | Banner | Item):
            works = block.enabled if isinstance(block, Button) else block.button if isinstance(block, Banner) else True
            if works and block.on_tap and name not in LEAVES_ALONE:
                yield name, block.on_tap
        elif isinstance(block, LongList):
            yield from ((row.name, lambda n=row.name: block.on_pick(n)) for row in block.rows)  # type: ignore[misc]
        elif isinstance(block, Choice | Filters):
            for option in block.options:
                yield f"{name}={option.code}", lambda code=option.code: block.on_pick(code)  # type: ignore[misc]
        elif isinstance(block, Points):
            points = self.random.randint(0, int(block.full))
            yield f"{name}={points}", lambda: block.on_value(points)
        elif isinstance(block, Photos):
            yield from (
                (f"{name} {picture.name[:8]}", lambda n=picture.name: block.on_pick(n)) for picture in block.pictures
            )  # type: ignore[misc]
            if block.add:
                yield f"{name}.add", lambda: self.photograph(block)
        elif isinstance(block, PinPad) and not isinstance(self.app.page, PinPage):
            yield "digit", lambda: block.on_digit("7")

    def photograph(self, block: Photos) -> None:
        """The camera: a picture, a change of mind, a full disk; or it is still open when something else happens."""
        camera = self.app.device.camera
        answer = self.random.choice([True, True, None, StorageFull(), ...])
        camera.answers.extend([] if answer is ... else [answer])
        block.on_add()
        camera.answers.clear()
        shown = [one for one in self.blocks() if isinstance(one, Photos)]
        self.words |= {picture.name for one in shown for picture in one.pictures}

    def blocks(self) -> Iterator[Block]:
        """Everything on the page, what stands side by side one by one."""
        view = self.stage.hand.view
        yield from view.bottom
        if view.corner:
            yield view.corner
        for block in view.blocks:
            yield from block.buttons if isinstance(block, Buttons) else (block,)

    def type(self) -> None:
        fields = [block for block in self.blocks() if isinstance(block, TextField | Search)]
        if not fields or self.stage.hand.screen.question:
            self.touch()
            return
        field = self.random.choice(fields)
        self.typed += 1
        text = self.text_for(field)
        self.note(f"type {field.name} {text!r}")
        over = {word for word in self.words if word.rstrip("、") in field.text}
        field.on_text(text)
        self.app.redraw()
        self.words -= {word for word in over if not self.kept(word)}
        if isinstance(field, TextField) and self.app.page.name not in OUTSIDE:
            self.words.add(text)
            shown = next(block for block in self.blocks() if block.name == field.name)
            assert isinstance(shown, TextField)
            assert shown.text == text, f"{text!r} became {shown.text!r} under the fingers"

    def text_for(self, field: TextField | Search) -> str:
        n = self.typed
        if isinstance(field, Search):
            return self.random.choice(["秀", "hhd", "zz", ""])
        if self.random.random() < 0.15:
            return f"怪{n}、"
        if field.keyboard == "tel":
            return f"139{n:08d}"
        if field.keyboard in ("number", "decimal"):
            return str(900 + n)
        if field.hint.startswith("2018-"):
            return f"20{n // 28 + 19}-01-{n % 28 + 1:02d}" + (" 10:15" if ":" in field.hint else "")
        return f"词{n}词"

    def press_back(self) -> None:
        self.note("back")
        self.stage.hand.back()

    def go_home(self) -> None:
        self.note("home")
        self.app.go("household", id=HOME) if self.holds(HOME) else self.app.go(FIRST)

    # --- the phone -------------------------------------------------------------------------------------------------

    def kill(self, again: Callable[[], object] | None = None) -> None:
        self.note("reboot" if again else "kill")
        before = self.app.page.name, dict(self.app.page.where)
        texts = {block.name: block.text for block in self.blocks() if isinstance(block, TextField)}
        (again or self.stage.again)()
        if before[0] not in OUTSIDE:
            assert (self.app.page.name, self.app.page.where) == before
            after = {block.name: block.text for block in self.blocks() if isinstance(block, TextField)}
            for name in texts.keys() & after.keys():
                assert after[name].rstrip("、") == texts[name].rstrip("、")

    def lose_power(self) -> None:
        self.kill(self.stage.reboot)

    def lock(self) -> None:
        """Away for long enough that the PIN is asked for; typed, and on."""
        self.note("lock")
        if not self.app.unlocked:
            return
        before = self.app.page.name
        self.stage.hand.screen.question = None
        self.app.paused()
        self.stage.mono += 400
        self.app.resumed()
        assert not self.app.unlocked
        self.stage.again()
        assert before in OUTSIDE or self.app.page.name == before

    def look_away(self) -> None:
        """Away for a moment; and the other language from now on."""
        self.note("look away")
        self.app.paused()
        self.stage.mono += 60
        self.app.set_setting("language", self.random.choice(["zh", "en"]))
        self.app.resumed()

    def wait(self) -> None:
        minutes = self.random.choice([1, 31, 5 * 60, 13 * 60, 40 * 24 * 60])
        self.note(f"{minutes} minutes pass")
        self.stage.pass_minutes(minutes)
        self.app.redraw()

    def set_clock_back(self) -> None:
        self.note("clock back a day")
        self.stage.phone.watch.ms -= DAY_MS
        self.app.redraw()

    # --- the world -------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        self.note("sync")
        if self.app.unlocked:
            self.stage.sync()

    def others(self) -> None:
        """Somebody else does something, and it comes with a sync."""
        if not self.app.unlocked:
            return
        township, picked = self.stage.phone.township, self.random.choice
        doing = picked(["write", "remove", "leave", "grants", "end", "refuse", "step"])
        held = [copy.record for kind in KINDS for copy in self.stage.phone.store.copies(kind) if kind != "policy"]
        open_ids = {word for page in self.app.stack for word in page.where.values()}
        in_sight = [record for record in held if record.id in open_ids]
        record = picked(self.random.choice([in_sight, held]) or held or [Record("household", HOME, VILLAGE, None)])
        self.note(f"others {doing} {record.kind} {record.id}")
        if doing == "write":
            self.theirs("household", picked([HOME, OTHER]), {"phone": f"137{self.typed:08d}", "remark": "别人写的"})
        elif doing == "remove" and not KINDS[record.kind].made_by_server:
            self.theirs(record.kind, record.id, {"removed": picked([True, True, False])})
        elif doing == "leave":
            township.left = picked([set(), {record.key}, {Key("household", HOME)}])
            self.theirs(record.kind, record.id, {"remark": "换村"})
        elif doing == "grants":
            village, one = f"village:{VILLAGE}", f"household:{HOME}"
            township.grants = picked([[village], [village], [one], [village, one], ["village:451422103299"]])
        elif doing == "end":
            for campaign in self.stage.notebook.entries("campaign"):
                self.theirs("campaign", campaign.id, {"state": "ended"})
        elif doing == "refuse":
            code = picked(["invalid", "forbidden", "gone", "too_large"])
            township.refuse = lambda change: {
                "code": code,
                "fields": {name: ["不行。 / No."] for name in change["set"]},
            }
        elif doing == "step" and (problems := self.stage.notebook.entries("problem")):
            step = picked(["accepted", "assigned", "started", "fixed", "verified", "rejected"])
            said = {"problem": picked(problems).id, "step": step, "by_name": "镇办 陆", "by_tier": "township"}
            self.theirs("problem_step", self.app.doors.new_id(), said)
        self.stage.sync()
        township.refuse = lambda change: None

    def theirs(self, kind: str, id_: str, values: dict[str, Any]) -> None:
        """A change by another phone, in the record's own place."""
        township, watch = self.stage.phone.township, self.stage.phone.watch
        shown = self.stage.notebook.shown(Key(kind, id_))
        place = (shown.record.village, shown.record.household) if shown else (VILLAGE, None)
        stamp = format_stamp(watch(), len(township.log) + 1, "other")
        body = {
            "number": 0, "kind": kind, "id": id_, "village": place[0], "household": place[1], "stamp": stamp,
            "set": {name: value for name, value in values.items() if name in KINDS[kind].fields}, "base": {},
        }  # fmt: skip
        township.log.append(Row("other", 0, stamp, body, None))

    # --- what must be so at every moment -----------------------------------------------------------------------------

    def look(self) -> None:
        names = [name for block in self.blocks() for name in self.named(block)]
        double = {name for name in names if names.count(name) > 1}
        assert not double, f"two blocks are called {double}"
        lost = {word for word in self.words if not self.kept(word)}
        assert not lost, f"lost: {lost}"
        if self.app.unlocked and self.app.page.name not in OUTSIDE:
            self.reaches_every_draft()

    def reaches_every_draft(self) -> None:
        """Each draft stands in the list of what is begun, or on the page of its running visit."""
        store, page = self.stage.phone.store, self.app.page
        running = {entry.id for entry in self.app.session.open_visits()}
        listed = {key for one in begun(page) for key in one.keys}
        assert {key for key in store.drafts() if key.id not in running} <= listed

    @staticmethod
    def named(block: Block) -> list[str]:
        if isinstance(block, LongList):
            return [block.name, *(row.name for row in block.rows)]
        touched = isinstance(block, Button | Choice | Filters | Points | TextField | Search | Photos | PinPad)
        touched = touched or (isinstance(block, Banner) and bool(block.button))
        touched = touched or (isinstance(block, Item) and block.on_tap is not None)
        return [block.name] if touched else []

    def kept(self, word: str) -> bool:
        """Whether a word is in a draft, in a change of ours, in the to-mend list or at the township."""
        store, moment = self.stage.phone.store, word.replace(" ", "T")
        if self.app.unlocked:
            held: list[Any] = [store.drafts()[key] for key in store.drafts()]
            held += [written.set for n in store.numbers() if (written := store.numbered(n))]
            held += [mend.set for mend in store.mends()]
            self.last_held = json.dumps(held, ensure_ascii=False, default=str)
        gone = json.dumps([row.body["set"] for row in self.stage.phone.township.log], ensure_ascii=False)
        wanted = {word, moment, word.rstrip("、")}
        return any(text in self.last_held or text in gone for text in wanted)

    def holds(self, household: str) -> bool:
        return self.app.unlocked and self.stage.notebook.shown_or_none("household", household) is not None


def furnish(stage: Stage) -> None:
    """What there is to meet: members, a link, a problem, a visit and a check of last month, somebody's other word."""
    write, doors = stage.phone.write, stage.app.doors
    notebook = stage.notebook
    for name in ("覃秀英", "覃小妹"):
        notebook.write("member", None, {"name": name, "relation": "head"}, household=HOME)
    link = {"party_member": "韦一", "from_date": "2018-08-01"}
    notebook.write("party_link", None, link, household=HOME)
    found = {"description": "水管坏了", "category": "water", "found_at": "2018-09-01T08:00:00+08:00"}
    notebook.write("problem", doors.new_id(), found, household=HOME)
    write("household", OTHER, phone="13800000009")
    visit = notebook.start_visit(HOME)
    stage.pass_minutes(40)
    notebook.finish_visit(visit.id, {"guarantees_status": "ok"})
    stage.phone.township.written_by_others("household", OTHER, {"phone": "13800000008"})
    stage.sync()
    stage.app.go(FIRST)


@pytest.mark.parametrize("seed", range(WALKS))
def test_whatever_is_touched_nothing_is_lost_and_nothing_breaks(stage: Stage, seed: int) -> None:
    furnish(stage)
    walker = Walker(stage, seed)
    try:
        walker.walk()
    except BaseException:
        print("\n".join(walker.told))
        raise
