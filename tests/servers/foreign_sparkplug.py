"""Sparkplug decoders that nobody here wrote: npm's sparkplug-payload, and PyPI's pysparkplug.

Each is a process that takes a line of hex and answers a line of JSON. pysparkplug wants other versions
of libraries than we do, so it lives in an environment of its own.
"""

from __future__ import annotations

import subprocess

from tests.servers.process import ROOT, ServerProcess

_FOREIGN = ROOT / "tests" / "foreign"
_NPM = _FOREIGN / "sparkplug"
_PYTHON = ROOT / ".cache" / "foreign" / "pysparkplug"
_DECODE = """
import json, sys
from pysparkplug._payload import NBirth
print("ready", flush=True)
for line in sys.stdin:
    try:
        birth = NBirth.decode(bytes.fromhex(line))
        told = {
            "timestamp": birth.timestamp,
            "seq": birth.seq,
            "metrics": [
                {"name": m.name, "type": m.datatype.name, "alias": m.alias, "timestamp": m.timestamp,
                 "null": m.is_null, "historical": m.is_historical,
                 "value": m.value if isinstance(m.value, (int, float, str, bool)) else repr(m.value)}
                for m in birth.metrics
            ],
        }
    except Exception as error:
        told = {"error": repr(error)}
    print(json.dumps(told), flush=True)
"""


def _install() -> None:
    subprocess.run(["sh", str(_FOREIGN / "install.sh")], check=True)


def sparkplug_payload() -> ServerProcess:
    """Return npm's decoder; fetch its packages when they are missing."""
    if not (_NPM / "node_modules").is_dir():
        _install()
    return ServerProcess(["node", "--no-warnings", str(_NPM / "decode.js")])


def pysparkplug() -> ServerProcess:
    """Return PyPI's decoder, for births; fetch it when it is missing."""
    if not (_PYTHON / "installed").is_file():
        _install()
    return ServerProcess([str(_PYTHON / "bin" / "python"), "-c", _DECODE])


def edge_node(port: int, group: str, node: str, device: str) -> ServerProcess:
    """Return an edge node of npm's sparkplug-client, which takes commands of `edge_node.js`."""
    if not (_NPM / "node_modules").is_dir():
        _install()
    command = ["node", "--no-warnings", str(_NPM / "edge_node.js"), str(port), group, node, device]
    return ServerProcess(command)
