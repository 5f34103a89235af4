"""The county's tables of a month as one workbook: a sheet for each report, with its total, its further tables and its notes.

Promises: what a cell says is what the report says; rows are places, in the order of their codes. Leaves to others: the figures (`reports`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from server.exports.about import About
from server.exports.files import Sheet, open_book, workshop
from server.reports.report import TOTAL, Report, Table
from server.words import word
from shared.fields import Label

TITLE = Label("月报表", "Monthly tables")
_FIRST, _OTHER = 18, 11
_SAID = {"month": Label("月份", "Month"), "day": Label("截至", "As at"), "campaign": Label("活动", "Campaign")}


def write_monthly(
    reports: Mapping[str, Report], missing: Mapping[Label, str], about: About, instance: Path
) -> IO[bytes]:
    """The workbook, to be read from its start. `missing`: reports there are none of, by title, and the sentence why."""
    with workshop(instance) as own:
        file = (own / "file").open("w+b")
        with open_book(file, own) as book:
            for title, why in missing.items():
                Sheet(book, word(title, about.language), about, 1).line(word(why, about.language))
            for report in reports.values():
                _write(
                    Sheet(book, word(report.title, about.language), about, len(report.villages.columns) + 1),
                    report,
                    about,
                )
    file.seek(0)
    return file


def _write(sheet: Sheet, report: Report, about: About) -> None:
    language = about.language
    sheet.sheet.set_column(0, 0, _FIRST)
    sheet.sheet.set_column(1, max(1, len(report.villages.columns)), _OTHER)
    said = [f"{word(label, language)} {report.about[key]}" for key, label in _SAID.items() if report.about.get(key)]
    sheet.line("　".join([f"{about.township} {word(report.title, language)}", *said]), "title")
    _table(sheet, report.villages, language, {"name": word(TOTAL, language), **report.total})
    sheet.sheet.freeze_panes(3, 1)
    for table in report.more.values():
        sheet.blank()
        _table(sheet, table, language)
    sheet.blank()
    for note in report.notes:
        sheet.line(word(note, language), "mark")


def _table(sheet: Sheet, table: Table, language: str, total: Mapping[str, Any] | None = None) -> None:
    keys = [key for key in table.columns if key != "name"]
    sheet.headings([word(table.head, language), *(word(table.columns[key], language) for key in keys)])
    for row in table.rows:
        label = table.labels.get(str(row["name"]))
        sheet.row([word(label, language) if label else str(row["name"]), *(_cell(row.get(key)) for key in keys)])
    if total is not None:
        sheet.row([str(total["name"]), *(_cell(total.get(key)) for key in keys)], "total")


def _cell(value: Any) -> str | int | float:
    """A figure; where there is none, as of a share of nothing, the cell stays empty."""
    return "" if value is None else value if isinstance(value, int | float) else str(value)
