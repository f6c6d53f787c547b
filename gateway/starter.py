"""A site to start from: the files that `cellgate init` writes, from the texts in `config/starter`.

Pure but for `write`: what is in the files is decided before the first of them is made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

_TEXTS: Final = Path(__file__).parents[1] / "config" / "starter"


@dataclass(frozen=True, slots=True)
class Part:
    """What one protocol brings: its device, its file, its list of tags, and a line about them."""

    device: str
    file: str
    tags: str
    about: str


PARTS: Final[Mapping[str, Part]] = {
    "opcua": Part("bioreactor", "bioreactor.yaml", "bioreactor-tags.csv", "a bioreactor that speaks OPC UA"),
    "modbus": Part("filling", "filling.yaml", "filling-tags.csv", "a filling line that speaks Modbus TCP"),
}
"""By the name of the driver, in the order in which they are included."""


class _Text(Template):
    """`@{name}` is filled in; `${NAME}` stays, for it is a variable of the configuration."""

    delimiter = "@"


class FilesInTheWay(Exception):
    """Files of these names exist: nothing is ever written over."""


def texts(site: str, user: str, public_key: str, drivers: Sequence[str]) -> dict[str, str]:
    """Return the files of a site, path to content.

    Args:
        site: its name.
        user: name of the first user, an engineer.
        public_key: of that user, base64 of an Ed25519 key.
        drivers: keys of `PARTS`, at least one.
    """
    parts = [PARTS[driver] for driver in PARTS if driver in drivers]
    filled = {
        "site": site,
        "user": user,
        "public_key": public_key,
        "includes": "\n".join(f"  - {part.file}" for part in parts),
        "arming": "\n".join(
            f'    cellgate device arm site.yaml {part.device} -u {user} -k keys/{user}.key -r "first start"'
            for part in parts
        ),
        "files": "\n".join(
            f"| `{part.file}`, `{part.tags}` | {part.about}, and its tags |" for part in parts
        ),
    }
    names = ["site.yaml", "README.md", *(name for part in parts for name in (part.file, part.tags))]
    found = {name: _Text((_TEXTS / name).read_text(encoding="utf-8")).substitute(filled) for name in names}
    return {**found, ".gitignore": "/keys/\n/data/\n"}


def write(folder: Path, files: Mapping[str, str], key_file: str, private_key: str) -> None:
    """Write the files and the private key, which only its owner can read.

    Raises:
        FilesInTheWay: some of them exist; nothing was written.
        OSError: the folder cannot be written to.
    """
    there = [name for name in (*files, key_file) if (folder / name).exists()]
    if there:
        raise FilesInTheWay(f"{', '.join(there)} in {folder}: nothing is written over")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    (folder / key_file).parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(private_key + "\n")
