"""`ruhu verify`: every promise that can be read back, from the database and checked against the log, and from the photographs' files.

Reads only, each township in one consistent view, so a serving server is neither stopped nor misread. Promises: bounded memory (records a
page at a time by id, the log by position); names records, fields, devices and numbers, never what anybody wrote. What is looked at record
by record stands in `verify_records`. Leaves to others: printing, and mending what it finds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from server import audit
from server.photos.named import is_late, named
from server.photos.store import PhotoStore
from server.service import now_ms
from server.store import Database, TownshipStore
from server.tables import REFERENCE, Base, table_name
from server.upkeep.photos import is_here, look_at
from server.upkeep.verify_records import MOST, Check, Report, Walk
from shared.grants import HOUSEHOLD, VILLAGE, Grant, GrantError
from shared.hlc import FAST_LIMIT_MS, device_of, is_stamp, milliseconds_of
from shared.merge import DESK
from shared.sync.gate import desk_device

Progress = Callable[[str, int, int], None]
"""Told after every page: the township, how many rows of it were read, how many there are."""

LOG_PAGE = 5000
CHAINS = frozenset({"audit", "audit_head"})
"""The tables that hold rows of no township, too."""
CHECKS = {
    "townships": "每行数据属于一个已知乡镇 / every row belongs to a known township",
    "log_positions": "日志位置连续，与计数一致 / log positions run from 1 without a gap to the counter",
    "device_numbers": "每台设备的编号从 1 连续 / each device's numbers run from 1 without a gap",
    "stamps": "时间戳成形、可信、不重复 / stamps are well-formed, believable, and none names two writes",
    "devices_and_grants": "设备和授权各有其人 / devices and grants belong to known people and places",
    "log_and_tables": "日志合并的结果就是表中的记录 / the log folded gives exactly what the tables hold",
    "overwritten_unseen": "未经看到就被覆盖的值都有分歧 / every value overwritten unseen has its conflict",
    "conflicts": "每条分歧都名副其实 / every conflict is about something, once, and still stands",
    "audit": "操作记录的每一行都与前一行相扣 / every row of the audit trail is tied to the one before",
    "places": "记录和分歧归档在该在的村 / records and conflicts are filed where they belong",
    "photos": "到了的照片一字节不差 / every photo that arrived is byte for byte what was put",
}
ON_THE_WAY, LOST, RETIRED = "on_the_way", "did_not_arrive", "retired"
NOTES = {
    ON_THE_WAY: "张还在路上（记录里有名，照片未到）/ still on the way: named by a record, not here yet",
    LOST: "张没有收到（记录里有名 30 天以上，照片一直没来）/ did not arrive: named for more than 30 days and never here",
    RETIRED: "张保存期已满，只留事实 / retired: their time was over",
}
"""What is counted and no problem."""


def verify(database: Database, progress: Progress | None = None, photos: PhotoStore | None = None) -> dict[str, Any]:
    """Check everything: {"ok", "checks": [{"name", "says", "ok", "checked", "problems": [text, ...], "notes": {word: count}}]}.

    Always all of CHECKS; without `photos` there are no photos to check. `checked` counts what was looked at; after MOST problems of
    one check the last text only counts the rest.
    """
    report = {name: Check(name, says) for name, says in CHECKS.items()}
    with _one_view(database, "") as store:
        known = {code for (code,) in store.sql("SELECT code FROM area WHERE level = 'township'")}
        townships = known_townships(database, store, known, report["townships"])
        audit_chain(store, report["audit"])
    for township in townships:
        with _one_view(database, township) as store:
            meter = _Meter(database, store, progress)
            log_positions(store, report["log_positions"])
            device_numbers(store, report["device_numbers"])
            people_and_grants(database, store, report["devices_and_grants"])
            audit_chain(store, report["audit"])
            log_rows(store, report, meter.step)
            stamps_once(store, report["stamps"])
            Walk(database, store, report, meter.step).run()
            if photos:
                photos_on_the_way(database, store, photos, report["photos"])
    if photos:
        photos_whole(photos, report["photos"])
    return {"ok": all(check.ok for check in report.values()), "checks": [check.told() for check in report.values()]}


@contextmanager
def _one_view(database: Database, township: str) -> Iterator[TownshipStore]:
    """One moment of a township, however long we look at it."""
    with database.engine.connect() as plain:
        connection = plain
        if not database.is_sqlite:
            connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield TownshipStore(database, connection, township)


@dataclass(slots=True)
class _Meter:
    """How far we are in a township."""

    database: Database
    store: TownshipStore
    progress: Progress | None
    done: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        if self.progress:
            tables = ["changes", *map(table_name, self.database.kinds.values())]
            counts = [self.store.sql(f"SELECT count(*) FROM {t} WHERE township = ?", self.store.code) for t in tables]
            self.total = sum(count for ((count,),) in counts)

    def step(self, rows: int) -> None:
        self.done += rows
        if self.progress:
            self.progress(self.store.code, self.done, self.total)


# --- the checks ----------------------------------------------------------------------------------------------------


def known_townships(database: Database, store: TownshipStore, known: set[str], check: Check) -> list[str]:
    """No tenant table holds a row outside the known townships; returns every township that has rows, known or not."""
    tables = [name for name in Base.metadata.tables if name not in REFERENCE]
    tables += [table_name(kind) for kind in database.kinds.values()]
    found: set[str] = set()
    for table in tables:
        held = {code for (code,) in store.sql(f"SELECT DISTINCT township FROM {table}")}
        if table in CHAINS:
            held.discard(audit.SERVER)
        for code in sorted(held - known):
            check.wrong(table, code, "不是已知的乡镇 / is no known township")
        found |= held
    check.checked += len(found)
    counted = {code for (code,) in store.sql("SELECT township FROM township_counter")}
    logged = {code for (code,) in store.sql("SELECT DISTINCT township FROM changes")}
    for code in sorted(logged - counted):
        check.wrong(code, "有日志而无计数 / has a log but no counter")
    return sorted(found)


def audit_chain(store: TownshipStore, check: Check) -> None:
    """The chain of a township (or of the whole server) holds from its first row to its head."""
    check.checked += audit.head(store)[0]
    for seq, why in audit.breaks(store):
        check.wrong(store.code or "server", f"第 {seq} 行 / row {seq}", why)


def log_positions(store: TownshipStore, check: Check) -> None:
    """Log positions run from 1 to the counter's, none missing."""
    ((count, last),) = store.sql("SELECT count(*), coalesce(max(seq), 0) FROM changes WHERE township = ?", store.code)
    check.checked += count
    if last != store.head():
        check.wrong(store.code, f"日志止于 {last}，计数为 {store.head()} / the log ends elsewhere than the counter")
    if count != last:
        _name_gaps(store, check, "seq", "TRUE", (), store.code)


