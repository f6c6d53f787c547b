"""The configuration that a gateway runs, beside its data: what `cellgate diff` compares with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson

from config.assembly import restore
from config.site import Site
from gateway.continuity.keeper import replace_file

FILE: Final = "configuration.json"


def write_running(site: Site, data: Path) -> None:
    """Note the configuration that is run from now on. Secrets are masked in it.

    Raises:
        OSError: the disk does not take it.
    """
    data.mkdir(parents=True, exist_ok=True)
    text = orjson.dumps(
        {"fingerprint": site.fingerprint, "site": orjson.Fragment(site.model_dump_json().encode())}
    )
    replace_file(data / FILE, text)


def read_running(data: Path) -> Site:
    """Return the configuration that the gateway with this data folder runs, or ran last.

    Raises:
        FileNotFoundError: none has run there.
        ValueError: the file is none of this program's, or of another version.
    """
    content = orjson.loads((data / FILE).read_bytes())
    return restore(orjson.dumps(content["site"]), content["fingerprint"])
