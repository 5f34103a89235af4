"""What stands around a page: the header, the bar of buttons at the bottom, the main tabs.

Promises: always in sight, whatever scrolls between them. Leaves to others: where back and the tabs lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kivy.metrics import dp

from mobile.pages.blocks import Button, Option
from mobile.ui.theme import (
    BRAND,
    BRAND_DEEP,
    BRAND_TINT,
    CARD,
    GAP,
    HAIRLINE,
    HEADER,
    MARGIN,
    MARK,
    NEAR,
    ON_BRAND,
    ON_BRAND_QUIET,
    PRESSED,
    QUIET,
    SMALL,
    TAB,
    THIN,
    TITLE,
    TOUCH,
)
from mobile.ui.widgets.buttons import ButtonRow
from mobile.ui.widgets.piece import Piece, Touchable
from mobile.ui.widgets.shapes import CLEAR, ICONS, Bar, Icon, Plate
from mobile.ui.widgets.text import Text


class Arrow(Touchable):
    """The way back."""

    def __init__(self, on_tap: Callable[[], None]) -> None:
        super().__init__()
        self._on_tap = on_tap
        self.name = "back"
        self._plate = Plate(self.canvas, CLEAR)
        self._icon = Icon(self.canvas, "back", ON_BRAND, thick=dp(1.5))

    def paint(self, pressed: bool) -> None:
        self._plate.paint(BRAND_DEEP if pressed else CLEAR)

    def lay(self, width: float) -> float:
        self._plate.put(0, 0, width, TOUCH)
        self._icon.put_middle(0, 0, width, TOUCH)
        return TOUCH

    def tap(self) -> None:
        self._on_tap()


class Corner(Touchable):
    """The small button at the top right."""

    def __init__(self) -> None:
        super().__init__()
        self.button = Button("")
        self._plate = Plate(self.canvas, BRAND, ON_BRAND_QUIET, radius=dp(10))
        self._label = Text(self.canvas, SMALL, ON_BRAND, bold=True)

    def show(self, button: Button) -> None:
        """Be this button from now on."""
        self.button = button
        self.name, self.says, self.disabled = button.name, button.label, not button.enabled
        self.stale()

    def paint(self, pressed: bool) -> None:
        self._plate.paint(BRAND_DEEP if pressed else BRAND, BRAND if self.disabled else ON_BRAND_QUIET)

    def lay(self, width: float) -> float:
        """As wide as its words, within `width`."""
        self._label.say(self.button.label, width - 2 * GAP, lines=1, ink=ON_BRAND_QUIET if self.disabled else ON_BRAND)
        self.width = max(TOUCH, self._label.width + 2 * GAP)
        self._plate.put(0, dp(4), self.width, TOUCH - dp(8))
        self._label.put_middle(0, 0, self.width, TOUCH)
        self.paint(self.state == "down")
        return TOUCH

    def tap(self) -> None:
        self.button.on_tap()


class Header(Piece):
    """The title, a line below it, the arrow and the corner button."""

    def __init__(self, on_back: Callable[[], None]) -> None:
        super().__init__()
        self._ground = Bar(self.canvas, BRAND)
        self._title = Text(self.canvas, TITLE, ON_BRAND, bold=True)
        self._below = Text(self.canvas, SMALL, ON_BRAND_QUIET)
        self._arrow = Arrow(on_back)
        self._corner_button = Corner()
        self._says = ("", "", False, False)

    def show(self, title: str, below: str, back: bool, corner: Button | None) -> None:
        """Take these."""
        for piece, wanted in ((self._arrow, back), (self._corner_button, corner is not None)):
            if wanted and piece.parent is None:
                self.add_widget(piece)
            elif not wanted and piece.parent is not None:
                self.remove_widget(piece)
        if corner is not None and corner == self._corner_button.button:
            self._corner_button.button = corner
        elif corner is not None:
            self._corner_button.show(corner)
            self.stale()
        if (title, below, back, corner is not None) != self._says:
            self._says = title, below, back, corner is not None
            self.stale()

    def lay(self, width: float) -> float:
        title, below, back, corner = self._says
        left = NEAR + TOUCH if back else MARGIN + NEAR / 2
        right = width - MARGIN
        if corner:
            self._corner_button.fit(width * 0.4)
            right -= self._corner_button.width + GAP
        self._title.say(title, right - left, lines=1)
        self._below.say(below, right - left, lines=1)
        needed = self._title.height + (self._below.height - NEAR / 2 if below else 0)
        height = max(HEADER, needed + round(1.6 * GAP))
        down = (height - needed) / 2
        self._title.put(left, down)
        self._below.put(left, down + self._title.height - NEAR / 2)
        self._arrow.fit(TOUCH)
        self._arrow.put(NEAR / 2, (height - TOUCH) / 2)
        self._corner_button.put(width - MARGIN - self._corner_button.width, (height - TOUCH) / 2)
        self._ground.put(0, 0, width, height)
        return height


class BottomBar(Piece):
    """The page's own buttons, always in sight."""

    def __init__(self) -> None:
        super().__init__()
        self._ground = Bar(self.canvas, CARD)
        self._line = Bar(self.canvas, HAIRLINE)
        self.row = ButtonRow()
        self.add_widget(self.row)
        self._buttons: tuple[Button, ...] = ()

    def show(self, buttons: Sequence[Button]) -> None:
        """Hold these."""
        if tuple(buttons) != self._buttons:
            self.stale()
        self._buttons = tuple(buttons)
        self.row.show(buttons)

    def lay(self, width: float) -> float:
        height = self.row.fit(width - 2 * MARGIN)
        self.row.put(MARGIN, GAP if height else 0)
        height += 2 * GAP if height else 0
        self._ground.put(0, 0, width, height)
        self._line.put(0, 0, width, THIN if height else 0)
        return height


