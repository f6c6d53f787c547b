"""Wireshark's dissector as an independent reader of what went over the wire."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

_RAW_IP = 101
_PORT = 502


def fields(
    frames: Sequence[tuple[bool, bytes]], folder: Path, names: Sequence[str], port: int = _PORT
) -> list[dict[str, str]]:
    """Return what tshark reads in frames of a TCP connection (True: sent by the client), a row for each.

    The `port` tells what they are: Modbus/TCP by default.

    Raises:
        RuntimeError: tshark is not installed.
    """
    if shutil.which("tshark") is None:
        raise RuntimeError("tshark is needed for this test: apt-get install tshark")
    capture = folder / "frames.pcap"
    capture.write_bytes(_pcap(frames, port))
    wanted = [*names, "_ws.malformed"]
    command = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-E", "separator=;"]
    for name in wanted:
        command += ["-e", name]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return [dict(zip(wanted, line.split(";"), strict=True)) for line in said.splitlines()]


def _pcap(frames: Sequence[tuple[bool, bytes]], port: int) -> bytes:
    """Return a capture in which each frame is a segment of one TCP connection."""
    capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP)
    at = {True: 1, False: 1}
    for number, (sent, frame) in enumerate(frames):
        ports = (40000, port) if sent else (port, 40000)
        tcp = struct.pack(">HHIIBBHHH", *ports, at[sent], at[not sent], 5 << 4, 0x18, 8192, 0, 0)
        at[sent] += len(frame)
        ends = (b"\x0a\0\0\1", b"\x0a\0\0\2") if sent else (b"\x0a\0\0\2", b"\x0a\0\0\1")
        size = 20 + len(tcp) + len(frame)
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, number, 0, 64, 6, 0, *ends) + tcp + frame
        capture += struct.pack("<IIII", number, 0, size, size) + packet
    return capture
