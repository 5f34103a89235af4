"""Fields that an upgrade came to know move from `extra` to their columns.

A newer app may have written a field before this server knew it; it was kept in `extra` and merged as `latest`. Now that the field is
declared, each such record is made anew from its log under the field's own rule, and phones hear of it. What was written and does not
fit the declaration stays in the log. Runs in every `ruhu upgrade`; safe to run again and again.
"""

from typing import Any

from server.rows import from_json
from server.service import now_ms
from server.store import Database, TownshipStore
from server.tables import table_name
from shared.grants import TOWNSHIP, Grant
from shared.record import Key
from shared.sync.gate import Gate, Writer, desk_device

CHUNK = 200


def adopt_fields(database: Database) -> int:
    """Move what is known now; returns how many records were made anew."""
    with database.engine.connect() as connection:
        townships = [
            code for (code,) in TownshipStore(database, connection, "").sql("SELECT township FROM township_counter")
        ]
    return sum(_adopt_in(database, township) for township in townships)


def _adopt_in(database: Database, township: str) -> int:
    with database.read(township) as store:
        waiting = [key for kind in database.kinds.values() for key in _waiting(store, kind)]
    for start in range(0, len(waiting), CHUNK):
        keys = waiting[start : start + CHUNK]

        def work(store: TownshipStore, keys: list[Key] = keys) -> None:
            grants = (Grant(TOWNSHIP, township),)
            gate = Gate(database.kinds, store, now_ms)
            gate.renew(
                Writer(desk_device(township), "", "ruhu upgrade", frozenset({"desk"}), grants, via="upgrade"), keys
            )
            gate.close()

        database.write(township, work)
    return len(waiting)


def _waiting(store: TownshipStore, kind: Any) -> list[Key]:
    rows = store.sql(f"SELECT id, extra FROM {table_name(kind)} WHERE township = ? AND extra IS NOT NULL", store.code)
    return [Key(kind.name, id_) for id_, extra in rows if not kind.fields.keys().isdisjoint(from_json(extra))]
