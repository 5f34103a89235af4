"""A field from a newer app survives an older server, and an upgrade that knows it gives it its column and its rule."""

import uuid
from pathlib import Path
from typing import Any

from server import access
from server.app import create_app
from server.config import Config
from server.imports.area_store import import_areas
from server.imports.areas import NINGMING, read_areas
from server.service import Service, now_ms
from server.upkeep.adopt import adopt_fields
from server.upkeep.upgrade import create_all, upgrade
from shared.fields import UNION, Integer, List
from shared.kind import Registry
from shared.kinds import KINDS
from shared.kinds.visit import Visit
from shared.sync.answer import Reader
from shared.sync.gate import Gate
from shared.sync.wire import Sent

VILLAGE = "451422103001"


class VisitOfTomorrow(Visit):
    class Meta(Visit.Meta):
        name = "visit"

    helpers_met = List("见到的帮扶人", "Helpers met", merge=UNION)
    pigs = Integer("猪", "Pigs", low=0, high=99)


def service_at(folder: Path, kinds: Registry) -> tuple[Any, Service]:
    app = create_app(Config.at(folder), kinds)
    return app, app.extensions["ruhu"]


def test_a_field_of_a_newer_app_moves_to_its_column_when_an_upgrade_knows_it(tmp_path: Path) -> None:
    app, old = service_at(tmp_path, KINDS)
    upgrade(app)
    import_areas(old.database, read_areas(NINGMING))
    access.add_user(old.database, "wei", ["cadre"], [f"village:{VILLAGE}"], now_ms())
    code = access.make_code(old.database, "wei", None, now_ms())
    phone = access.enrol(old.database, code, {"name": "", "platform": "", "app": ""}, now_ms())
    visit, odd = str(uuid.uuid4()), str(uuid.uuid4())

    def sent(number: int, id_: str, values: dict[str, Any]) -> Sent:
        return Sent(number, f"{now_ms():012x}-{number:04x}-{phone.device}", "visit", id_, VILLAGE, None, values)

    def push(store: Any) -> None:
        gate = Gate(old.kinds, store, now_ms)
        writer = access.caller_of(store, phone.token, now_ms()).writer()
        gate.admit(
            [
                sent(1, visit, {"remark": "好", "helpers_met": ["韦敏"], "pigs": 3}),
                sent(2, visit, {"helpers_met": ["韦敏", "农强"]}),
                sent(3, odd, {"pigs": {"not": "a number"}, "helpers_met": "not a list"}),
            ],
            writer,
        )
        gate.close()

    old.database.write("451422103", push)
    assert old.database.engine.connect().exec_driver_sql("SELECT extra FROM kind_visit").scalars().all()[0]

    tomorrow = Registry.of([VisitOfTomorrow if kind.name == "visit" else kind.form for kind in KINDS.values()])
    new_app, new = service_at(tmp_path, tomorrow)
    with new.database.transaction() as connection:  # what the next version's migration would do
        connection.exec_driver_sql("ALTER TABLE kind_visit ADD COLUMN helpers_met TEXT")
        connection.exec_driver_sql("ALTER TABLE kind_visit ADD COLUMN pigs BIGINT")
    create_all(new.database, new_app.extensions["ruhu_metadata"], new.config)
    assert adopt_fields(new.database) == 2
    with new.database.read("451422103") as store:
        ((pigs, helpers, extra),) = store.sql("SELECT pigs, helpers_met, extra FROM kind_visit WHERE id = ?", visit)
        assert (pigs, extra) == (3, None)
        assert helpers == '["韦敏","农强"]'
        records = Reader(tomorrow, store, access.caller_of(store, phone.token, now_ms()).grants).page({}, 10).records
    told = next(record for record in records if record["id"] == visit)
    assert set(told["stamps"]["helpers_met"]) == {"韦敏", "农强"}
    assert adopt_fields(new.database) == 0
