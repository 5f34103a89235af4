"""Drawn photographs for tests and pictures of the app: a yard before and after it was cleaned up, a roof that leaks, as JPEGs.

Promises: the same words give the same bytes; as large as a phone sends them. Nothing of them is anybody's.
"""

import io
import random
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from shared.photos import LONGEST, QUALITY

SCENES = ("yard", "yard_clean", "roof", "lane")


@cache
def photograph(scene: str, number: int = 1, upright: bool = False) -> bytes:
    """A JPEG of one of `SCENES`; another `number` is another one of the same."""
    dice = random.Random(f"{scene} {number}")
    wide, high = (LONGEST * 3 // 4, LONGEST) if upright else (LONGEST, LONGEST * 3 // 4)
    image = Image.new("RGB", (wide, high))
    draw = ImageDraw.Draw(image)
    _sky(draw, dice, wide, high)
    ground = round(high * 0.62)
    _earth(draw, dice, wide, high, ground, clean=scene == "yard_clean")
    _house(draw, dice, wide, high, ground)
    if scene == "yard":
        _rubbish(draw, dice, wide, high, ground)
    if scene == "roof":
        _hole(draw, wide, high, ground)
    if scene == "yard_clean":
        _broom(draw, wide, high, ground)
    image = image.filter(ImageFilter.GaussianBlur(1.2))
    told = io.BytesIO()
    image.save(told, "JPEG", quality=QUALITY)
    return told.getvalue()


def _sky(draw: ImageDraw.ImageDraw, dice: random.Random, wide: int, high: int) -> None:
    for y in range(high):
        part = y / high
        draw.line([(0, y), (wide, y)], fill=(150 + round(70 * part), 190 + round(35 * part), 225))
    for far, colour in ((0.30, (120, 150, 140)), (0.40, (84, 124, 96)), (0.48, (62, 104, 70))):
        points, x = [(0, high)], 0
        while x < wide:  # karst hills: steep and round
            across = dice.randint(wide // 8, wide // 4)
            top = high * (far + dice.random() * 0.12)
            points += [(x, high * 0.6), (x + across * 0.3, top), (x + across * 0.6, top), (x + across, high * 0.6)]
            x += across
        draw.polygon([*points, (wide, high)], fill=colour)


def _earth(draw: ImageDraw.ImageDraw, dice: random.Random, wide: int, high: int, ground: int, clean: bool) -> None:
    colour = (176, 166, 150) if clean else (158, 132, 98)
    draw.rectangle([0, ground, wide, high], fill=colour)
    for _ in range(120 if clean else 900):
        x, y, r = dice.randint(0, wide), dice.randint(ground, high), dice.randint(2, 9)
        shade = dice.randint(-22, 16)
        draw.ellipse([x, y, x + 2 * r, y + r], fill=tuple(part + shade for part in colour))
    for x in range(0, wide, wide // 40):  # weeds along the wall
        tall = dice.randint(8, 30) if clean else dice.randint(30, 110)
        draw.line([(x, ground + 14), (x + dice.randint(-14, 14), ground + 14 - tall)], fill=(70, 112, 52), width=6)


def _house(draw: ImageDraw.ImageDraw, dice: random.Random, wide: int, high: int, ground: int) -> None:
    left, right, top = wide * 0.22, wide * 0.82, high * 0.36
    draw.rectangle([left, top, right, ground + 10], fill=(196, 178, 152))
    for row, y in enumerate(range(round(top), ground + 10, 26)):
        for x in range(round(left) + (row % 2) * 30, round(right) - 20, 60):
            shade = dice.randint(-10, 10)
            draw.rectangle([x, y, min(x + 56, right), y + 22], outline=(172 + shade, 150 + shade, 124 + shade), width=2)
    draw.polygon([(left - 60, top + 6), ((left + right) / 2, high * 0.2), (right + 60, top + 6)], fill=(92, 76, 70))
    for step in range(18):
        x = left - 40 + step * (right - left + 80) / 18
        draw.line([(x, top), ((left + right) / 2, high * 0.2)], fill=(74, 62, 58), width=5)
    draw.rectangle([wide * 0.46, ground - high * 0.19, wide * 0.56, ground + 10], fill=(96, 62, 44))
    for x in (wide * 0.30, wide * 0.66):
        draw.rectangle(
            [x, high * 0.43, x + wide * 0.09, high * 0.52], fill=(70, 84, 92), outline=(120, 98, 74), width=8
        )
    for side in (0.445, 0.565):  # red paper beside the door
        draw.rectangle([wide * side, ground - high * 0.17, wide * side + 18, ground - 20], fill=(186, 40, 36))


def _rubbish(draw: ImageDraw.ImageDraw, dice: random.Random, wide: int, high: int, ground: int) -> None:
    colours = ((232, 232, 228), (60, 92, 160), (176, 44, 40), (30, 30, 32), (214, 182, 60), (120, 150, 96))
    for _ in range(160):
        x = dice.gauss(wide * 0.30, wide * 0.10)
        y = ground + abs(dice.gauss(high * 0.16, high * 0.05))
        across, tall, tilt = dice.randint(16, 70), dice.randint(12, 44), dice.randint(-20, 20)
        draw.polygon(
            [(x, y), (x + across, y + tilt), (x + across - 8, y + tall + tilt), (x - 6, y + tall)],
            fill=dice.choice(colours),
        )


def _hole(draw: ImageDraw.ImageDraw, wide: int, high: int, ground: int) -> None:
    draw.polygon(
        [
            (wide * 0.57, high * 0.27),
            (wide * 0.66, high * 0.29),
            (wide * 0.63, high * 0.34),
            (wide * 0.56, high * 0.33),
        ],
        fill=(24, 22, 22),
    )
    draw.polygon(
        [
            (wide * 0.58, high * 0.36),
            (wide * 0.65, high * 0.36),
            (wide * 0.63, high * 0.56),
            (wide * 0.60, high * 0.58),
        ],
        fill=(146, 128, 106),
    )


def _broom(draw: ImageDraw.ImageDraw, wide: int, high: int, ground: int) -> None:
    draw.line([(wide * 0.74, high * 0.44), (wide * 0.70, ground + 30)], fill=(150, 112, 66), width=14)
    draw.polygon(
        [
            (wide * 0.69, ground + 20),
            (wide * 0.71, ground + 20),
            (wide * 0.73, ground + 130),
            (wide * 0.66, ground + 130),
        ],
        fill=(188, 156, 90),
    )
