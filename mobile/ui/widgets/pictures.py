"""JPEGs as textures, and a texture on a canvas.

Promises: of a photo only a texture of the size it is drawn in is kept; its bytes, and the texture they came in, are let go at once. Kivy's
own reader does it, for a phone has no Pillow. Leaves to others: which photo is drawn where, and in what size (`photos`).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

from kivy.core.image import Image as CoreImage
from kivy.graphics import Canvas, Color, Fbo, Rectangle
from kivy.graphics.texture import Texture

from mobile.pages.blocks import Picture
from mobile.ui.theme import Colour
from mobile.ui.widgets.shapes import AWAY, CLEAR
from shared.sync.phone import PhoneError

WHOLE: Colour = (1, 1, 1, 1)
UNDER_A_FINGER: Colour = (0.8, 0.8, 0.8, 1)

log = logging.getLogger(__name__)


def texture_of(picture: Picture, width: int, height: int, crop: bool) -> Texture | None:
    """The photo in a texture of its own: cut to fill this box of pixels exactly, or whole within it, never larger than it is. None where it
    is not on this phone, or is no picture that can be read, which is logged.
    """
    try:
        jpeg = picture.load()
    except (
        PhoneError
    ) as error:  # locked meanwhile: an old page's picture is asked for again when the graphics are drawn anew
        log.info("a photo is not to be had: %s", error.code)
        return None
    if jpeg is None:
        return None
    try:
        texture = CoreImage(io.BytesIO(jpeg), ext="jpg", filename=picture.name, nocache=True).texture
    except Exception as error:  # Kivy's loaders raise bare Exceptions
        log.warning("a photo could not be read: %s", error)
        return None
    wide, high = texture.size
    if crop:
        part = min(wide / width, high / height)
        cut = max(1, int(width * part)), max(1, int(height * part))
        texture = texture.get_region((wide - cut[0]) // 2, (high - cut[1]) // 2, *cut)
    else:
        part = max(wide / width, high / height, 1.0)
        width, height = max(1, round(wide / part)), max(1, round(high / part))
    while texture.width >= 2 * width and texture.height >= 2 * height:  # by halves, else fine patterns flicker
        texture = _drawn(texture, max(width, texture.width // 2), max(height, texture.height // 2))
        if texture.size == (width, height):
            return texture
    return _drawn(texture, width, height)


def _drawn(texture: Texture, width: int, height: int) -> Texture:
    frame = Fbo(size=(width, height))
    with frame:
        Color(1, 1, 1, 1)
        Rectangle(texture=texture, size=(width, height))
    frame.draw()
    return frame.texture


class Shown:
    """A photo on a canvas; nothing until it has a texture. `lost` is called when the phone has lost its graphics.

    Its corners are square: Kivy's rounded rectangle draws a texture of a frame buffer head down.
    """

    def __init__(self, canvas: Canvas, lost: Callable[[object], None]) -> None:
        self.texture: Texture | None = None
        self._lost = lost
        with canvas:
            self._ink = Color(*CLEAR)
            self._box = Rectangle(size=(1, 1), pos=AWAY)

    def take(self, texture: Texture | None) -> None:
        """Draw this one from now on."""
        self.texture = self._box.texture = texture
        self._ink.rgba = WHOLE if texture else CLEAR
        if texture is not None:
            texture.add_reload_observer(self._lost)

    def paint(self, pressed: bool) -> None:
        """Show whether a finger is on it."""
        self._ink.rgba = CLEAR if self.texture is None else UNDER_A_FINGER if pressed else WHOLE

    def put(self, x: float, down: float, width: float, height: float) -> None:
        """Place it."""
        self._box.pos = round(x), round(-down) - round(height)
        self._box.size = round(width), round(height)
