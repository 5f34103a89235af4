"""How the phone's app looks: every colour, size and distance, in one place.

Made for sun, fifty-year-old eyes and thick fingers: dark words on light ground (each pair in `PAIRS` has a contrast of 4.5:1 or more), big
type, nothing to touch under 48 dp. Sizes are whole pixels of this phone, so that edges and letters stay sharp. Leaves to others: shapes
(`widgets.shapes`), letters (`fonts`).
"""

from kivy.metrics import dp, sp
from kivy.utils import get_color_from_hex

from mobile.pages.blocks import Tone

Colour = tuple[float, float, float, float]


def colour(code: str) -> Colour:
    """A colour of its #rrggbb code."""
    red, green, blue, alpha = get_color_from_hex(code)
    return red, green, blue, alpha


# --- colours -------------------------------------------------------------------------------------------------------

INK = colour("#17211C")
QUIET = colour("#525D57")
PAPER = colour("#F3F1EC")
CARD = colour("#FFFFFF")
HAIRLINE = colour("#E3DFD7")
EDGE = colour("#87918B")
"""Around what can be filled in: 3:1 on white, as a border must have."""
HINT = colour("#69736D")

BRAND = colour("#0B6B4F")
BRAND_DEEP = colour("#07523C")
BRAND_TINT = colour("#E1F1EA")
ON_BRAND = colour("#FFFFFF")
ON_BRAND_QUIET = colour("#D5EBE2")

DANGER = colour("#AD1F1F")
DANGER_DEEP = colour("#861414")
PRESSED = colour("#E9E5DD")
"""What a finger is on, where the ground is white."""
OFF = colour("#DFDCD5")
ON_OFF = colour("#5A625D")
TRACK = colour("#DDDAD2")
SHADE = (0.06, 0.10, 0.08, 0.55)
"""Laid over the page under a dialog."""
TOAST = colour("#1F2A25")
ON_TOAST = colour("#FFFFFF")
ON_TOAST_BUTTON = colour("#8FE3C2")

TONE_INK: dict[Tone, Colour] = {
    "plain": INK,
    "quiet": QUIET,
    "brand": BRAND,
    "good": colour("#17692F"),
    "warn": colour("#874800"),
    "bad": colour("#AD1F1F"),
}
TONE_TINT: dict[Tone, Colour] = {
    "plain": colour("#EFECE6"),
    "quiet": colour("#EFECE6"),
    "brand": BRAND_TINT,
    "good": colour("#E0F2E2"),
    "warn": colour("#FFEFD0"),
    "bad": colour("#FCE6E4"),
}

TONE_MARK: dict[Tone, Colour] = {**TONE_INK, "warn": colour("#C27200"), "good": colour("#1E8740")}
"""Rings and bars, which are not read: 3:1 on a card."""

PAIRS: tuple[tuple[str, Colour, Colour], ...] = (
    ("words on the page", INK, PAPER),
    ("words on a card", INK, CARD),
    ("words under a finger", INK, PRESSED),
    ("quiet words on the page", QUIET, PAPER),
    ("quiet words on a card", QUIET, CARD),
    ("quiet words under a finger", QUIET, PRESSED),
    ("a hint in a field", HINT, CARD),
    ("header", ON_BRAND, BRAND),
    ("header, second line", ON_BRAND_QUIET, BRAND),
    ("header under a finger", ON_BRAND, BRAND_DEEP),
    ("primary button", ON_BRAND, BRAND),
    ("plain button", BRAND, CARD),
    ("plain button under a finger", BRAND, PRESSED),
    ("dangerous button", DANGER, CARD),
    ("dangerous button under a finger", DANGER, PRESSED),
    ("filled dangerous button", ON_BRAND, DANGER),
    ("button that is off", ON_OFF, OFF),
    ("chosen chip", BRAND_DEEP, BRAND_TINT),
    ("toast", ON_TOAST, TOAST),
    ("toast's button", ON_TOAST_BUTTON, TOAST),
    *((f"{tone} words on the page", TONE_INK[tone], PAPER) for tone in TONE_INK),
    *((f"{tone} words on a card", TONE_INK[tone], CARD) for tone in TONE_INK),
    *((f"{tone} words on their tint", TONE_INK[tone], TONE_TINT[tone]) for tone in TONE_INK),
)
"""(what, words, ground): every pair that is drawn."""


def contrast(words: Colour, ground: Colour) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.2 reckons it."""

    def light(colour: Colour) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(words), light(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# --- letters -------------------------------------------------------------------------------------------------------

TITLE = round(sp(21))
HEADING = round(sp(16))
NAME = round(sp(18))
"""A row's title, a button's label."""
BODY = round(sp(17))
SMALL = round(sp(15))
MARK = round(sp(14))
"""Badges, the tabs' words: the smallest there is."""
CLOCK = round(sp(30))
DIGIT = round(sp(28))

# --- sizes ---------------------------------------------------------------------------------------------------------

TOUCH = round(dp(48))
"""The least height and width of what a finger must hit."""
BUTTON = round(dp(54))
BUTTON_EDGE = round(dp(1.5))
HEADER = round(dp(56))
TAB = round(dp(39) + sp(21))
FIELD = round(dp(54))
ROW_PAD = round(dp(13))
MARGIN = round(dp(14))
"""From the screen's edge to a card."""
INSET = round(dp(16))
"""From a card's edge to its words."""
GAP = round(dp(12))
"""Between cards."""
NEAR = round(dp(6))
"""Between what belongs together."""
RADIUS = round(dp(14))
RADIUS_SMALL = round(dp(10))
THIN = max(1, round(dp(1)))
THICK = round(dp(2))
ICON = round(dp(24))
"""Side of the square an icon is drawn in."""
