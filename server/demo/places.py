"""Where the made-up villages lie: the demo township first, then Ningming's other townships, each filled before the next.

Promises: an area that stands in the database keeps its name; two villages of one township never have the same name; a township that
already holds data is refused. Leaves to others: who lives there.
"""

import re
from dataclasses import dataclass
from itertools import islice

from server.demo.chance import Chance
from server.demo.names import Names
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, Area, read_areas, townships
from server.store import Database, TownshipStore

DEMO_TOWNSHIP = "451422103"
_IN_DEMO_TOWNSHIP = 17
_IN_ANOTHER = 13
_KINDS_OF_PLACE = re.compile(r"(社区居民委员会|社区居委会|居民委员会|居委会|村民委员会|村委会|社区|村|屯)$")


class DemoDataError(Exception):
    """The county can't be made here; the message (Chinese / English) says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A village: its 12-digit code, its name as the area table has it, and the stem of that name."""

    code: str
    name: str

    @property
    def stem(self) -> str:
        return stem_of(self.name)


def stem_of(name: str) -> str:
    """A place's name without the word for what sort of place it is."""
    return _KINDS_OF_PLACE.sub("", name) or name


def choose(villages: int) -> dict[str, list[str]]:
    """Township code to the codes of its villages, in the order in which they are filled. DemoDataError beyond the county's size."""
    ningming = [area.code for area in townships(read_areas(NINGMING))]
    order = [DEMO_TOWNSHIP, *(code for code in ningming if code != DEMO_TOWNSHIP)]
    most = _IN_DEMO_TOWNSHIP + _IN_ANOTHER * (len(order) - 1)
    if not 1 <= villages <= most:
        raise DemoDataError(f"村数应在 1 到 {most} 之间。 / The number of villages must be between 1 and {most}.")
    all_codes = ((town, n) for town in order for n in range(1, 1 + _room(town)))
    chosen: dict[str, list[str]] = {}
    for town, n in islice(all_codes, villages):
        chosen.setdefault(town, []).append(f"{town}2{n:02d}")
    return chosen


def _room(township: str) -> int:
    return _IN_DEMO_TOWNSHIP if township == DEMO_TOWNSHIP else _IN_ANOTHER


def refuse_what_is_in_use(database: Database, wanted: list[str]) -> None:
    """DemoDataError when one of these townships holds data: made-up records never stand beside real ones."""
    with database.engine.connect() as connection:
        counted = TownshipStore(database, connection, "").sql("SELECT township FROM township_counter WHERE seq > 0")
    used = sorted({code for (code,) in counted} & set(wanted))
    if used:
        raise DemoDataError(
            f"乡镇 {'、'.join(used)} 已有数据，演示数据只能放进空的实例（另设 RUHU_INSTANCE 再试）。"
            f" / Townships {', '.join(used)} hold data; demo data needs an empty instance (set another RUHU_INSTANCE)."
        )


def lay_out(database: Database, names: Names, chosen: dict[str, list[str]]) -> dict[str, list[Place]]:
    """Store what areas are missing and return every township's villages."""
    with database.engine.connect() as connection:
        known = dict(map(tuple, TownshipStore(database, connection, "").sql("SELECT code, name FROM area")))
    missing = [area for area in read_areas(NINGMING) if area.level != "village" and area.code not in known]
    laid: dict[str, list[Place]] = {}
    for town, codes in chosen.items():
        taken = {stem_of(name) for code, name in known.items() if code.startswith(town)}
        for code in codes:
            if code not in known:
                stem = names.place(taken)
                taken.add(stem)
                known[code] = f"{stem}村"
                missing.append(Area(code, known[code], town, "village"))
            laid.setdefault(town, []).append(Place(code, known[code]))
    import_areas(database, missing)
    return laid


def hamlets(chance: Chance, names: Names, village: Place, households: int) -> list[str]:
    """The names of a village's hamlets, 4 to 25 of them by its size."""
    count = min(25, max(4, round(households / chance.uniform(22, 45))))
    found: list[str] = []
    while len(found) < count:
        found.append(names.place({village.stem, *found}))
    return [f"{stem}屯" for stem in found]
