"""Kivy's ScrollView, told how a phone scrolls, and asked in pixels.

Promises: a touch that moves under 20 dp is a tap; nothing bounces; the bar is seen while it moves. Leaves to others: what scrolls.
"""

from typing import Any

from kivy.effects.scroll import ScrollEffect
from kivy.metrics import dp
from kivy.uix.scrollview import ScrollView


class Scroller(ScrollView):
    """Up and down, or sideways."""

    def __init__(self, sideways: bool = False) -> None:
        super().__init__(
            size_hint=(None, None),
            do_scroll_x=sideways,
            do_scroll_y=not sideways,
            effect_cls=ScrollEffect,
            scroll_type=["content"],
            scroll_distance=dp(20),
            scroll_timeout=80,
            bar_width=0 if sideways else dp(3),
            bar_margin=dp(1),
            bar_color=(0.2, 0.25, 0.22, 0.55),
            bar_inactive_color=(0, 0, 0, 0),
        )

    def on_scroll_move(self, touch: Any) -> bool | None:
        """A line that moves sideways leaves what goes up or down to the page it stands on; Kivy's would swallow it."""
        mine = self._get_uid()
        state = touch.ud.get(mine)
        if self.do_scroll_x and state and state["mode"] == "unknown":
            across, along = state["dx"] + abs(touch.dx), state["dy"] + abs(touch.dy)
            if along > self.scroll_distance > across:
                del touch.ud[mine]
                touch.ud[self._get_uid("svavoid")] = True
                self._touch = None
                return False
        answer: bool | None = super().on_scroll_move(touch)
        return answer

    @property
    def offset(self) -> float:
        """How far the content has moved up, in pixels; 0 at the top."""
        return max(0.0, (1 - self.scroll_y) * self.spare)

    @offset.setter
    def offset(self, pixels: float) -> None:
        self.stop()
        self.keep(pixels)

    def keep(self, pixels: float) -> None:
        """Stand at this offset again after the content has changed; what is moving moves on."""
        self.scroll_y = 1 - max(0.0, min(pixels, self.spare)) / self.spare if self.spare > 0 else 1
        self._update_effect_bounds()  # else the next touch would start from where it was

    def stop(self) -> None:
        """Move no further."""
        for effect in (self.effect_x, self.effect_y):
            if effect is not None:
                effect.velocity = 0

    @property
    def spare(self) -> float:
        """How far it can move, in pixels."""
        return max(0.0, self._viewport.height - self.height) if self._viewport else 0.0
