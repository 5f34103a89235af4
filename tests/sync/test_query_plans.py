"""No statement of a sync walks through a township's whole log: SQLite has no statistics here, and must be right without."""

import re

from sqlalchemy import event

from tests.sync.world import V1, V2, World, new_id, on_sqlite

WALKS = re.compile(r"SCAN (changes|kind_\w+)|(changes|kind_\w+) USING (PRIMARY KEY|INDEX \w+) \(township=\?\)")
FILL = re.compile(r"SELECT .* FROM kind_\w+ WHERE township = \? AND id > \? ORDER BY id")


@on_sqlite
def test_every_statement_of_a_sync_finds_its_rows_by_an_index(world: World) -> None:
    seen: dict[str, tuple[object, ...]] = {}
    engine = world.service.database.engine

    def note(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and not FILL.search(statement):
            seen[statement] = parameters

    event.listen(engine, "before_cursor_execute", note)
    wei, nong, home = world.cadre("韦敏"), world.cadre("农志", f"village:{V1}", f"village:{V2}"), new_id()
    wei.take(wei.change("household", home, {"remark": "一", "categories": ["key"]}))
    fast = wei.change("household", home, {"remark": "二"}, stamp=wei.stamp(ahead=3_600_000))
    wei.sync(fast)
    nong.sync(nong.change("household", home, {"remark": "三"}, {"remark": fast["stamp"]}))
    nong.sync(nong.change("household", home, {"categories": ["general"]}))
    nong.take(nong.change("problem", new_id(), {"description": "漏雨"}))
    world.move(home, V2)
    wei.sync(wei.change("household", home, {"remark": "四"}))
    nong.pull()
    world.ungrant("农志", f"village:{V2}")
    nong.sync()
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) > 15, "the scenario no longer reaches the store"
    with engine.connect() as connection:
        plans = {
            statement: [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in seen.items()
        }
    walks = {s: plan for s, plan in plans.items() if any(WALKS.search(line) for line in plan)}
    assert walks == {}
