"""A database's content as members of a zip, table by table, each row one line in the text format of PostgreSQL's COPY.

One format for SQLite and PostgreSQL, so what one wrote the other reads; PostgreSQL's own bytes pass through untouched. Promises: bounded
memory; every member's SHA-256 and count of rows stand in the manifest, which is written last (pictures' in an index that stands there). Leaves to others: one consistent view to
read from, the transaction to write in, and where files lie (`backup`).
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Connection, Float, Integer, inspect

from server.config import AUDIT_KEY
from server.tables import Base, kind_tables, table_name
from shared.fields import PHOTO
from shared.kind import Registry

FORMAT = 1
MANIFEST, SEAL_KEY, CERTIFICATE, TABLES = "manifest.json", "seal_key", "tls.pem", "tables/"
SECRETS = (SEAL_KEY, CERTIFICATE, AUDIT_KEY)
"""Files of the instance folder without which phones must enrol again, or the audit trail cannot be checked: they go along."""
PICTURE = re.compile(rf"photos/[0-9]{{9}}/{PHOTO}(\.small)?\.jpg")
"""Members that an index lists with their sums, the index being one that the manifest lists (`upkeep.photos`)."""
MIGRATIONS = Path(__file__).parents[1] / "migrations"
ROWS = 1000  # rows handed to the database at a time
CHUNK = 1 << 20  # bytes held at a time

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class DamagedError(Exception):
    """The file is no whole backup; says what is wrong with it."""


# --- the schema ----------------------------------------------------------------------------------------------------


def our_tables(connection: Connection, kinds: Registry) -> list[str]:
    """The tables of ours that stand in this database, kinds it no longer knows included; others' tables are left alone."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:  # a partition's rows come with the table it is a part of
        found = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
        )
    known = Base.metadata.tables.keys() | kind_tables(kinds).tables.keys()
    return sorted(name for (name,) in found if name in known or name.startswith(table_name("")))


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None for one made straight from the declarations."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str | None) -> bool:
    """Whether this program's migrations hold the revision: one they don't is a newer program's."""
    script = ScriptDirectory(str(MIGRATIONS))
    return revision is None or revision in {found.revision for found in script.walk_revisions()}


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema up to a revision inside the caller's transaction."""
    script = ScriptDirectory(str(MIGRATIONS))

    def steps(present: Any, _context: Any) -> Any:
        return script._upgrade_revs(revision, present)

    with EnvironmentContext(AlembicConfig(), script, fn=steps, destination_rev=revision) as environment:
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()


def make_schema(connection: Connection, kinds: Registry, revision: str | None, tables: Iterable[str]) -> None:
    """The schema of a revision in an empty database, and what `tables` names of tables that only declarations know."""
    if revision is not None:
        migrate(connection, revision)
    missing = set(tables) - set(inspect(connection).get_table_names())
    for metadata in (Base.metadata, kind_tables(kinds)):
        wanted = [table for name, table in metadata.tables.items() if name in missing]
        if wanted:
            metadata.create_all(connection, tables=wanted)


# --- out -----------------------------------------------------------------------------------------------------------


