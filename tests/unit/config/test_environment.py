"""Variables of the environment, and that what they hold never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import load
from tests.unit.config.writing import HEAD, loaded, problems, told, unit, write

_TAGS = "tags: {t.pv: {device: ua, address: {identifier: T}}}\n"
_SECRET = "hunter2-is-the-password"


def _site(**parts: str) -> str:
    lines = [f"{key}: {value}" for key, value in parts.items()]
    return unit(_TAGS) + "\n".join(lines) + "\n"


def test_a_variable_stands_for_its_value(tmp_path: Path) -> None:
    text = _site(streams="{broker: {host: '${HOST}', port: '${PORT}', username: 'at-${HOST}'}}")
    broker = loaded(tmp_path, text, HOST="mq", PORT="1884").site.streams.broker
    assert (broker.host, broker.port, broker.username) == ("mq", 1884, "at-mq")


@pytest.mark.parametrize(
    ("environ", "port"), [({}, 1885), ({"PORT": ""}, 1885), ({"PORT": "9"}, 9)], ids=["unset", "empty", "set"]
)
def test_what_follows_the_colon_holds_without_the_variable(
    environ: dict[str, str], port: int, tmp_path: Path
) -> None:
    text = _site(streams="{broker: {port: '${PORT:-1885}'}}")
    assert load(write(tmp_path, text), environ).site.streams.broker.port == port


def test_a_default_may_be_nothing(tmp_path: Path) -> None:
    text = _site() + "simulation: {speed: '${SPEED:-}5'}\n"
    simulation = loaded(tmp_path, text).site.simulation
    assert simulation is not None
    assert simulation.speed == 5.0


def test_a_missing_variable_is_told_once_and_by_name(tmp_path: Path) -> None:
    text = _site(streams="{broker: {port: '${PORT}'}}")
    assert told(tmp_path, text) == [
        "plant.yaml:11: streams.broker.port: the environment variable PORT is not set; "
        "set PORT, or give a default: ${PORT:-value}"
    ]


@pytest.mark.parametrize("written", ["${port}", "${}", "${PORT", "${PORT:8}", "${2}", "${PORT:-${HOST}}"])
def test_what_looks_like_a_variable_and_is_none(written: str, tmp_path: Path) -> None:
    text = _site(streams=f"{{broker: {{host: '{written}'}}}}")
    (only,) = told(tmp_path, text, PORT="1", HOST="2")
    assert only.startswith("plant.yaml:11: streams.broker.host: ")


@pytest.mark.parametrize(
    "part",
    [
        "streams: {broker: {port: '${SECRET}'}}",
        "streams: {broker: {keep_alive: '${SECRET}'}}",
        "streams: {broker: {protocol: '${SECRET}'}}",
        "streams: {broker: {password: {a: '${SECRET}'}}}",
        "streams: {broker: {'passwort': '${SECRET}'}}",
        "streams: {telemetry: '${SECRET}'}",
        "simulation: {speed: '${SECRET}'}",
        "simulation: {devices: {plc: {model: '${SECRET}'}}}",
        "access: {users: {ann: {role: qa, public_key: '${SECRET}'}}}",
    ],
)
def test_no_message_holds_the_value_of_a_variable(part: str, tmp_path: Path) -> None:
    found = problems(tmp_path, _site() + part + "\n", SECRET=_SECRET)
    assert found
    for problem in found:
        assert _SECRET not in str(problem)
        assert "hunter2" not in repr(problem)


@pytest.mark.parametrize(
    "part",
    [
        f"streams: {{broker: {{password: [{_SECRET}]}}}}",
        f"streams: {{broker: {{pasword: {_SECRET}}}}}",
        f"streams:\n  broker:\n    password: *{_SECRET}\n",
        f"streams:\n  broker:\n    password: !{_SECRET}\n",
        f"streams:\n  broker:\n    password: {{{_SECRET}\n",
        f'streams:\n  broker:\n    password: "{_SECRET}\n',
        f"streams:\n  broker:\n    password: {_SECRET}\n    password: {_SECRET}\n",
    ],
)
def test_no_message_holds_a_secret_written_in_the_file(part: str, tmp_path: Path) -> None:
    for problem in problems(tmp_path, _site() + part + "\n"):
        assert "hunter2" not in str(problem)


def test_secrets_show_nowhere_once_they_are_loaded(tmp_path: Path) -> None:
    text = _site(streams="{broker: {username: u, password: '${SECRET}'}}")
    site = loaded(tmp_path, text, SECRET=_SECRET).site
    password = site.streams.broker.password
    assert password is not None
    assert password.get_secret_value() == _SECRET
    for shown in (repr(site), str(site), site.model_dump_json(), str(site.model_dump()), site.fingerprint):
        assert _SECRET not in shown


def test_a_number_in_the_environment_can_be_a_password(tmp_path: Path) -> None:
    text = _site(streams="{broker: {username: u, password: '${SECRET}'}}")
    password = loaded(tmp_path, text, SECRET="0012").site.streams.broker.password
    assert password is not None
    assert password.get_secret_value() == "0012"


def test_secrets_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    text = _site(streams="{broker: {username: u, password: '${SECRET}'}}")
    one, other = (loaded(tmp_path, text, SECRET=secret).site.fingerprint for secret in ("a", "b"))
    assert one == other


def test_variables_reach_tag_lists_and_template_parameters(tmp_path: Path) -> None:
    text = HEAD + (
        "templates:\n  t:\n    parameters: {level: {type: number}, stirred: {type: bool}}\n"
        "    tags: {a.pv: {device: ua, address: {identifier: A}, high: '${level}', low: 0}}\n"
        "units:\n  u: {area: a, cell: c, template: t, tag_lists: [t.csv],\n"
        "    parameters: {level: '${LEVEL}', stirred: '${STIRRED:-true}'}}\n"
    )
    csv = "name,device,address.identifier\nb.pv,${DEVICE:-ua},${NODE}\n"
    tags = loaded(tmp_path, text, {"t.csv": csv}, LEVEL="12.5", NODE="N1").site.units["u"].tags
    assert tags["a.pv"].high is not None
    assert tags["a.pv"].high.magnitude == 12.5
    assert tags["b.pv"].device == "ua"
    assert tags["b.pv"].address.identifier == "N1"
