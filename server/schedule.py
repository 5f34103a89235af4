"""What happens every night without anybody asking, ten past midnight in Shanghai: each township's round of its ledger (`ledger`), then each
township's sweep of its photographs (`photos.sweep`).

Runs in threads of the serving process, and once when it starts, since a township's computer may be off at midnight. Several processes may
all do it: what is done twice does nothing twice. Promises: one that fails is logged without anybody's words, keeps none of the others
from theirs, and is tried again next time; nothing is swept by a clock that the township's log contradicts; serving goes on. Leaves to others: what a round or a sweep does.
"""

import structlog
from huey import MemoryHuey, crontab

from server.acts.ledger import go_round, townships
from server.audit import Actor
from server.photos.sweep import doubt, sweep
from server.service import Service, now_ms
from server.store import Database
from shared.moments import iso

SYSTEM = Actor("", "系统 / system", "system")
log = structlog.get_logger()

MIDNIGHT_UTC = {"hour": "16", "minute": "10"}
"""Ten past midnight, UTC+8."""


def start(service: Service) -> MemoryHuey:
    """Begin the night's work in the background; returns at once."""
    queue = MemoryHuey("ruhu", utc=True)

    @queue.periodic_task(crontab(**MIDNIGHT_UTC))  # type: ignore[untyped-decorator]
    def nightly() -> None:
        rounds(service.database)

    @queue.periodic_task(crontab(**MIDNIGHT_UTC))  # type: ignore[untyped-decorator]
    def nightly_sweep() -> None:
        sweeps(service)

    # Its threads only: the consumer's own `start` would take over the server's signals.
    consumer = queue.create_consumer(workers=1, worker_type="thread")
    consumer.scheduler.start()
    for _, worker in consumer.worker_threads:
        worker.start()
    nightly()
    nightly_sweep()
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


def sweeps(service: Service) -> None:
    """A sweep of every township's photographs; one that fails does not keep the others from theirs."""
    for township in townships(service.database):
        now = now_ms()
        try:
            if doubted := doubt(service.database, township, now):
                log.error(
                    "sweep_doubts_the_clock",
                    township=township, clock=doubted.clock, now=iso(now), newest_change=iso(doubted.newest),
                )  # fmt: skip
                continue
            done = sweep(service, township, now, SYSTEM)
        except Exception as error:  # as above
            log.error("sweep_failed", township=township, error=type(error).__name__)
            continue
        if any(done.values()):
            log.info("sweep", township=township, **done)
