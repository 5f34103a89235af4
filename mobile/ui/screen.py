"""The phone's screen in Kivy: draws the pages' views, lays words and questions above them, and lends the pages its clock.

Promises: the port `Screen` of `mobile.pages.application`; the same page is drawn in place, a page gone back to stands where it was left, and
a page opened anew begins at its top. Nothing moves while nobody touches anything. Leaves to others: what a page says (`mobile.pages`), where
back and the tabs lead (`on_back`, `on_tab`, set by the app).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.textinput import TextInput

from mobile.pages.blocks import Button, Tap, TextField, View, nothing
from mobile.ui.body import Body, Maker
from mobile.ui.theme import GAP, MARGIN, PAPER
from mobile.ui.widgets.chrome import BottomBar, Header, TabBar
from mobile.ui.widgets.fields import TextDialog
from mobile.ui.widgets.overlays import Dialog, Overlay, Sheet, Toast
from mobile.ui.widgets.piece import Piece
from mobile.ui.widgets.text import forget as forget_words

KEPT = 8
"""Pages kept as they are, so that going back builds nothing."""
TOAST_S, TOAST_BUTTON_S, TOAST_LETTER_S = 2.5, 5.0, 0.06


def nowhere(code: str) -> None:
    """Where a tab leads before the app has said so."""


class KivyScreen:
    """Draws. Put `root` into the window; `on_back` is the arrow's and `on_tab` the tabs' way to the app.

    `text_dialog` is where notes of several lines are written: the phone's own dialog, `sheet` of this screen, or None for the field itself.
    """

    def __init__(self, text_dialog: TextDialog | None = None) -> None:
        Window.clearcolor = PAPER
        Window.softinput_mode = "below_target"
        self.on_back: Tap = nothing
        self.on_tab: Callable[[str], object] = nowhere
        self._maker = Maker(text_dialog)
        self.root = Root(lambda: self.on_back(), self._to_tab)
        self._key: str | None = None
        self._trail: list[str] = []
        self._bodies: OrderedDict[str, Body] = OrderedDict()

    @property
    def text_dialog(self) -> TextDialog | None:
        """Where notes of several lines are written; for fields made from now on."""
        return self._maker.text_dialog

    @text_dialog.setter
    def text_dialog(self, dialog: TextDialog | None) -> None:
        self._maker.text_dialog = dialog

    def _to_tab(self, code: str) -> None:
        self.on_tab(code)

    # --- pages -----------------------------------------------------------------------------------------------------

    def show(self, view: View, page_key: str) -> None:
        """Draw a page; the same key as before means the same page, drawn in place."""
        top = page_key != self._key and not self._been_there(view, page_key)
        body = self._bodies.pop(page_key, None) or Body(self._maker)
        self._bodies[page_key] = body
        while len(self._bodies) > KEPT:
            self._bodies.popitem(last=False)[1].empty()
        self._key = page_key
        body.show(view.blocks)
        self.root.show(view, body)
        if top:
            body.offset = 0

    def _been_there(self, view: View, page_key: str) -> bool:
        """Whether this is a page gone back to, or a main tab; keeps the way here."""
        if page_key in self._trail:
            del self._trail[self._trail.index(page_key) + 1 :]
            return True
        self._trail = [page_key] if view.tab else [*self._trail, page_key]
        return bool(view.tab)

    def forget(self) -> None:
        """Throw away every page but the open one, and what was laid above it: another person may hold the phone."""
        self.root.clear_above()
        self._trail = []
        for key in [key for key in self._bodies if key != self._key]:
            del self._bodies[key]
        self._maker.forget()
        forget_words()

    # --- above the page ----------------------------------------------------------------------------------------------

    def toast(self, text: str, button: str = "", on_tap: Tap = nothing) -> None:
        """A word in passing, with one button at most."""

        def tapped() -> None:
            self.root.set_toast(None)
            on_tap()

        self.root.set_toast(
            Toast(text, button, tapped), (TOAST_BUTTON_S if button else TOAST_S) + TOAST_LETTER_S * len(text)
        )

    def ask(self, title: str, text: str, buttons: Sequence[Button]) -> None:
        """A question that must be answered; a button closes it, then does its work."""

        def closing(button: Button) -> Button:
            def tapped() -> None:
                self.root.close(dialog)
                button.on_tap()

            return replace(button, on_tap=tapped)

        dialog = Dialog(title, text, [closing(button) for button in buttons])
        self.root.lay_above(dialog)

    def sheet(self, block: TextField, text: str, on_text: Callable[[str], None]) -> None:
        """A note on a sheet of its own: the twin of the phone's text dialog."""
        sheet = Sheet(block, text, on_text, lambda: self.root.close(sheet))
        self.root.lay_above(sheet)
        sheet.field.input.focus = True

    def back_in_dialog(self) -> bool:
        """Close what lies above the page, or the keyboard, if anything does. A word in passing goes, but the key is not used up by it."""
        self.root.set_toast(None)
        return self.root.close_top()

    # --- its clock -------------------------------------------------------------------------------------------------

    def soon(self, work: Callable[[], None]) -> None:
        """Run work in the screen's thread at the next frame; callable from any thread."""
        Clock.schedule_once(lambda _: work(), 0)

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        """Run work once, later; the answer cancels it."""
        event = Clock.schedule_once(lambda _: work(), seconds)
        return lambda: event.cancel()


