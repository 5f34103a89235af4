"""What a process keeps of each township in memory, made before anybody asks: the first clerk of the morning is not to wait for it.

Runs once in a thread as serving begins, the townships with the longest logs first. Promises: serving goes on meanwhile; a township that
cannot be read is logged without anybody's words and left to its first page. Leaves to others: what is kept (`finding`, `standings`).
"""

from threading import Thread

import structlog

from server.kept import TOWNSHIPS
from server.reading.finding import homes_of
from server.reading.standings import ledger_of
from server.store import Database, TownshipStore

log = structlog.get_logger()


def start(database: Database) -> Thread:
    """Begin; returns at once."""
    thread = Thread(target=warm, args=(database,), name="warm", daemon=True)
    thread.start()
    return thread


def warm(database: Database) -> None:
    """Read in what the pages of each township will ask for."""
    with database.engine.connect() as connection:
        found = TownshipStore(database, connection, "").sql(
            f"SELECT township FROM township_counter WHERE seq > 0 ORDER BY seq DESC LIMIT {TOWNSHIPS}"
        )
    for (township,) in found:
        try:
            with database.read(township) as store:
                homes_of(database, store)
                ledger_of(database, store)
        except Exception as error:  # the last net of a thread: the page that needs it will say what is wrong
            log.error("not_warmed", township=township, error=type(error).__name__)