class Tab(Touchable):
    """One main tab: icon above, word below; the chosen one has a tinted plate behind its icon and bold words."""

    def __init__(self, option: Option, on_tap: Callable[[str], None]) -> None:
        super().__init__()
        self._on_tap = on_tap
        self.option = option
        self.name, self.says = f"tab.{option.code}", option.label
        self.on = False
        self._ground = Bar(self.canvas, CARD)
        self._plate = Plate(self.canvas, CLEAR, radius=dp(15))
        self._icon = Icon(self.canvas, option.code if option.code in ICONS else "dots", QUIET, thick=dp(1.1))
        self._word = Text(self.canvas, MARK, QUIET)
        self._bold = Text(self.canvas, MARK, BRAND, bold=True)

    def show(self, on: bool) -> None:
        """Be the chosen one or not."""
        if on != self.on:
            self.on = on
            self.stale()

    def paint(self, pressed: bool) -> None:
        self._ground.paint(PRESSED if pressed else CARD)

    def lay(self, width: float) -> float:
        plate, high = dp(58), dp(29)
        down = NEAR
        self._ground.put(0, THIN, width, TAB - THIN)
        self._plate.paint(BRAND_TINT if self.on else CLEAR)
        self._plate.put((width - plate) / 2, down, plate, high)
        self._icon.paint(BRAND if self.on else QUIET)
        self._icon.put_middle(0, down, width, high)
        for text, drawn in ((self._word, not self.on), (self._bold, self.on)):
            text.say(self.option.label if drawn else "", width, lines=1)
            text.put_middle(0, down + high, width, TAB - down - high - NEAR / 2)
        return TAB

    def tap(self) -> None:
        self._on_tap(self.option.code)


class TabBar(Piece):
    """The main tabs; none where there are none to choose from."""

    def __init__(self, on_tab: Callable[[str], None]) -> None:
        super().__init__()
        self._on_tab = on_tab
        self._ground = Bar(self.canvas, HAIRLINE)  # of which the tabs leave a line in sight
        self._tabs: list[Tab] = []
        self._options: tuple[Option, ...] = ()

    def show(self, options: Sequence[Option], chosen: str) -> None:
        """Hold these tabs, one of them chosen."""
        if tuple(options) != self._options:
            self._options = tuple(options)
            for tab in self._tabs:
                self.remove_widget(tab)
            self._tabs = [Tab(option, self._on_tab) for option in options]
            for tab in self._tabs:
                self.add_widget(tab)
        for tab in self._tabs:
            tab.show(tab.option.code == chosen)
        self.stale()

    def lay(self, width: float) -> float:
        count = len(self._tabs)
        if not count:
            self._ground.put(0, 0, 0, 0)
            return 0
        self._ground.put(0, 0, width, TAB)
        for number, tab in enumerate(self._tabs):
            left, right = round(width * number / count), round(width * (number + 1) / count)
            tab.fit(right - left)
            tab.put(left, 0)
        return TAB