class Root(Piece):
    """The whole window: header, body, bottom bar, tabs, and what lies above them."""

    def __init__(self, on_back: Tap, on_tab: Callable[[str], None]) -> None:
        super().__init__()
        self.size_hint = (1, 1)
        self.header = Header(on_back)
        self.bottom = BottomBar()
        self.tabs = TabBar(on_tab)
        self.body: Body | None = None
        self.above: list[Overlay] = []
        self.toast: Toast | None = None
        self._toast_over = Clock.create_trigger(lambda _: self.set_toast(None), TOAST_S)
        for piece in (self.header, self.bottom, self.tabs):
            self.add_widget(piece)
        self.size = Window.size
        self.bind(size=lambda *_: self.refit())

    def show(self, view: View, body: Body) -> None:
        """Draw this page."""
        if body is not self.body:
            if self.body is not None:
                self.body.leave()
                self.remove_widget(self.body)
            self.body = body
            self.add_widget(body, index=len(self.children))  # below everything
        self.header.show(view.title, view.subtitle, view.back, view.corner)
        self.bottom.show(view.bottom)
        self.tabs.show(view.tabs, view.tab)
        self.refit()

    def refit(self) -> None:
        """Lay out all that has changed."""
        width, height = self.size
        head, bottom, tabs = (piece.fit(width) for piece in (self.header, self.bottom, self.tabs))
        self.header.put(0, 0)
        self.tabs.put(0, height - tabs)
        self.bottom.put(0, height - tabs - bottom)
        if self.body is not None:
            self.body.fit_into(width, height - head - bottom - tabs)
            self.body.put(0, head)
        for overlay in self.above:
            overlay.cover(width, height)
        if self.toast is not None:
            self.toast.fit(width - 2 * MARGIN)
            self.toast.put(MARGIN, height - tabs - bottom - GAP - self.toast.height)

    def set_toast(self, toast: Toast | None, seconds: float = TOAST_S) -> None:
        """Show this word in place of the one before; None shows none."""
        self._toast_over.cancel()
        if self.toast is not None:
            self.remove_widget(self.toast)
        self.toast = toast
        if toast is not None:
            self.add_widget(toast)
            self._toast_over.timeout = seconds
            self._toast_over()
            self.refit()

    def lay_above(self, overlay: Overlay) -> None:
        """Cover the page with it."""
        self._drop_keyboard()
        self.above.append(overlay)
        self.add_widget(overlay)
        self.refit()

    def close(self, overlay: Overlay) -> None:
        """Take it away, if it is still there."""
        if overlay in self.above:
            overlay.leave()
            self.above.remove(overlay)
            self.remove_widget(overlay)

    def close_top(self) -> bool:
        """Close what was laid above last, else the keyboard; whether there was any."""
        if self.above:
            self.close(self.above[-1])
            return True
        return self._drop_keyboard()

    def clear_above(self) -> None:
        """Close everything above the page."""
        self.set_toast(None)
        while self.above:
            self.close(self.above[-1])

    def _drop_keyboard(self) -> bool:
        typed_in = [widget for widget in self.walk(restrict=True) if isinstance(widget, TextInput) and widget.focus]
        for field in typed_in:
            field.focus = False
        return bool(typed_in)
