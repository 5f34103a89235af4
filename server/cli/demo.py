"""`ruhu demo-data`: a made-up county to try things out on."""

import sys

import click

from server.cli.base import command, main, say, service
from server.demo import make_county


@command(main, "demo-data")
@click.option("--villages", default=17, show_default=True, help="村数 / villages")
@click.option("--seed", default=1, show_default=True, help="同一种子同一个县 / the same seed makes the same county")
@click.option("--households", default=480, show_default=True, help="每村户数的中位数 / median households a village")
@click.option(
    "--from", "start", default="2018-09-01", show_default=True, help="活动开始日期 / first day of the campaign"
)
@click.option("--days", default=60, show_default=True, help="活动天数 / days of the campaign")
def demo_data(as_json: bool, villages: int, seed: int, households: int, start: str, days: int) -> None:
    """虚构一个县的数据：户、人、走访、联户、环境、问题 / make up a county: households, visits, calls, clean-up, problems

    只写入空的乡镇；人名、身份证号都是虚构的 / only into empty townships; names and identity numbers are made up
    """
    show = _progress if not as_json and sys.stderr.isatty() else None
    made = make_county(
        service().database, villages=villages, seed=seed, households=households, start=start, days=days, progress=show
    )
    say(
        made.as_json(),
        as_json,
        f"✓ {made.villages} 村，{made.households} 户，{made.members} 人 / villages, households, persons",
        f"  走访 {made.visits}，联户走访 {made.contact_visits}，环境检查 {made.cleanup_checks}，问题 {made.problems}（{made.steps} 步）"
        " / visits, contact visits, clean-up checks, problems (steps)",
        f"  下一步 / next: ruhu report coverage --township {made.townships[0]} --month {start[:7]}",
    )


_STAGES = {"register": "建档 / register", "campaign": "活动 / campaign"}


def _progress(stage: str, done: int, total: int) -> None:
    click.echo(f"\r{_STAGES[stage]} {done}/{total}", err=True, nl=done >= total)
