"""`cellgate init`: a working site to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.model import NAME_PATTERN
from gateway.cli.site import EXIT_CONFIG, stderr
from gateway.gxp.identity import generate_key
from gateway.starter import PARTS, FilesInTheWay, texts, write


def init(
    folder: Annotated[
        Path,
        typer.Argument(metavar="[FOLDER]", help="Where; it is made where it is missing.", file_okay=False),
    ] = Path(),
    name: Annotated[str, typer.Option(help="Name of the site (default: the folder's).")] = "",
    protocol: Annotated[
        list[str] | None,
        typer.Option("--protocol", "-p", help=f"{' or '.join(PARTS)}; repeat it (default: both)."),
    ] = None,
    user: Annotated[str, typer.Option("--user", "-u", help="Name of the first user.")] = "engineer",
) -> None:
    """Write a site that runs at once against simulated equipment, with a first login of its own."""
    site = name or folder.resolve().name
    drivers = protocol or list(PARTS)
    problems = [f"--protocol {each}: there are {', '.join(PARTS)}" for each in drivers if each not in PARTS]
    for option, text in (("--name", site), ("--user", user)):
        if not NAME_PATTERN.fullmatch(text):
            problems.append(f"{option} {text!r}: letters, digits, _ and - only")
    if problems:
        for problem in problems:
            stderr.print(problem, markup=False)
        raise typer.Exit(EXIT_CONFIG)
    private, public = generate_key()
    key_file = f"keys/{user}.key"
    try:
        write(folder, texts(site, user, public, drivers), key_file, private)
    except (FilesInTheWay, OSError) as error:
        stderr.print(str(error), markup=False)
        raise typer.Exit(1) from None
    from gateway.hmi.accounts import accounts_of

    password = accounts_of(folder / "data").add(user, private)
    print(f"site {site} is in {folder}; {folder / 'README.md'} says how it goes on")
    print(f"user {user}, password {password}")
    print(f"This is the only time that the password is shown. Commands are signed with {folder / key_file}.")