def device_numbers(store: TownshipStore, check: Check) -> None:
    """Each device's numbers run from 1, none missing, and the number wanted next follows the last."""
    wanted = dict(map(tuple, store.sql("SELECT id, next_number FROM device WHERE township = ?", store.code)))
    used = store.sql(
        "SELECT device, count(*), max(number) FROM changes WHERE township = ? GROUP BY device ORDER BY device",
        store.code,
    )
    for device, count, last in used:
        check.checked += count
        where = f"{store.code} {device}"
        if count != last:
            _name_gaps(store, check, "number", "device = ?", (device,), where)
        if device not in wanted:
            check.wrong(where, "日志中的设备未登记 / writes in the log but is no device")
        elif wanted[device] != last + 1:
            check.wrong(where, f"末号 {last}，下一号 {wanted[device]} / the next number does not follow the last")
    for device in sorted(wanted.keys() - {device for device, _, _ in used}):
        if wanted[device] != 1:
            check.wrong(
                store.code, device, f"没有日志，下一号 {wanted[device]} / has no log, yet wants another number than 1"
            )


def _name_gaps(
    store: TownshipStore, check: Check, column: str, where: str, parameters: tuple[Any, ...], name: str
) -> None:
    """Name the places where a row of numbers that should run from 1 does not."""
    gaps = store.sql(
        f"SELECT before, here FROM (SELECT {column} AS here, coalesce(lag({column}) OVER (ORDER BY {column}), 0) AS before"
        f" FROM changes WHERE township = ? AND {where}) AS numbers WHERE here <> before + 1 ORDER BY here LIMIT ?",
        store.code, *parameters, MOST,
    )  # fmt: skip
    for before, here in gaps:
        check.wrong(name, f"{before} 之后是 {here} / {here} follows {before}")


def people_and_grants(database: Database, store: TownshipStore, check: Check) -> None:
    """Devices belong to known people (but for the desk's and adopted ones); grants end after they began, for someone and somewhere."""
    people = {id_ for (id_,) in store.sql("SELECT id FROM user_account")}
    for device, person, token in store.sql("SELECT id, person, token_hash FROM device WHERE township = ?", store.code):
        check.checked += 1
        if token is not None and person not in people and not device.startswith(DESK):
            check.wrong(store.code, device, "设备不属于任何用户 / the device belongs to nobody known")
    households: set[str] = set()
    if database.kinds.household:
        table = table_name(database.kinds.household)
        households = {
            id_ for (id_,) in store.sql(
                f"SELECT id FROM {table} WHERE township = ? AND 'household:' || id IN"
                " (SELECT scope FROM access_grant WHERE township = ?)", store.code, store.code,
            )
        }  # fmt: skip
    for person, scope, since, until in store.sql(
        "SELECT person, scope, since, until FROM access_grant WHERE township = ?", store.code
    ):
        check.checked += 1
        if person not in people:
            check.wrong(store.code, scope, "授权不属于任何用户 / the grant belongs to nobody known")
        if until is not None and until < since:
            check.wrong(store.code, scope, person, "授权的终点早于起点 / the grant ends before it begins")
        if not _lies_in(store, households, scope):
            check.wrong(store.code, scope, "本乡镇没有这个地方或户 / no such place or household in the township")


