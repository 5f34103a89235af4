"""Photographs that phones send: what is kept of them (`store`), how they come in by pieces (`uploads`), what is let in (`look`, `reencode`),
and what is removed when its time is over (`sweep`)."""
