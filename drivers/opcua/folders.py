"""Folders of certificates: who is trusted, who was turned away, and moving one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.opcua.certificates import SUFFIXES, Description, describe, load_certificate

MOST_REJECTED: Final = 100
"""Certificates that the folder of rejected ones keeps; the oldest goes for a new one."""
SHORTEST_PRINT: Final = 8
"""Digits of a thumbprint that are enough to name a certificate."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate in a folder."""

    path: Path
    certificate: x509.Certificate
    description: Description

    def is_named(self, name: str) -> bool:
        """Return whether a person means this one: by file, file name, or the beginning of a print."""
        if name in (str(self.path), self.path.name):
            return True
        digits = re.sub(r"[\s:]", "", name).upper()
        prints = (self.description.thumbprint, self.description.fingerprint)
        return len(digits) >= SHORTEST_PRINT and any(each.startswith(digits) for each in prints)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a device's certificates are."""

    trusted: Path
    rejected: Path

    def move(self, name: str, *, trust: bool) -> Kept | None:
        """Trust a rejected certificate, or reject a trusted one; None where there is no such one.

        Raises:
            OSError: it cannot be moved.
        """
        source, target = (self.rejected, self.trusted) if trust else (self.trusted, self.rejected)
        found = next((each for each in certificates(source) if each.is_named(name)), None)
        if found is None:
            return None
        target.mkdir(parents=True, exist_ok=True)
        path = found.path.replace(target / found.path.name)
        return Kept(path, found.certificate, found.description)


def certificates(folder: Path) -> Iterator[Kept]:
    """Yield the certificates of a folder by file name; what is none, and a missing folder, is passed over."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and path.is_file():
            try:
                certificate = load_certificate(path)
            except ValueError:
                continue
            yield Kept(path, certificate, describe(certificate))


def keep_rejected(folder: Path, certificate: x509.Certificate) -> Path:
    """Put a certificate that was turned away into the folder, once; return its file.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = describe(certificate)
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", described.subject.removeprefix("CN="))[:40].strip("-.")
    path = folder / f"{plain or 'server'}-{described.thumbprint[:12]}.der"
    if not path.exists():
        _make_room(sorted(folder.glob("*.der"), key=lambda each: each.stat().st_mtime_ns))
        path.write_bytes(certificate.public_bytes(Encoding.DER))
    return path


def _make_room(oldest_first: Sequence[Path]) -> None:
    for path in oldest_first[: max(0, len(oldest_first) - MOST_REJECTED + 1)]:
        path.unlink(missing_ok=True)
