"""Enrolling: the invitation is scanned, pasted or typed; a PIN is chosen; the first download begins.

Promises: the certificate in the invitation is pinned before a byte is sent; a try that fails costs nothing, and what was typed stays; a
phone that was enrolled before keeps all it has and sends it again. Leaves to others: reading an invitation (`shared.sync.invitation`),
the lock (`profiles`), talking (`syncing`).
"""

from typing import Any

from mobile.pages.blocks import Banner, Block, Button, Paragraph, PinPad, Progress, TextField, View
from mobile.pages.page import Page
from mobile.session import Session
from mobile.syncing import Syncing
from mobile.vault import PIN_DIGITS, check_pin
from shared.fields import Label
from shared.sync.invitation import Invitation
from shared.sync.phone import PhoneError

PLATFORM = "app"


class EnrolPage(Page):
    """`where` is empty: a PIN half chosen and a code are not kept beyond the page."""

    SAYS = {
        "title": Label("注册这台手机", "Enrol this phone"),
        "scan": Label("扫二维码", "Scan the code"),
        "or": Label(
            "扫不了，就把收到的整段文字粘贴在这里，或填网址和注册码。",
            "Or paste the whole text you got here, or type address and code.",
        ),
        "text": Label("邀请文字", "Invitation text"),
        "url": Label("网址", "Address"),
        "code": Label("注册码", "Code"),
        "next": Label("下一步", "Next"),
        "choose": Label("给这台手机设一个六位数的密码", "Choose a PIN of six digits for this phone"),
        "why": Label(
            "每次打开都要输入；连续输错十次，手机里的内容会作废。",
            "It is asked for at every start; after ten wrong ones nothing here can be opened.",
        ),
        "again": Label("再输入一次", "Type it once more"),
        "differ": Label("两次不一样，请重新设", "They differ; choose again"),
        "working": Label("正在注册…", "Enrolling…"),
        "again_title": Label("重新注册", "Enrol again"),
        "keeps": Label("手机里的内容都保留，注册后会再次上传。", "All that is on this phone stays, and is sent again."),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.text, self.code = "", ""
        self.url = str(app.settings.get("url") or "")
        self.invitation: Invitation | None = None
        self.first, self.digits, self.pin = "", "", ""
        self.message = ""
        self.working = False

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        title = self.say("again_title") if self.app.unlocked else self.say("title")
        if self.working:
            return View(title, "", (Progress(self.say("working")),), back=False)
        if self.invitation and not self.app.unlocked and not self.pin:
            return View(title, "", self._pin_blocks())
        return View(
            title,
            "",
            tuple(self._code_blocks()),
            bottom=(Button(self.say("next"), self.next, "primary", name="next"),),
            back=len(self.app.stack) > 1,
        )

    def _code_blocks(self) -> list[Block]:
        blocks: list[Block] = []
        if self.message:
            blocks.append(Banner(self.message, "bad"))
        if self.app.unlocked:
            blocks.append(Paragraph(self.say("keeps"), "quiet"))
        if self.app.device.scanner.available:
            blocks.append(Button(self.say("scan"), self.scan, "primary", name="scan"))
        blocks.append(Paragraph(self.say("or"), "quiet"))
        blocks.append(TextField(self.say("text"), self.text, lines=2, on_text=self._set("text"), name="text"))
        blocks.append(TextField(self.say("url"), self.url, "https://…", on_text=self._set("url"), name="url"))
        blocks.append(TextField(self.say("code"), self.code, on_text=self._set("code"), name="code"))
        return blocks

    def _pin_blocks(self) -> tuple[Block, ...]:
        words = self.say("again") if self.first else self.say("choose")
        pad = PinPad(
            len(self.digits),
            PIN_DIGITS,
            self.message or words,
            "bad" if self.message else "quiet",
            on_digit=self._digit,
            on_erase=self._erase,
            name="pin",
        )
        return Paragraph(self.say("why"), "quiet"), pad

    # --- what one can do -------------------------------------------------------------------------------------------

    def _set(self, name: str) -> Any:
        return lambda text: setattr(self, name, text)

    def scan(self) -> None:
        """Read the code with the camera."""

        def done(text: str | None) -> None:
            if text and self.app.page is self:  # the camera takes its time, and the phone may be locked meanwhile
                self.text = text
                self.next()

        self.app.attempt(lambda: self.app.device.scanner.scan(done))

    def next(self) -> None:
        """On to the PIN, or straight to enrolling where there is one."""
        try:
            self.invitation = Invitation.read(self.text) if self.text.strip() else Invitation.of(self.url, self.code)
        except PhoneError as error:
            self.message = self.error(error)
            self.redraw()
            return
        self.message = ""
        self.app.set_setting("url", self.invitation.url)
        if self.app.unlocked or self.pin:
            self.enrol()
        else:
            self.redraw()

    def _digit(self, digit: str) -> None:
        self.message = ""
        self.digits += digit
        if len(self.digits) == PIN_DIGITS:
            self._typed_all()
        self.redraw()

    def _erase(self) -> None:
        self.digits = self.digits[:-1]
        self.redraw()

    def _typed_all(self) -> None:
        typed, self.digits = self.digits, ""
        if not self.first:
            try:
                check_pin(typed)
            except PhoneError as error:
                self.message = self.error(error)
                return
            self.first = typed
        elif typed != self.first:
            self.first, self.message = "", self.say("differ")
        else:
            self.first, self.pin = "", typed
            self.enrol()

    def enrol(self) -> None:
        """Spend the code. What goes wrong is said, and everything stays as it was."""
        self.working = True
        self.redraw()
        invitation = self.invitation
        assert invitation is not None
        session = self.session if self.app.unlocked else None

        def work() -> Any:
            if session:
                session.syncing.enrol(
                    invitation.url, invitation.code, self.app.name, PLATFORM, fingerprint=invitation.fingerprint
                )
                return None
            return self.app.profiles.enrol(self.pin, lambda store: self._enrol_into(store, invitation))

        self.app.aside(work, lambda result: self._done(result, session))

    def _enrol_into(self, store: Any, invitation: Invitation) -> str:
        """Enrol an empty profile; the person's name."""
        syncing = Syncing(store, self.app.kinds, self.app.doors.now, self.app.courier_for)
        done = syncing.enrol(
            invitation.url, invitation.code, self.app.name, PLATFORM, fingerprint=invitation.fingerprint
        )
        return str(done.user.get("name") or "")

    def _done(self, result: Any, session: Session | None) -> None:
        """It was tried, for this session or for a new profile. Whoever was enrolled anew and locked meanwhile is not asked here."""
        self.working = False
        if session and session.closed:
            return
        if isinstance(result, PhoneError):
            self.message = self.error(result)
            self.invitation = None
            self.redraw()
        elif session:
            self.app.done()
            session.sync_now()
        else:
            self.app.opened(result)

    def back(self) -> bool:
        if self.working:
            return True
        if self.invitation and not self.app.unlocked:
            self.invitation, self.first, self.digits = None, "", ""
            self.redraw()
            return True
        return False


PAGE = EnrolPage
