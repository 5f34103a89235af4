"""Photographs for the made-up county: a yard before and after it was cleared, and what came of the check before; a roof that leaks.

`put_photos` names them in records that the county has, the newest of their sort, and keeps in the store all but one. Promises: drawn here, of
no real place or person; the same pictures every time. Leaves to others: the pages they are seen on (`pictures`, `test_pages`).
"""

import io
import random
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw

from server.acts.desk import desk_writer
from server.photos.store import Held
from server.service import Service, now_ms
from server.store import TownshipStore
from shared.photos import LONGEST, QUALITY, name_of
from shared.sync.gate import Gate

WIDE, TALL = (LONGEST, 1200), (1200, LONGEST)
SMALL = 320
SKY, EARTH, WALL, ROOF, DARK = (150, 190, 220), (150, 120, 80), (225, 215, 190), (90, 60, 50), (20, 20, 20)


def put_photos(service: Service, township: str) -> None:
    """A check with before and after beside the check before it, a call of which two of three have come, and a problem."""
    with service.database.read(township) as store:
        ((home,),) = store.sql(
            "SELECT household FROM kind_cleanup_check WHERE township = ? AND target = 'household' GROUP BY household"
            " HAVING count(*) > 1 ORDER BY household LIMIT 1",
            township,
        )
        (earlier, _), (later, _) = store.sql(
            "SELECT id, checked_at FROM kind_cleanup_check WHERE township = ? AND household = ? ORDER BY checked_at DESC LIMIT 2",
            township, home,
        )[::-1]  # fmt: skip
        visit, problem = (
            store.sql(f"SELECT id FROM kind_{kind} WHERE township = ? AND {where} ORDER BY id DESC LIMIT 1", township)[0][0]
            for kind, where in (("visit", "mode = 'home'"), ("problem", "description LIKE '%漏%'"))
        )  # fmt: skip
    coming = name_of(b"a photograph that is on its way")
    named: list[tuple[str, str, dict[str, Any]]] = [
        ("cleanup_check", earlier, {"photos": [keep(service, township, rubbish=4)]}),
        ("cleanup_check", later, {
            "photos_before": [keep(service, township, rubbish=60)],
            "photos": [keep(service, township, rubbish=0), keep(service, township, TALL, rubbish=2)],
        }),
        ("visit", visit, {"photos": [keep(service, township, hole=True), keep(service, township, TALL), coming]}),
        ("problem", problem, {"photos": [keep(service, township, hole=True)]}),
    ]  # fmt: skip

    def work(store: TownshipStore) -> None:
        gate = Gate(service.database.kinds, store, now_ms)
        for kind, id_, values in named:
            row = gate.write(desk_writer(township, "褚干部", "console"), kind, id_, values)
            assert row.refusal is None, row.refusal
        gate.close()

    service.database.write(township, work)


def pages_with_photos(store: TownshipStore) -> Mapping[str, str]:
    """Where `put_photos` left them: what each shows, and the end of its address."""
    of = {
        kind: store.sql(f"SELECT id FROM kind_{kind} WHERE township = ? AND {field} <> '[]'", store.code)[0][0]
        for kind, field in (("cleanup_check", "photos_before"), ("visit", "photos"), ("problem", "photos"))
    }
    return {
        "check-before-and-after": f"records/cleanup_check/{of['cleanup_check']}",
        "visit-with-photos-on-their-way": f"records/visit/{of['visit']}",
        "problem-with-a-photo": f"ledger/{of['problem']}",
    }


def keep(service: Service, township: str, size: tuple[int, int] = WIDE, *, rubbish: int = 0, hole: bool = False) -> str:
    """A drawn photograph, held by the township; returns its name."""
    drawn = draw(size, rubbish, hole)
    large = _jpeg(drawn)
    drawn.thumbnail((SMALL, SMALL))
    small, name = _jpeg(drawn), name_of(large)
    held = Held(name, "a phone", now_ms(), len(large), name, *size, len(small), name_of(small))
    service.photos.put(township, held, large, small)
    return name


def draw(size: tuple[int, int], rubbish: int, hole: bool) -> Image.Image:
    """A house behind its yard."""
    drawn = Image.new("RGB", size, SKY)
    pen, (width, height) = ImageDraw.Draw(drawn), size
    pen.rectangle([0, height * 0.6, width, height], fill=EARTH)
    pen.rectangle([width * 0.25, height * 0.35, width * 0.75, height * 0.62], fill=WALL)
    pen.polygon([(width * 0.2, height * 0.35), (width * 0.5, height * 0.12), (width * 0.8, height * 0.35)], fill=ROOF)
    pen.rectangle([width * 0.46, height * 0.45, width * 0.56, height * 0.62], fill=ROOF)
    if hole:
        pen.ellipse([width * 0.5, height * 0.2, width * 0.6, height * 0.28], fill=DARK)
    chance = random.Random(1)
    for _ in range(rubbish):
        x, y = chance.random() * width * 0.95, height * (0.66 + chance.random() * 0.28)
        colour = (chance.randrange(60, 220), chance.randrange(60, 180), 60)
        pen.ellipse([x, y, x + width * 0.035, y + height * 0.025], fill=colour)
    return drawn


def _jpeg(drawn: Image.Image) -> bytes:
    made = io.BytesIO()
    drawn.save(made, "JPEG", quality=QUALITY)
    return made.getvalue()
