"""`make bench`: the workloads of SYNC-PEERS (b), ours beside the best peer's figure, on a real server over HTTP.

CPU is the server's whole process tree, PostgreSQL included; client and server share the machine, so CPU and bytes compare, wall time is
an upper bound. Says what was reached and what was missed. ``--held 1000,100000`` leaves the million out, ``--database sqlite`` one of two.
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from bench import due, visits
from bench.client import TOWNSHIP, Phone
from bench.machine import Meter, describe, megabytes
from bench.township import VILLAGES, Office, open_office
from server.access import add_user, caller_of, enrol, make_code
from server.service import now_ms
from server.store import TownshipStore
from shared.sync.gate import Gate, Writer
from shared.sync.wire import Sent

BATCH = 500
HERD = 200


class Report:
    """Lines of figures as they come, and the aims that were missed."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.missed: list[str] = []

    def line(self, what: str, figure: float, unit: str, aim: float | None = None, peer: str = "") -> None:
        """One figure; above its aim is a miss and is named at the end."""
        verdict = "" if aim is None else ("ok" if figure <= aim else "MISSED")
        wanted = "" if aim is None else f"aim {aim:g}"
        print(f"  {what:<46}{figure:>10.1f} {unit:<10}{wanted:<12}{verdict:<8}{peer}", flush=True)
        if verdict == "MISSED":
            self.missed.append(f"{self.database}: {what} {figure:.1f} {unit} (aim {aim:g})")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="与同类比较的速度测试 / figures against peers")
    parser.add_argument("--database", choices=["sqlite", "postgres"], action="append", help="默认两种 / default: both")
    parser.add_argument(
        "--held", default="1000,100000,1000000", help="增量测试时库中已有的记录数 / records held for the delta"
    )
    parser.add_argument("--records", type=int, default=10_000, help="上传与下载的记录数 / records to upload and pull")
    given = parser.parse_args()
    held = [int(text) for text in given.held.split(",")]
    print(f"机器 / machine: {describe()}")
    print("\n== phone")
    due.measure_all()
    missed: list[str] = []
    for database in given.database or ["sqlite", "postgres"]:
        report = Report(database)
        print(f"\n== {database}")
        with open_office(database) as office:
            measure(office, report, given.records, held)
        missed += report.missed
    print("\n没有达到的 / missed:" if missed else "\n全部达到 / every aim was reached")
    for miss in missed:
        print(f"  {miss}")
    return 0


def measure(office: Office, report: Report, records: int, held: list[int]) -> None:
    """Every workload, one after the other, on one server."""
    peak = 0.0
    for workload in (partial(upload_and_pull, count=records), herd, partial(deltas, held=held), first_pull):
        workload(office, report)
        peak = max(peak, megabytes(office.server))
    report.line("server memory, most after any of these", peak, "MB", 200, "peer 209")


