"""Last time's answer, shown small beside a question: a clock that turns back, and the words.

Promises: takes no room where there is none. Leaves to others: when it is shown.
"""

from kivy.graphics import Canvas
from kivy.metrics import dp

from mobile.ui.theme import ICON, NEAR, QUIET, SMALL
from mobile.ui.widgets.shapes import CLEAR, Icon
from mobile.ui.widgets.text import Text, line_height

SIDE = ICON * 0.75


class LastTime:
    """One line or more of small, quiet words behind the sign."""

    def __init__(self, canvas: Canvas) -> None:
        self._sign = Icon(canvas, "before", CLEAR, size=SIDE, thick=dp(0.9))
        self.text = Text(canvas, SMALL, QUIET)

    def show(self, words: str, x: float, down: float, width: float) -> float:
        """Draw the words at this place; the answer is the height they take."""
        self._sign.paint(QUIET if words else CLEAR)
        self._sign.put(x, down + (line_height(SMALL) - SIDE) / 2)
        self.text.say(words, width - SIDE - NEAR).put(x + SIDE + NEAR, down)
        return self.text.height
