"""What an import came to, row by row of the sheet: what would be new, what would change, what is doubtful, what is left out.

Promises: every row of which there is anything to say comes once, in the order of the workbook; a row nobody is told of was blank, a heading
or a total. Leaves to others: the words of a finding (`roster_words`), what is written (`plan`).
"""

import msgspec

from server.imports.plan import CREATED, UNCHANGED, UPDATED, Imported, Tally

__all__ = ["CREATED", "REJECTED", "UNCHANGED", "UPDATED", "WARNED", "Line", "Report", "report_of"]

WARNED, REJECTED = "warned", "rejected"


class Line(msgspec.Struct, omit_defaults=True):
    """One row of a sheet. `home` and `person` are what became of the household and of the person in it, '' where the row tells of none;
    `fields` are those that change, "kind.field"; `says` are sentences, Chinese / English."""

    sheet: int
    row: int
    household: str = ""
    number: str = ""
    head: str = ""
    name: str = ""
    home: str = ""
    person: str = ""
    fields: list[str] = []
    says: list[str] = []
    rejected: bool = False

    def is_(self, outcome: str) -> bool:
        """Whether the row is one of these."""
        if outcome == WARNED:
            return bool(self.says) and not self.rejected
        if outcome == REJECTED:
            return self.rejected
        told = {self.home, self.person} - {""}
        return told == {UNCHANGED} if outcome == UNCHANGED else outcome in told


class Report(msgspec.Struct):
    """An import's report. Counts by outcome; `several`: the workbook has more than one sheet with a roster."""

    households: dict[str, int]
    members: dict[str, int]
    warnings: int
    rejected: int
    lines: list[Line]
    several: bool = False


def report_of(imported: Imported) -> Report:
    """The import's report, line by line."""
    lines: dict[tuple[int, int], Line] = {}

    def at(sheet: int, row: int) -> Line:
        return lines.setdefault((sheet, row), Line(sheet, row, fields=[], says=[]))

    for done in imported.rows:
        line = at(done.sheet, done.row)
        line.household, line.number, line.head = done.household, done.household_no or "", done.head or ""
        line.fields += [f"{done.kind}.{name}" for name in done.fields]
        if done.kind == "member":
            line.person, line.name = done.outcome, done.name or ""
        else:
            line.home = done.outcome
    for findings, rejected in ((imported.warnings, False), (imported.rejected, True)):
        for finding in findings:
            line = at(finding.sheet, finding.row)
            line.says.append(finding.message)
            line.rejected = line.rejected or rejected
    ordered = [lines[place] for place in sorted(lines)]
    return Report(
        _counts(imported.households), _counts(imported.members), len(imported.warnings), len(imported.rejected), ordered,
        len({line.sheet for line in ordered}) > 1,
    )  # fmt: skip


def _counts(tally: Tally) -> dict[str, int]:
    return {CREATED: tally.created, UPDATED: tally.updated, UNCHANGED: tally.unchanged}
