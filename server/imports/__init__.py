"""Readers of the files that offices already have: the area list (CSV) and the roster workbook (xlsx).

They are pure: a file goes in, plain values and a report come out. What is written to the tables, and under which
stamps, is decided by who calls them.
"""
