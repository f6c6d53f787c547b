"""Asking the operating system for real-time priority and processors of the calling thread."""

from __future__ import annotations

import os

from config.realtime import RealTime


def schedule_this_thread(wanted: RealTime) -> tuple[str, ...]:
    """Ask for what is wanted; return, in words, what was refused and what would help.

    The calling thread alone is changed (on Linux both calls take 0 for it).
    """
    refused = []
    if wanted.cpus:
        refused += _bind(wanted.cpus)
    if wanted.priority is not None:
        refused += _raise(wanted.priority)
    return tuple(refused)


def _bind(cpus: list[int]) -> list[str]:
    which = ", ".join(map(str, cpus))
    if not hasattr(os, "sched_setaffinity"):
        return [f"processors {which}: this operating system does not bind threads to processors"]
    try:
        os.sched_setaffinity(0, cpus)
    except (OSError, OverflowError, ValueError) as error:
        have = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        return [f"processors {which}: {error}; this process may use {have}"]
    return []


def _raise(priority: int) -> list[str]:
    if not hasattr(os, "sched_setscheduler"):
        return [f"real-time priority {priority}: this operating system has no SCHED_FIFO"]
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        return [
            f"real-time priority {priority}: not permitted; give the process CAP_SYS_NICE, or a limit "
            f"RLIMIT_RTPRIO of {priority} (systemd: LimitRTPRIO={priority}, containers: --cap-add SYS_NICE)"
        ]
    except OSError as error:
        return [f"real-time priority {priority}: {error}"]
    return []
