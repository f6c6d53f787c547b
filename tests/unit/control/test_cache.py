"""The compile cache: a changed file is seen, and a start needs neither HOME nor a writable install."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from control import cache

ROOT = Path(cache.__file__).parents[1]

RAMP = """
import numpy as np
from control import cache
from control.kernels.atomic import Words
from control.kernels.jit import kernel
from control.probe import called

@kernel
def caller(words: Words) -> int:
    return called(words[0])
print(cache.folder(), caller(np.array([20])))
"""
PROBE = """
from control.kernels.jit import part

@part
def called(value: int) -> int:
    return value + {number}
"""


def installed(into: Path, number: int = 1) -> Path:
    """Return a copy of the program with a caller in one file and what it calls in another."""
    for package in ("control", "config"):
        shutil.copytree(ROOT / package, into / package, ignore=shutil.ignore_patterns("__pycache__"))
    (into / "control" / "probe.py").write_text(PROBE.format(number=number))
    (into / "control" / "caller.py").write_text(RAMP)
    return into


def start(install: Path, **environment: str) -> tuple[Path, int]:
    """Run the caller in a process of its own; return the cache's folder and the result."""
    bare = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(install)}
    done = subprocess.run(
        [sys.executable, "-m", "control.caller"],
        env=bare | environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=install,
    )
    folder, result = done.stdout.split()
    return Path(folder), int(result)


def test_a_change_in_a_called_file_changes_the_next_start(tmp_path: Path) -> None:
    install = installed(tmp_path / "install")
    kept = str(tmp_path / "cache")
    first, result = start(install, CELLGATE_CACHE=kept)
    assert result == 21
    again, result = start(install, CELLGATE_CACHE=kept)
    assert (again, result) == (first, 21)
    (install / "control" / "probe.py").write_text(PROBE.format(number=2))
    other, result = start(install, CELLGATE_CACHE=kept)
    assert result == 22
    assert other != first


def test_start_from_a_read_only_install_without_a_home(tmp_path: Path) -> None:
    install = installed(tmp_path / "install")
    before = sorted(path.relative_to(install) for path in install.rglob("*"))
    for path in [install, *install.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    # /proc takes no folders, not even from root.
    for home in ({}, {"HOME": "/proc/nobody", "CELLGATE_CACHE": "/proc/nowhere"}):
        folder, result = start(install, TMPDIR=str(temporary), **home)
        assert result == 21
        assert folder.is_relative_to(temporary)
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert sorted(path.relative_to(install) for path in install.rglob("*")) == before
    for path in [install, *install.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CELLGATE_CACHE": "a", "CELLGATE_DATA": "b", "HOME": "c"}, "a"),
        ({"CELLGATE_DATA": "b", "HOME": "c"}, "b/cache"),
        ({"HOME": "c"}, "c/.cache/cellgate"),
    ],
)
def test_which_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("CELLGATE_CACHE", "CELLGATE_DATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    assert cache.folder() == tmp_path / expected / cache.fingerprint()


def test_a_temporary_folder_that_others_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CELLGATE_CACHE", "CELLGATE_DATA", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    trusted = cache.folder().parent
    assert cache.folder().parent == trusted
    trusted.chmod(0o777)
    assert cache.folder().parent != trusted
    shutil.rmtree(trusted)
    trusted.symlink_to(tmp_path)
    assert cache.folder().parent != trusted


def test_folders_of_other_builds_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLGATE_CACHE", str(tmp_path))
    for number in range(20):
        old = tmp_path / f"{number:016x}"
        old.mkdir()
        os.utime(old, (number, number))
    (tmp_path / "somebody-elses").mkdir()
    cache.folder()
    left = {path.name for path in tmp_path.iterdir()} - {"somebody-elses", cache.fingerprint()}
    assert left == {f"{n:016x}" for n in range(20)[-len(left) :]}
    assert 2 <= len(left) < 20
    assert (tmp_path / "somebody-elses").is_dir()
