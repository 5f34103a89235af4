"""A phone as a process of its own, with nothing but the standard library: writes as fast as it can, and prints what was acknowledged.

python writer.py HOST PORT TOKEN DEVICE VILLAGE HOUSEHOLD COUNT SEED
"""

import http.client
import json
import random
import sys
import time
import uuid
from typing import Any


def main(host: str, port: str, token: str, device: str, village: str, household: str, count: str, seed: str) -> None:
    chance = random.Random(seed)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def sync(changes: list[dict[str, Any]]) -> dict[str, Any]:
        body = {"protocol": 1, "app": "0.1.0", "now": "2018-09-03T10:15:00+08:00", "epoch": None, "cursors": {},
                "limit": 0, "changes": changes}  # fmt: skip
        connection.request("POST", "/api/v1/sync", json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status == 200, (answer.status, data[:500])
        found: dict[str, Any] = json.loads(data)
        return found

    number, acknowledged = 1, []
    while number <= int(count):
        batch = []
        for _ in range(chance.randint(1, 8)):
            stamp = f"{time.time_ns() // 1_000_000:012x}-{number % 65536:04x}-{device}"
            hot = number % 9 == 0  # now and then the one household that everybody writes about
            kind, id_ = ("household", household) if hot else ("visit", str(uuid.UUID(int=chance.getrandbits(128))))
            batch.append({
                "number": number, "kind": kind, "id": id_, "village": village, "household": None, "stamp": stamp,
                "set": {"remark": f"{device} {number}"}, "base": {},
            })  # fmt: skip
            number += 1
        for _ in range(chance.choice((1, 1, 1, 2))):  # now and then the reply is lost
            reply = sync(batch)
            assert reply["next"] == number, reply
            assert reply["refused"] == []
        acknowledged += [change["id"] for change in batch if change["kind"] == "visit"]
    json.dump(acknowledged, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
