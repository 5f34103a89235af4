"""The lock: whose profile, and the PIN. A second person has a profile of their own.

Promises: how many tries are left is said; a profile that cannot be opened any more says what to do; nothing of anybody is shown but the
name. Leaves to others: the lock itself (`vault`), whose profiles there are (`profiles`).
"""

from functools import partial
from typing import Any

from mobile.pages.blocks import Badge, Banner, Block, Button, Item, PinPad, Progress, Tone, View
from mobile.pages.page import Page
from mobile.vault import PIN_DIGITS, VaultDestroyed
from shared.fields import Label
from shared.sync.phone import PhoneError


class UnlockPage(Page):
    SAYS = {
        "title": Label("入户", "Ruhu"),
        "who": Label("是谁在用这台手机？", "Who is using this phone?"),
        "pin": Label("请输入六位数密码", "Type your PIN"),
        "opening": Label("正在打开…", "Opening…"),
        "new": Label("另一个人注册", "Somebody else enrols"),
        "nobody": Label("没注册完的档案", "A profile not yet enrolled"),
        "destroyed": Label("已作废", "Destroyed"),
        "waiting": Label("{n} 条未上传", "{n} not sent"),
        "others": Label("换一个人", "Somebody else"),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.digits, self.message = "", ""
        self.opening = False
        profiles = [one for one in app.profiles.list() if not one.destroyed]
        self.chosen = profiles[0].id if len(profiles) == 1 else ""

    def view(self) -> View:
        profiles = {one.id: one for one in self.app.profiles.list()}
        new = Button(self.say("new"), self._new, name="new")
        if self.chosen not in profiles:
            return View(self.say("title"), self.say("who"), tuple(self._people()), bottom=(new,), back=False)
        label = profiles[self.chosen].label or self.say("nobody")
        if self.opening:
            return View(label, "", (Progress(self.say("opening")),), back=False)
        tone: Tone = "bad" if self.message else "quiet"
        pad = PinPad(
            len(self.digits), PIN_DIGITS, self.message or self.say("pin"), tone,
            on_digit=self._digit, on_erase=self._erase, name="pin",
        )  # fmt: skip
        others = Button(self.say("others"), self._others, name="others") if len(profiles) > 1 else new
        return View(label, "", (pad,), bottom=(others,), back=False)

    def _people(self) -> list[Block]:
        blocks: list[Block] = [Banner(self.message, "bad")] if self.message else []
        for one in self.app.profiles.list():
            waiting = (self.say("waiting", n=one.waiting),) if one.waiting else ()
            badge = Badge(self.say("destroyed"), "bad") if one.destroyed else None
            pick = partial(self._picked, one.id)
            blocks.append(Item(one.label or self.say("nobody"), waiting, badge, on_tap=pick, name=f"profile/{one.id}"))
        return blocks

    def _picked(self, id_: str) -> None:
        one = next(one for one in self.app.profiles.list() if one.id == id_)
        if one.destroyed:
            try:
                self.app.profiles.open(id_, "")  # no PIN opens it: its lock says why, destroyed or damaged
            except PhoneError as error:
                self.message = self.error(error)
        else:
            self.chosen, self.digits, self.message = id_, "", ""
        self.redraw()

    def _others(self) -> None:
        self.chosen, self.digits, self.message = "", "", ""
        self.redraw()

    def _new(self) -> None:
        self.app.go("enrol")

    def _digit(self, digit: str) -> None:
        if self.opening:
            return
        self.digits, self.message = self.digits + digit, ""
        if len(self.digits) == PIN_DIGITS:
            pin, self.digits, self.opening = self.digits, "", True
            self.redraw()
            self.app.aside(lambda: self.app.profiles.open(self.chosen, pin), self._opened)
            return
        self.redraw()

    def _erase(self) -> None:
        self.digits = self.digits[:-1]
        self.redraw()

    def _opened(self, result: Any) -> None:
        self.opening = False
        if isinstance(result, PhoneError):
            self.message = self.error(result)
            if isinstance(result, VaultDestroyed):
                self.chosen = ""
            self.redraw()
            return
        self.app.opened(result)


PAGE = UnlockPage