def _lies_in(store: TownshipStore, households: set[str], scope: str) -> bool:
    try:
        grant = Grant.read(scope)
    except GrantError:
        return False
    if grant.scope == HOUSEHOLD:
        return grant.value in households
    return grant.value in store.villages() if grant.scope == VILLAGE else grant.value == store.code


def log_rows(store: TownshipStore, report: Report, step: Callable[[int], None]) -> None:
    """Every log row by itself: taken ones are in a feed and their stamps believable, refused and repeating ones are in none.

    Over all of them: no device's newest stamp, and no stamp by the township's own clock, is above what is remembered.
    """
    stamps, places = report["stamps"], report["places"]
    newest: dict[str, str] = {}
    after = 0
    while rows := store.sql(
        "SELECT seq, village, stamp, sent_stamp, at, refusal IS NULL, repeats FROM changes"
        " WHERE township = ? AND seq > ? ORDER BY seq LIMIT ?", store.code, after, LOG_PAGE,
    ):  # fmt: skip
        for seq, village, stamp, sent, at, unrefused, repeats in rows:
            if (village is not None) != bool(unrefused and not repeats):
                places.wrong(
                    store.code, f"日志 {seq} 不该在或该在动态里 / log row {seq} is in a feed against its nature"
                )
            if not unrefused:
                continue
            stamps.checked += 1
            if not is_stamp(stamp) or (sent is not None and not is_stamp(sent)):
                stamps.wrong(store.code, f"日志 {seq} 的时间戳不成形 / log row {seq} has a malformed stamp")
                continue
            if milliseconds_of(stamp) > at + FAST_LIMIT_MS:
                stamps.wrong(store.code, f"日志 {seq} 的时间戳超前 / log row {seq} is stamped ahead of its time")
            device = device_of(stamp)
            if stamp > newest.get(device, ""):
                newest[device] = stamp
        after = rows[-1][0]
        step(len(rows))
    _clocks_remembered(store, newest, stamps)


def _clocks_remembered(store: TownshipStore, newest: dict[str, str], check: Check) -> None:
    """Each device's newest stamp is remembered, and the township's clock is not behind its own stamps."""
    remembered = dict(map(tuple, store.sql("SELECT id, newest_stamp FROM device WHERE township = ?", store.code)))
    for device in sorted(remembered.keys() | newest.keys()):
        if remembered.get(device) != newest.get(device):
            check.wrong(store.code, device, "最新时间戳与日志不符 / the newest stamp remembered is not the log's")
    clock = [last for (last,) in store.sql("SELECT last_stamp FROM township_counter WHERE township = ?", store.code)]
    own = newest.get(desk_device(store.code))
    if own is not None and not any(last is not None and last[:17] >= own[:17] for last in clock):
        check.wrong(store.code, "乡镇时钟落后于自己的时间戳 / the township's clock is behind its own stamps")


def stamps_once(store: TownshipStore, check: Check) -> None:
    """A stamp names one write: no record has two taken changes with the same one."""
    for kind, record, stamp in store.sql(
        "SELECT kind, record, stamp FROM changes WHERE township = ? AND refusal IS NULL AND repeats = 0"
        " GROUP BY kind, record, stamp HAVING count(*) > 1 ORDER BY kind, record, stamp LIMIT ?",
        store.code, MOST,
    ):  # fmt: skip
        check.wrong(store.code, kind, record, stamp, "时间戳用了两次 / the stamp names two writes")


def photos_whole(photos: PhotoStore, check: Check) -> None:
    """Every picture that arrived, and its small one, has the size and sum that it was put with; a retired one is counted."""
    for township in photos.townships():
        for name in photos.names(township):
            found = look_at(photos, township, name)
            check.checked += 1
            if found.wrong:
                check.wrong(township, name, found.wrong)
            elif found.held and found.held.retired_at is not None:
                check.note(RETIRED)


def photos_on_the_way(database: Database, store: TownshipStore, photos: PhotoStore, check: Check) -> None:
    """A picture may come hours after the record that names it, or never: counted, each by itself, and no problem."""
    now = now_ms()
    for kind, record, names in named(database, store):
        check.checked += len(names)
        for name in names:
            if not is_here(photos, store.code, name):
                check.note(LOST if is_late(store, kind, record, name, now) else ON_THE_WAY)
