"""Several brokers: everybody meets at the first one that is there, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

from config.broker import Broker as Address
from tests.servers.brokers import mosquitto
from tests.servers.recorder import Recorder
from tests.system.stream.gateways import check, gateway, quick_site
from tests.unit.stream.journals import until


async def test_all_go_to_the_second_broker_and_back_and_lose_nothing(tmp_path: Path) -> None:
    first, second = mosquitto(tmp_path / "first"), mosquitto(tmp_path / "second")
    await first.start()
    await second.start()
    settings = {
        "port": first.port,
        "others": [{"host": "127.0.0.1", "port": second.port}],
        "return_after": "300 ms",
        "connect_timeout": "1 s",
        "keep_alive": "2 s",
    }
    recorder = Recorder(Address.model_validate(settings))
    site = quick_site(first.port, broker=settings)
    try:
        async with recorder.running(), gateway(tmp_path / "gateway", site) as made:
            services = (made.client, recorder.client)

            async def all_at(port: int) -> None:
                await until(lambda: all(s.connected and s.broker.endswith(f":{port}") for s in services))

            await all_at(first.port)
            await made.flow(0.2)
            await first.kill()
            await made.flow(0.2)
            await all_at(second.port)
            await made.flow(0.2)
            await made.confirmed(recorder)
            await first.start()
            await all_at(first.port)
            await made.flow(0.2)
            await second.kill()
            await made.flow(0.1)
            await made.confirmed(recorder)
            check(recorder, made)
            assert all(s.counters.connections >= 3 for s in services)
    finally:
        await first.kill()
        await second.kill()
