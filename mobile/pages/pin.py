"""Another PIN: the old one, the new one, the new one again.

Promises: no digit is ever written down; a wrong old PIN counts as a try and says how many are left. Leaves to others: the lock (`vault`).
"""

from typing import Any

from mobile.pages.blocks import Block, PinPad, Progress, Tone, View
from mobile.pages.page import Page
from mobile.vault import PIN_DIGITS, PinRefused, VaultDestroyed, check_pin
from shared.fields import Label
from shared.sync.phone import PhoneError

STAGES = ("old", "new", "again")


class PinPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("修改密码", "Change the PIN"),
        "old": Label("请输入现在的密码", "The PIN you use now"),
        "new": Label("请输入新的密码，六位数字", "The new PIN, six digits"),
        "again": Label("再输一次新的密码", "The new PIN once more"),
        "differ": Label("两次输入的不一样，请重新输入新的密码", "The two differ; type the new PIN again"),
        "working": Label("正在修改…", "Changing…"),
        "done": Label("密码已修改", "The PIN is changed"),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.digits, self.message = "", ""
        self.working = False
        self.pins: list[str] = []

    def entered(self) -> None:
        self._begin("")

    def view(self) -> View:
        pad = PinPad(
            len(self.digits),
            PIN_DIGITS,
            self.message or self.say(STAGES[len(self.pins)]),
            self._tone(),
            on_digit=self._digit,
            on_erase=self._erase,
            name="pin",
        )
        block: Block = Progress(self.say("working")) if self.working else pad
        return View(self.say("title"), blocks=(block,))

    def _tone(self) -> Tone:
        return "bad" if self.message else "quiet"

    def _begin(self, message: str) -> None:
        self.digits, self.message, self.pins = "", message, []

    def _digit(self, digit: str) -> None:
        if self.working:
            return
        self.digits, self.message = self.digits + digit, ""
        if len(self.digits) == PIN_DIGITS:
            self._take(self.digits)
        self.redraw()

    def _erase(self) -> None:
        self.digits = self.digits[:-1]
        self.redraw()

    def _take(self, pin: str) -> None:
        """Six digits are there: the next stage, or all three are."""
        self.digits = ""
        stage = STAGES[len(self.pins)]
        if stage == "new":
            try:
                check_pin(pin)
            except PinRefused as error:
                self.message = self.error(error)
                return
        if stage != "again":
            self.pins.append(pin)
        elif pin == self.pins[1]:
            self._change(*self.pins)
        else:
            self.pins, self.message = self.pins[:1], self.say("differ")

    def _change(self, old: str, new: str) -> None:
        self._begin("")
        self.working = True
        self.redraw()
        self.app.aside(lambda: self.app.profiles.change_pin(old, new), self._changed)

    def _changed(self, result: Any) -> None:
        self.working = False
        if isinstance(result, VaultDestroyed):
            self.app.complain(result)
            self.app.lock()
        elif isinstance(result, PhoneError):
            self._begin(self.error(result))
            self.redraw()
        else:
            self.app.screen.toast(self.say("done"))
            if self.app.page is self:
                self.app.done()


PAGE = PinPage
