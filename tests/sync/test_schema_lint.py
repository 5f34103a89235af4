"""The schema keeps its promises: township first, no key across townships, no sequences; and the migrations make just what is declared.

What lies in the way of hash partitions or of a distributed PostgreSQL is found here, and a partitioned one is really run.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, UniqueConstraint
from sqlalchemy.schema import CreateTable

from server.app import create_app
from server.config import Config
from server.service import Service
from server.store import TownshipStore
from server.tables import REFERENCE, Base, kind_tables, table_name
from server.upkeep.upgrade import create_all, identify, versions
from shared.kinds import KINDS
from tests.sync.world import V2, Backend, World, load_areas, new_id

KIND_TABLES = kind_tables(KINDS)


def everything() -> MetaData:
    """All declared tables in one place."""
    merged = MetaData(naming_convention=Base.metadata.naming_convention)
    for metadata in (Base.metadata, KIND_TABLES):
        for table in metadata.tables.values():
            table.to_metadata(merged)
    return merged


ALL = everything().tables
TENANT = [table for name, table in ALL.items() if name not in REFERENCE]


def test_only_what_is_no_townships_own_is_a_reference_table() -> None:
    assert set(REFERENCE) == {"server", "area", "user_account", "console_session"}
    assert KIND_TABLES.tables.keys() == {table_name(kind) for kind in KINDS.values()}


@pytest.mark.parametrize("table", TENANT, ids=lambda table: table.name)
def test_township_comes_first_in_every_key_of_a_tenant_table(table: Table) -> None:
    keys = [list(table.primary_key.columns)]
    keys += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [list(index.columns) for index in table.indexes]
    assert keys[0], "every tenant table has a primary key"
    for columns in keys:
        assert columns[0].name == "township", [column.name for column in columns]
    assert not table.columns["township"].nullable


@pytest.mark.parametrize("table", KIND_TABLES.tables.values(), ids=lambda table: table.name)
def test_a_kinds_key_is_township_and_id_and_nothing_else_is_unique(table: Table) -> None:
    """No field is unique at the gate."""
    assert [column.name for column in table.primary_key.columns] == ["township", "id"]
    assert not [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    assert not [index for index in table.indexes if index.unique]


def test_a_device_and_its_number_are_unique_in_the_log() -> None:
    changes = ALL["changes"]
    assert [c.name for c in changes.primary_key.columns] == ["township", "seq"]
    assert ["township", "device", "number"] in [
        [column.name for column in c.columns] for c in changes.constraints if isinstance(c, UniqueConstraint)
    ]


@pytest.mark.parametrize("table", ALL.values(), ids=lambda table: table.name)
def test_no_foreign_keys_and_nothing_counts_by_itself(table: Table) -> None:
    assert not table.foreign_keys
    for column in table.columns:
        assert column.identity is None
        assert column.computed is None
        assert column.default is None or not column.default.is_sequence
    assert table.autoincrement_column is None


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_but_the_envelopes_may_be_null(kind: Any) -> None:
    table = KIND_TABLES.tables[table_name(kind)]
    must = {column.name for column in table.columns if not column.nullable}
    assert must == {"township", "id", "village", "stamp", "tangled"}
    assert len(table.columns) == len(kind.fields) + 8


# --- the databases ------------------------------------------------------------------------------------------------------


def test_the_migrations_give_just_the_declared_schema(world: World) -> None:
    told = versions(world.app)
    assert told["database"] == told["newest"]
    with world.service.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, everything()) == []


def test_the_database_itself_has_no_sequences_and_no_foreign_keys(world: World) -> None:
    if world.service.database.is_sqlite:
        made = [sql for (sql,) in world.sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        assert not [sql for sql in made if "AUTOINCREMENT" in sql.upper() or "REFERENCES" in sql.upper()]
        return
    assert world.sql("SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace") == []
    assert world.sql("SELECT conname FROM pg_constraint WHERE contype = 'f'") == []
    assert world.sql(
        "SELECT attrelid::regclass FROM pg_attribute WHERE attidentity <> '' AND attrelid > 16384"
    ) == []  # fmt: skip


def test_ids_codes_and_stamps_are_compared_byte_by_byte(world: World) -> None:
    """Stamps order writes and cursors: a database that sorts them by a language's rules would order them otherwise than the phone."""
    if world.service.database.is_sqlite:
        assert world.sql("SELECT sql FROM sqlite_master WHERE sql LIKE '%COLLATE%'") == []
        return
    found = world.sql(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l"
        " ON l.oid = a.attcollation WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND l.collname <> 'C'"
    )
    keyed = {(table.name, column.name) for table in TENANT for column in table.primary_key.columns}
    keyed |= {("changes", name) for name in ("device", "record", "village", "household", "stamp", "sent_stamp")}
    keyed |= {(table.name, name) for table in KIND_TABLES.tables.values() for name in ("village", "household", "stamp")}
    assert keyed.isdisjoint(set(found))


@pytest.fixture
def partitioned(
    pg_server: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The same tables, hash-partitioned by township, under the same server."""
    pg_server.psql("CREATE DATABASE partitioned;")
    config = Config.at(
        tmp_path_factory.mktemp("partitioned"), pg_server.get_uri().replace("/postgres?", "/partitioned?")
    )
    app = create_app(config)
    service: Service = app.extensions["ruhu"]
    with service.database.transaction() as connection:
        for table in everything().tables.values():
            if table.name not in REFERENCE:
                table.dialect_options["postgresql"]["partition_by"] = "HASH (township)"
            connection.execute(CreateTable(table))
            if table.name not in REFERENCE:
                for part in range(3):
                    connection.exec_driver_sql(
                        f"CREATE TABLE {table.name}_{part} PARTITION OF {table.name}"
                        f" FOR VALUES WITH (MODULUS 3, REMAINDER {part})"
                    )
            for index in table.indexes:
                index.create(connection)
        load_areas(TownshipStore(service.database, connection, ""))
    identify(service.database, config)
    yield World(Backend("postgres", app, lambda: None), monkeypatch)
    service.database.engine.dispose()
    pg_server.psql("DROP DATABASE partitioned WITH (FORCE);")


@pytest.mark.postgres
def test_the_same_schema_runs_hash_partitioned_by_township(partitioned: World) -> None:
    wei, nong, desk, home = partitioned.cadre("wei"), partitioned.cadre("nong"), partitioned.desk(), new_id()
    wei.take(wei.change("household", home, {"categories": ["poor"], "remark": "a"}))
    nong.take(nong.change("household", home, {"categories": ["key"], "remark": "b"}))
    desk.pull()
    conflict = next(c for c in desk.conflicts(home) if c["values"]["field"] == "categories")
    desk.take(desk.change("conflict", conflict["id"], {"decision": "losing"}))
    wei.pull()
    assert wei.values("household", home) == {"categories": ["poor"], "remark": "b"}
    partitioned.move(home, V2)
    assert wei.sync()["records"][0]["left"] is True
    partitioned.verify()


@pytest.mark.parametrize("name", ["sqlite"])
def test_a_database_made_without_migrations_is_the_same(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    config = Config.at(tmp_path_factory.mktemp(name))
    app = create_app(config)
    service: Service = app.extensions["ruhu"]
    create_all(service.database, app.extensions["ruhu_metadata"], config)
    with service.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), everything()) == []
    service.database.engine.dispose()
