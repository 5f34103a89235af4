"""What happens every night without anybody asking: each township's round of its ledger (`ledger`), ten past midnight in Shanghai.

Runs in threads of the serving process, and once when it starts, since a township's computer may be off at midnight. Several processes may
all do it: a round done twice does nothing twice. Promises: a round that fails is logged without anybody's words and tried again next
time; serving goes on. Leaves to others: what a round does.
"""

import structlog
from huey import MemoryHuey, crontab

from server.acts.ledger import go_round, townships
from server.store import Database

log = structlog.get_logger()

MIDNIGHT_UTC = {"hour": "16", "minute": "10"}
"""Ten past midnight, UTC+8."""


def start(database: Database) -> MemoryHuey:
    """Begin the night's work in the background; returns at once."""
    queue = MemoryHuey("ruhu", utc=True)

    @queue.periodic_task(crontab(**MIDNIGHT_UTC))  # type: ignore[untyped-decorator]
    def nightly() -> None:
        rounds(database)

    # Its threads only: the consumer's own `start` would take over the server's signals.
    consumer = queue.create_consumer(workers=1, worker_type="thread")
    consumer.scheduler.start()
    for _, worker in consumer.worker_threads:
        worker.start()
    nightly()
    return queue


def rounds(database: Database) -> None:
    """A round of every township; one that fails does not keep the others from theirs."""
    for township in townships(database):
        try:
            done = go_round(database, township)
        except Exception as error:  # the last net of a thread: whatever it is, the next township is not to suffer
            log.error("round_failed", township=township, error=type(error).__name__)
            continue
        counts = {name: len(ids) for name, ids in done.as_json().items()}
        if done.refused:
            log.error("round_refused", township=township, **counts)
        elif any(counts.values()):
            log.info("round", township=township, **counts)
