"""What a phone can no longer send itself, brought in from its sealed journal."""

from pathlib import Path

import click

from server import audit
from server.access import AccessError
from server.cli.base import command, main, say, service
from server.codec import decoder_for
from server.service import now_ms
from server.store import TownshipStore
from server.upkeep.recovery import GAP, SAYS, Recovery, lines_of
from shared.sync.wire import RequestError


@command(main, "recover")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--renumber",
    is_flag=True,
    help="这台手机不会再同步：接着服务器的编号收下，并停用它 / the phone will never sync again: number anew from where we are, and revoke it",
)
def recover(as_json: bool, file: Path, renumber: bool) -> None:
    """从手机的 outbox.journal 恢复未上传的内容 / bring in what a phone could not send, from its outbox.journal

    记在原填写人名下；重复运行无妨。已停用的手机（例如丢失后）的内容也收，所以只由管理员运行。
    / Everything stands under its writer's name; running it again does no harm. The tokens of revoked phones (a lost one's) are
    accepted too, which is why this is a command and not a route.
    """
    found = service()
    recovery = Recovery(found, decoder_for(found.kinds), pardon_revoked=True, renumber=renumber)
    try:
        statuses = recovery.take(list(lines_of(file.read_bytes())))
    except RequestError as error:
        raise AccessError(error.message) from error
    counts = {status: statuses.count(status) for status in SAYS}
    for township, told in recovery.counts().items():
        with found.database.transaction() as connection:
            store = TownshipStore(found.database, connection, township)
            audit.write(store, audit.COMMAND, "recover", now_ms(), details={**told, "renumber": renumber})
    people = [
        {"person": name, "device": device, **{status: counted[status] for status in SAYS}}
        for (name, device), counted in recovery.people.items()
    ]
    lines = [f"✓ 共 {len(statuses)} 行 / {len(statuses)} lines"]
    lines += [f"  {count}  {SAYS[status]}" for status, count in counts.items() if count]
    lines += [
        f"  {name} {device}: " + " ".join(f"{s} {n}" for s, n in c.items())
        for (name, device), c in recovery.people.items()
    ]
    if counts[GAP] and not renumber:
        lines.append(
            "  若这台手机不会再同步，请加 --renumber 再运行一次。 / If that phone will never sync again, run this once more with --renumber."
        )
    say({"lines": len(statuses), **counts, "people": people}, as_json, *lines)
