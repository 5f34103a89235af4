"""`python -m bench.photos`: 1,000 photographs by 50 phones while records sync; the records' waiting times with photographs and without.

A real server in a process of its own. Five phones send twenty changes each, one after the other, all the time: first alone, then while fifty
others send twenty photographs each in chunks of 64 KiB. Client and server share the machine, so wall times are an upper bound. Says
whether every photograph arrived whole (its hash), and how much later the slowest twentieth of the syncs came (p95).
"""

import argparse
import http.client
import io
import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from bench.client import TOWNSHIP, Phone
from bench.machine import Meter, describe, megabytes
from bench.township import VILLAGES, Office, open_office
from shared.hlc import Clock
from shared.photos import TUS, TUS_MEDIA_TYPE, metadata, name_of

CHUNK = 64 * 1024
RECORD_PHONES, BATCH = 5, 20


def picture(number: int, pixels: tuple[int, int] = (1600, 1200)) -> bytes:
    """A JPEG like a phone's: a yard's worth of detail, none like another."""
    from PIL import Image

    seed = random.Random(number)
    small = Image.frombytes("RGB", (80, 60), seed.randbytes(80 * 60 * 3))
    out = io.BytesIO()
    small.resize(pixels, Image.Resampling.BICUBIC).save(out, "JPEG", quality=75)
    return out.getvalue()


def change(phone: Phone, clock: Clock, village: str, values: dict[str, Any], id_: str = "") -> dict[str, Any]:
    made = {
        "number": phone.number, "kind": "visit", "id": id_ or str(uuid.uuid4()), "village": village, "household": None,
        "stamp": clock.tick([]), "set": values, "base": {},
    }  # fmt: skip
    phone.number += 1
    return made


def new_phone(office: Office, village: str) -> tuple[Phone, Clock]:
    phone = office.phone(village)
    phone.follow()
    return phone, Clock(phone.device, lambda: time.time_ns() // 1_000_000, None)


# --- the two lanes ---------------------------------------------------------------------------------------------------


class Records:
    """Phones that sync without a pause until they are told to stop; `seconds` is how long each sync took."""

    def __init__(self, office: Office) -> None:
        self.seconds: list[float] = []
        self._stopped = threading.Event()
        phones = [new_phone(office, VILLAGES[n]) for n in range(RECORD_PHONES)]
        self._threads = [
            threading.Thread(target=self._keep_on, args=(*phone, VILLAGES[n])) for n, phone in enumerate(phones)
        ]
        self._faults: list[BaseException] = []

    def __enter__(self) -> "Records":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise self._faults[0]

    def _keep_on(self, phone: Phone, clock: Clock, village: str) -> None:
        try:
            while not self._stopped.wait(0.2):
                changes = [
                    change(phone, clock, village, {"mode": "home", "remark": f"第 {n} 次"}) for n in range(BATCH)
                ]
                began = time.perf_counter()
                phone.sync(changes)
                self.seconds.append(time.perf_counter() - began)
        except BaseException as error:
            self._faults.append(error)
            raise


class Sender:
    """One phone's photographs, sent chunk by chunk over one kept connection. `busy` counts how often it was asked to come back."""

    def __init__(self, office: Office, village: str, photos: list[bytes]) -> None:
        self.phone, clock = new_phone(office, village)
        self.photos = photos
        self.visit = str(uuid.uuid4())
        named = {"photos": [name_of(data) for data in photos]}
        reply = self.phone.sync([change(self.phone, clock, village, named, self.visit)])
        if reply["refused"]:
            raise RuntimeError(reply["refused"])
        self.busy = 0
        self.port = office.port
        self.token = self.phone._headers["Authorization"]
        self.arrived = 0

    def send(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for data in self.photos:
            about = metadata({"name": name_of(data), "kind": "visit", "id": self.visit})
            made = self._ask(
                line, "POST", "/api/v1/photos", b"", {"Upload-Length": str(len(data)), "Upload-Metadata": about}
            )
            url = made.headers["Location"]
            offset = int(made.headers["Upload-Offset"])
            path = url[url.index("/api/") :]
            while offset < len(data):
                part = data[offset : offset + CHUNK]
                headers = {"Upload-Offset": str(offset), "Content-Type": TUS_MEDIA_TYPE}
                offset = int(self._ask(line, "PATCH", path, part, headers).headers["Upload-Offset"])
            self.arrived += 1
        line.close()

    def _ask(
        self, line: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        while True:
            line.request(method, path, body, {"Authorization": self.token, "Tus-Resumable": TUS, **headers})
            answer = line.getresponse()
            said = answer.read()
            if answer.status in (200, 201, 204):
                return answer
            if answer.status != 503:
                raise RuntimeError(f"{method} {answer.status}: {said.decode()}")
            self.busy += 1
            time.sleep(float(answer.headers["Retry-After"]) * random.uniform(0.5, 1.5))


# --- the run -----------------------------------------------------------------------------------------------------------


def p95(seconds: list[float]) -> float:
    """In ms."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def at_once(works: list[Callable[[], None]]) -> None:
    faults: list[BaseException] = []

    def one(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.photos", description="照片通道与记录通道 / photographs beside records"
    )
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--each", type=int, default=20, help="每部手机的照片数 / photographs a phone")
    parser.add_argument("--alone", type=float, default=30, help="记录单独同步的秒数 / seconds of records alone")
    given = parser.parse_args()
    print(f"机器 / machine: {describe()}; {given.database}")
    photos = [[picture(p * 1000 + n) for n in range(given.each)] for p in range(given.phones)]
    sizes = [len(data) for own in photos for data in own]
    print(f"  {len(sizes)} photographs, {statistics.mean(sizes) / 1024:.0f} KiB each at the mean")
    with open_office(given.database) as office:
        senders = [Sender(office, VILLAGES[10 + n], own) for n, own in enumerate(photos)]
        with Records(office) as alone:
            time.sleep(given.alone)
        with Meter(office.roots) as meter, Records(office) as beside:
            at_once([sender.send for sender in senders])
        held = [office.service.photos.held(TOWNSHIP, name_of(data)) for own in photos for data in own]
        memory = megabytes(office.server)
    arrived, busy = sum(one is not None for one in held), sum(sender.busy for sender in senders)
    print(
        f"  records alone              {len(alone.seconds):6d} syncs of {BATCH}: p50 {statistics.median(alone.seconds) * 1000:6.0f} ms, p95 {p95(alone.seconds):6.0f} ms"
    )
    print(
        f"  records beside photographs {len(beside.seconds):6d} syncs of {BATCH}: p50 {statistics.median(beside.seconds) * 1000:6.0f} ms, p95 {p95(beside.seconds):6.0f} ms"
    )
    print(f"  p95 beside / alone: {p95(beside.seconds) / p95(alone.seconds):.2f}")
    print(
        f"  photographs arrived: {arrived} of {len(held)} in {meter.wall:.0f} s, {meter.cpu / len(held) * 1000:.0f} ms CPU each with the records; asked to come back {busy} times"
    )
    print(f"  memory of the server at the end: {memory:.0f} MB")
    return 0 if arrived == len(held) else 1


if __name__ == "__main__":
    sys.exit(main())
