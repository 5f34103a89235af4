"""Made-up household visits, about 600 bytes of values each, always the same for the same number."""

import random
import uuid
from typing import Any

PHRASES = [
    "家中老人身体状况稳定", "小孩已返校就读", "屋顶有轻微渗水需跟进", "外出务工人员春节后返岗", "已讲解医保报销政策",
    "产业帮扶资金已到账", "饮水安全无异常", "低保申请材料待补充", "养殖鸡苗长势良好", "建议下月复查慢病用药",
]  # fmt: skip
CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")


def change(i: int, number: int, village: str, device: str, ms: int) -> dict[str, Any]:
    """The change that records visit `i`, as a phone sends it."""
    return {
        "number": number, "kind": "visit", "id": visit_id(i), "village": village, "household": household_id(i // 3),
        "stamp": f"{ms:012x}-{i % 65536:04x}-{device}", "set": values(i), "base": {},
    }  # fmt: skip


def visit_id(i: int) -> str:
    return str(uuid.UUID(int=random.Random(i * 7919 + 17).getrandbits(128), version=4))


def household_id(i: int) -> str:
    return str(uuid.UUID(int=random.Random(i * 104729 + 5).getrandbits(128), version=4))


def values(i: int) -> dict[str, Any]:
    """About twenty fields of a finished visit."""
    r = random.Random(i)
    day, hour, minute = 1 + i % 28, 8 + i % 9, i % 25
    written: dict[str, Any] = {
        "purposes": r.choice([["campaign"], ["campaign", "party_link"], ["help_contact"]]),
        "mode": "home",
        "started_at": f"2018-09-{day:02d}T{hour:02d}:{minute:02d}:{i % 60:02d}+08:00",
        "ended_at": f"2018-09-{day:02d}T{hour:02d}:{minute + 34:02d}:{i % 60:02d}+08:00",
        "started_mono": r.randint(10**8, 10**9),
        "ended_mono": r.randint(10**9, 10**10),
        "boot_id": f"{r.getrandbits(32):08x}",
        "entry_mode": "live",
        "participants": r.sample(["韦敏", "农强", "陆春兰", "黄志明", "覃秀英"], r.randint(1, 2)),
        "remark": "，".join(r.sample(PHRASES, 3)) + "。",
        "requests": r.choice(PHRASES),
    }
    written |= {f"{check}_status": "issue" if r.random() < 0.1 else "ok" for check in CHECKS}
    written |= {f"{check}_note": r.choice(PHRASES) for check in CHECKS if written[f"{check}_status"] == "issue"}
    return written