def upload_and_pull(office: Office, report: Report, count: int) -> None:
    """W1, W1 again, W2."""
    phone = office.phone(VILLAGES[0])
    now = now_ms()
    changes = [
        visits.change(i, i + 1, VILLAGES[0], phone.device, now - count // 65536 + i // 65536) for i in range(count)
    ]
    bodies = [phone.body(changes[at : at + BATCH], 0) for at in range(0, count, BATCH)]
    aim = 60 if report.database == "sqlite" else 120
    with Meter(office.roots) as meter:
        for body in bodies:
            refused = phone.post(body)["refused"]
            assert not refused, refused[0]
    report.line(
        f"W1 upload {count:,}: server CPU", meter.cpu / count * 1e6, "us/record", aim, "peer 148, without field merge"
    )
    report.line("W1 wall", count / meter.wall, "records/s", None, "peer 3,076")
    report.line("W1 bytes up + down", (phone.up + phone.down) / count, "B/record", None, "peer 834")
    with Meter(office.roots) as meter:
        for body in bodies:
            phone.post(body)
    report.line("W1r the same again: server CPU", meter.cpu / count * 1e6, "us/record", None, "peer 60")
    for encoding in ("gzip", "zstd", "identity"):
        reader = office.phone(VILLAGES[0], encoding=encoding)
        with Meter(office.roots) as meter:
            got = reader.follow()
        assert got >= count, got
        aims = (28, 100) if encoding == "gzip" else (None, None)
        report.line(
            f"W2 pull {got:,} ({encoding}): server CPU",
            meter.cpu / got * 1e6,
            "us/record",
            aims[0],
            "peer 28, uncompressed",
        )
        report.line(f"W2 bytes down ({encoding})", reader.down / got, "B/record", aims[1], "peer 162")
        reader.close()
    phone.close()


def deltas(office: Office, report: Report, held: list[int]) -> None:
    """W3: ten new visits reach a phone that holds the rest, at every size of the store."""
    writer, reader = office.phone(VILLAGES[1]), office.phone(VILLAGES[1])
    loaded = 0
    for size in held:
        loaded = _load(office, loaded, size)
        writer.close()  # the server hangs up on whoever is silent for minutes; the next request opens anew
        reader.close()
        reader.follow()
        times, sizes, cpu = [], [], 0.0
        for turn in range(7):
            start = 10_000_000 + size * 10 + turn * 10
            changes = [
                visits.change(start + i, writer.number + i, VILLAGES[1], writer.device, now_ms()) for i in range(10)
            ]
            writer.sync(changes, 0)
            writer.number += 10
            before = reader.up + reader.down
            with Meter(office.roots) as meter:
                got = len(reader.sync()["records"])
            assert got == 10, got
            times.append(meter.wall * 1000)
            cpu += meter.cpu
            sizes.append(reader.up + reader.down - before)
        report.line(f"W3 delta of 10, {size:,} held", median(times), "ms", None, "peer 11 to 17")
        report.line(f"W3 bytes both ways, {size:,} held", median(sizes), "B", 2048, "peer 7,880")
    writer.close()
    reader.close()


def first_pull(office: Office, report: Report) -> None:
    """W6: one village out of 100, first time."""
    times, got = [], 0
    for turn in range(5):
        phone = office.phone(VILLAGES[50 + turn])
        phone.sync(limit=0)  # the connection is open, as on a phone that has just sent its changes
        with Meter(office.roots) as meter:
            got = phone.follow()
        times.append(meter.wall * 1000)
        phone.close()
    report.line(
        f"W6 first pull of 1 village of 100 ({got:,} records)",
        median(times),
        "ms",
        50 if got <= 1000 else None,
        "peer 138 for 1,000",
    )


def _load(office: Office, loaded: int, size: int) -> int:
    """Bring the store to about `size` visits over 100 villages, through the gate but not over HTTP."""
    database, now = office.service.database, now_ms()
    if size - loaded < BATCH:
        return loaded
    name = f"loader {size}"
    add_user(database, name, ["cadre"], [f"township:{TOWNSHIP}"], now)
    made = enrol(database, make_code(database, name, TOWNSHIP, now), {"name": "", "platform": "", "app": ""}, now)
    with database.read(TOWNSHIP) as store:
        writer = caller_of(store, made.token, now).writer()
    number, started = 1, time.perf_counter()
    for at in range(loaded, size, 2000):
        batch = []
        for i in range(at, min(at + 2000, size)):
            body = visits.change(1_000_000_000 + i, number, VILLAGES[i % 100], made.device, now_ms())
            batch.append(Sent(**body))
            number += 1
        database.write(TOWNSHIP, _admit(office, batch, writer))
        if (at - loaded) % 50_000 == 0:
            print(
                f"\r  loading {at:,} of {size:,} ({time.perf_counter() - started:.0f} s)",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print("\r" + " " * 60, end="\r", file=sys.stderr)
    return size


def _admit(office: Office, batch: list[Sent], writer: Writer) -> Callable[[TownshipStore], None]:
    def work(store: TownshipStore) -> None:
        gate = Gate(office.service.kinds, store, now_ms)
        admitted = gate.admit(batch, writer)
        assert not admitted.refused
        gate.close()

    return work


def herd(office: Office, report: Report) -> None:
    """W4: 200 phones at once, 20 changes up and 20 records down each; then every acknowledged one is looked for."""
    village = VILLAGES[2]
    seed = office.phone(village)
    seed.sync([visits.change(5_000_000 + i, i + 1, village, seed.device, now_ms()) for i in range(20)], 0)
    phones = [office.phone(village) for _ in range(HERD)]
    bodies = []
    for place, phone in enumerate(phones):
        start = 6_000_000 + place * 20
        changes = [visits.change(start + i, i + 1, village, phone.device, now_ms()) for i in range(20)]
        bodies.append((phone.body(changes, 20), [change["id"] for change in changes]))
    acknowledged: list[str] = []
    times: list[float] = []
    errors: list[str] = []
    gate = threading.Barrier(HERD + 1)

    def go(phone: Phone, body: bytes, ids: list[str]) -> None:
        gate.wait()
        started = time.perf_counter()
        try:
            reply = phone.post(body)
            assert len(reply["records"]) == 20, len(reply["records"])
            acknowledged.extend(ids if reply["next"] == 21 else [])
        except (OSError, RuntimeError, AssertionError) as error:
            errors.append(repr(error))
        times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=go, args=(p, *b)) for p, b in zip(phones, bodies, strict=True)]
    for thread in threads:
        thread.start()
    with Meter(office.roots) as meter:
        gate.wait()
        for thread in threads:
            thread.join()
    times.sort()
    report.line(f"W4 {HERD} phones at once: total", meter.wall, "s", 3, "peer 8.4")
    report.line("W4 p50", times[len(times) // 2], "s")
    report.line("W4 p95", times[int(len(times) * 0.95)], "s")
    report.line("W4 server CPU", meter.cpu, "s", None, "peer 4.3")
    report.line("W4 errors", len(errors), "", 0)
    found = sum(office.count_visits(acknowledged[at : at + 500]) for at in range(0, len(acknowledged), 500))
    report.line("W4 acknowledged and missing", len(acknowledged) - found, "", 0, "peer 0; Kinto 1,060 of 4,000")
    for phone in phones:
        phone.close()


if __name__ == "__main__":
    sys.exit(main())
