"""The layout of the hot table's file, shared by who writes, drains and reads it."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch INTEGER NOT NULL, partition INTEGER NOT NULL,
    watermark INTEGER NOT NULL, stored TEXT NOT NULL, lost TEXT NOT NULL,
    UNIQUE (gateway, epoch, partition)
) STRICT;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL, unit TEXT NOT NULL, points INTEGER NOT NULL, received_ns INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS gap (
    source INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, noticed_ns INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT, noticed_ns INTEGER NOT NULL, origin TEXT NOT NULL,
    gateway TEXT, epoch INTEGER, partition INTEGER, sequence INTEGER, reason TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS quarantine_is_bounded AFTER INSERT ON quarantine
BEGIN DELETE FROM quarantine WHERE id <= NEW.id - 100000; END;
CREATE TABLE IF NOT EXISTS cursor (
    store TEXT PRIMARY KEY, id INTEGER NOT NULL, generation TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS written (upto INTEGER NOT NULL, written_ns INTEGER NOT NULL) STRICT;
"""
GROUP_INDEX: Final = """
CREATE INDEX IF NOT EXISTS message_of_source ON message (source, sequence);
"""
"""For members of a group: the first message of a stream that waits for the store."""
ADD_QUARANTINE: Final = """
INSERT INTO quarantine (noticed_ns, origin, gateway, epoch, partition, sequence, reason, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
