"""Kivy's text field, mended for Chinese keyboards.

Promises: what is heard is never half-typed pinyin, and leaving the field drops it; the page's own text is put in only where it is not the
one the field has said last, so that a redraw while someone types moves neither cursor nor letters. Kivy's own field fails at each of these
(its issues 5739, 7485, 8625). Leaves to others: how a field looks, when a text is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.metrics import dp
from kivy.uix.textinput import TextInput

from mobile.ui.theme import BODY, BRAND, HINT, INK
from mobile.ui.widgets.shapes import CLEAR


class ImeTextInput(TextInput):
    """Kivy's field, mended for Chinese keyboards. `on_heard` gets the committed text after each change.

    `input_type` is never Kivy's default, which asks Android for bare key events: then Chinese keyboards type ASCII only.
    """

    def __init__(self, on_heard: Callable[[str], None], **properties: Any) -> None:
        self._on_heard = on_heard
        self._editing = False
        self.heard = ""
        properties.setdefault("input_type", "text")
        super().__init__(
            size_hint=(None, None),
            write_tab=False,
            background_normal="",
            background_active="",
            background_disabled_normal="",
            background_color=CLEAR,
            foreground_color=INK,
            hint_text_color=HINT,
            cursor_color=BRAND,
            cursor_width=dp(2),
            selection_color=(*BRAND[:3], 0.25),
            font_size=BODY,
            use_bubble=False,  # Kivy's own, in English; the keyboard has its own paste
            use_handles=False,
            **properties,
        )
        self.bind(text=self._changed)

    @property
    def committed(self) -> str:
        """The text without half-typed pinyin."""
        if not self._ime_composition:
            return self.text
        end = self.cursor_index(self._ime_cursor)
        return self.text[: end - len(self._ime_composition)] + self.text[end:]

    def tell(self, text: str) -> None:
        """Put in the page's text, unless it is what the field said last."""
        if text == self.heard:
            return
        self.drop_preedit()
        self.heard = text
        self.text = text
        if self.focus:
            self.cursor = self.get_cursor_from_index(len(text))
        else:
            Clock.schedule_once(self._to_start, 0)  # Kivy breaks the lines a frame later, and would show the last

    def _to_start(self, _: float) -> None:
        if not self.focus:
            self.cursor = 0, 0

    def drop_preedit(self) -> None:
        """Take away what was composed and not committed; Kivy keeps it when a keyboard commits without saying so."""
        if self._ime_composition:
            self.window_on_textedit(Window, "")

    def window_on_textedit(self, window: Any, ime_input: str) -> None:
        self._editing = True
        super().window_on_textedit(window, ime_input)
        self._editing = False
        self._changed()

    def keyboard_on_textinput(self, window: Any, text: str) -> None:
        self.drop_preedit()
        super().keyboard_on_textinput(window, text)

    def _on_focus(self, instance: Any, value: bool, *rest: Any) -> None:
        if not value:
            self.drop_preedit()
        super()._on_focus(instance, value, *rest)

    def _changed(self, *_: object) -> None:
        if self._editing:
            return
        committed = self.committed
        if committed != self.heard:
            self.heard = committed
            self._on_heard(committed)