def dump_tables(connection: Connection, kinds: Registry, archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """Write every table of ours into the archive; returns the manifest's entries."""
    read = _lines_of_sqlite if connection.dialect.name == "sqlite" else _lines_of_postgresql
    entries = []
    for table in our_tables(connection, kinds):
        columns = [str(column["name"]) for column in inspect(connection).get_columns(table)]
        rows = _Counted(read(connection, table, columns))
        entry = add_member(archive, f"{TABLES}{table}", rows)
        entries.append(entry | {"table": table, "columns": columns, "rows": rows.lines})
    return entries


def add_member(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Write one member; returns its name, size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as member:
        for chunk in chunks:
            member.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"name": name, "bytes": size, "sha256": digest.hexdigest()}


def add_manifest(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Write the manifest, last of all."""
    archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


class _Counted:
    """Chunks passed on, their lines counted."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.lines = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.lines += chunk.count(b"\n")
            yield chunk


def _lines_of_sqlite(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[bytes]:
    cursor = _driver(connection).execute(f'SELECT {_listed(columns)} FROM "{table}"')
    while rows := cursor.fetchmany(ROWS):
        yield "".join([f"{to_line(row)}\n" for row in rows]).encode()


def _lines_of_postgresql(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[bytes]:
    statement = f'COPY (SELECT {_listed(columns)} FROM "{table}") TO STDOUT'
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        yield from map(bytes, copy)


def to_line(cells: Iterable[Any]) -> str:
    """A row as COPY writes it, without the line's end."""
    return "\t".join([_to_text(cell) for cell in cells])


def _to_text(cell: Any) -> str:
    if cell is None:
        return _NULL
    if type(cell) is str:
        return cell.translate(_ESCAPES) if _ESCAPED.search(cell) else cell
    return repr(cell) if type(cell) is float else str(cell)


# --- in ------------------------------------------------------------------------------------------------------------


def open_archive(file: Path) -> zipfile.ZipFile:
    """The zip, opened to read. OSError; DamagedError when it is none."""
    try:
        return zipfile.ZipFile(file)
    except OSError:
        raise
    except Exception as error:  # whatever a damaged zip makes the library say
        raise DamagedError(type(error).__name__) from error


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, every member checked against it but for pictures. DamagedError when anything is missing or differs."""
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if manifest["format"] > FORMAT:
            return manifest
        names = {MANIFEST, *(entry["name"] for entry in manifest["members"])}
        if names != {name for name in archive.namelist() if not PICTURE.fullmatch(name)}:
            raise DamagedError("manifest / members")
        for entry in manifest["members"]:
            check_member(archive, entry)
    except DamagedError:
        raise
    except Exception as error:  # whatever a damaged zip or manifest makes the libraries say
        raise DamagedError(type(error).__name__) from error
    return manifest


def check_member(archive: zipfile.ZipFile, entry: dict[str, Any]) -> None:
    """Compare a member with its "sha256", and where they are counted its "rows". DamagedError; what a damaged zip makes the library say."""
    digest, lines = hashlib.sha256(), 0
    with archive.open(entry["name"]) as member:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    if digest.hexdigest() != entry["sha256"] or lines != entry.get("rows", lines):
        raise DamagedError(str(entry["name"]))


def load_tables(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Write every table of the manifest into tables that stand empty, inside the caller's transaction."""
    put = _put_sqlite if connection.dialect.name == "sqlite" else _put_postgresql
    for entry in manifest["members"]:
        if "table" in entry:
            with archive.open(entry["name"]) as member:
                put(connection, entry["table"], entry["columns"], member)  # type: ignore[arg-type]


def _put_postgresql(connection: Connection, table: str, columns: Sequence[str], member: BinaryIO) -> None:
    statement = f'COPY "{table}" ({_listed(columns)}) FROM STDIN'
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := member.read(CHUNK):
            copy.write(chunk)


def _put_sqlite(connection: Connection, table: str, columns: Sequence[str], member: BinaryIO) -> None:
    types = {column["name"]: column["type"] for column in inspect(connection).get_columns(table)}
    readers = [_reader(types[name]) for name in columns]
    statement = f'INSERT INTO "{table}" ({_listed(columns)}) VALUES ({", ".join("?" * len(columns))})'
    while lines := list(islice(member, ROWS)):
        _driver(connection).executemany(statement, [from_line(line.decode(), readers) for line in lines])


def from_line(line: str, readers: Sequence[Callable[[str], Any]]) -> list[Any]:
    """A row from what COPY wrote, each cell by its column's reader."""
    cells = line.removesuffix("\n").split("\t")
    return [None if cell == _NULL else read(cell) for cell, read in zip(cells, readers, strict=True)]


def text_of(cell: str) -> str:
    """A cell's text, its escapes undone."""
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]), cell) if "\\" in cell else cell


def _reader(type_: Any) -> Callable[[str], Any]:
    if isinstance(type_, Boolean):
        return lambda cell: cell in ("t", "1")
    if isinstance(type_, Integer):
        return int
    return float if isinstance(type_, Float) else text_of


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _driver(connection: Connection) -> Any:
    """The driver's own connection: sqlite3's or psycopg's."""
    return connection.connection.driver_connection
