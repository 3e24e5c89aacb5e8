"""Builds sdist and wheel twice, compares and checks them, and tries the wheel in empty environments.

The files are built from clones of the last commit, so that uncommitted changes are left out. Environments are made on
the oldest supported Python with the oldest supported dependencies, and on the newest Python that this machine has with
the newest dependencies. Nothing but what the wheel asks for is installed into them, from where pip looks.

    python scripts/release_check.py              all of it; PyTorch for Linux takes gigabytes and minutes
    python scripts/release_check.py --build-only only the files
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

READS = "".join(f">read{number}\n{'ACGTTGCA' * 5}\n" for number in range(10))
PREDICTED = ["name", *(f"read{number}" for number in range(10))]

NEEDED = ("seqnet/py.typed", "seqnet/core/_version.py")
"""Files of a wheel that are neither modules nor found by `data_files`."""

MANUAL_PAGES = ".data/data/share/man/man1/"
"""Folder of a wheel for the files of `man`, after its name and version."""


class ReleaseError(Exception):
    """Something that must be mended before a release."""


@dataclass(frozen=True)
class Environment:
    """What a wheel is tried in.

    Attributes:
        title: oldest or newest.
        python: the interpreter.
        constraints: package → version that is installed; empty for the newest of all.
    """

    title: str
    python: str
    constraints: Mapping[str, str]


def run(words: Sequence[str | Path], **options: Any) -> str:
    """Returns the standard output of a program.

    Raises:
        ReleaseError: it fails.
    """
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise ReleaseError(f"exit code {done.returncode} of {' '.join(map(str, words))}\n{last}")
    output: str = done.stdout
    return output


def normalized(name: str) -> str:
    """Returns the name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(requirements: Iterable[str]) -> dict[str, str]:
    """Returns package → oldest supported version of requirements such as `numpy>=1.26` or `optuna>=4,<6`.

    Raises:
        ReleaseError: a requirement has no lower bound.
    """
    found = {}
    for requirement in requirements:
        match = re.match(r"([A-Za-z0-9._-]+)>=([0-9.]+)", requirement)
        if match is None:
            raise ReleaseError(f"pyproject.toml: the dependency {requirement} has no lower bound")
        found[normalized(match[1])] = match[2]
    return found


def only_in_extras(project: Mapping[str, Any]) -> set[str]:
    """Returns the packages that extras ask for and the core does not, by the table `project` of pyproject.toml."""
    extras = {name for extra in project["optional-dependencies"].values() for name in bounds(extra)}
    return extras - set(bounds(project["dependencies"]))


def minor(version: str) -> int:
    """Returns 11 for `3.11`, `3.11.7` or `>=3.11`."""
    return int(version.split(".")[1])


def interpreters(least: int) -> dict[int, str]:
    """Returns minor version → interpreter of each Python 3 from `least` on that is on the path or in pyenv."""
    roots = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    paths = [*(shutil.which(f"python3.{number}") for number in range(least, least + 20)), sys.executable]
    found: dict[int, str] = {}
    for path in filter(None, [*paths, *map(str, sorted(roots.glob("3.*/bin/python")))]):
        words = [path, "-c", "import sys, ensurepip; print(*sys.version_info[:2])"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.startswith("3 ") and int(done.stdout.split()[1]) >= least:
            found.setdefault(int(done.stdout.split()[1]), path)
    return found


def data_files() -> list[str]:
    """Returns the committed files of the wheel that are not modules: models, presets, templates, manual pages."""
    listed = run(["git", "ls-files", "seqnet", "man"], cwd=ROOT).splitlines()
    return [path for path in listed if not path.endswith(".py")]


def check_wheel(wheel: Path, needed: Iterable[str]) -> None:
    """Checks that a wheel has the needed files, and nothing but these and the package.

    Raises:
        ReleaseError: a file is missing, or one does not belong there.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    pages = "-".join(wheel.name.split("-")[:2]) + MANUAL_PAGES
    places = {pages + name.removeprefix("man/") if name.startswith("man/") else name for name in needed}
    if missing := sorted(places - names):
        raise ReleaseError(f"{wheel.name} has no {missing[0]}")
    if foreign := sorted(name for name in names - places if not re.match(r"seqnet(-[^/]+\.dist-info)?/", name)):
        raise ReleaseError(f"{wheel.name} has {foreign[0]}, which is not part of the package")


def built(source: Path, place: Path, tools: Path) -> dict[str, Path]:
    """Returns name → file of what a new clone of `source` in `place` builds: a sdist, and a wheel from this sdist."""
    run(["git", "clone", "--quiet", source, place])
    when = run(["git", "log", "-1", "--format=%ct"], cwd=place).strip()
    run([tools, "-m", "build", "--outdir", place / "dist", place], env={**os.environ, "SOURCE_DATE_EPOCH": when})
    return {path.name: path for path in sorted((place / "dist").iterdir())}


def check_files(work: Path) -> Path:
    """Builds twice, prints sizes and hashes, checks the files, and returns the wheel.

    Raises:
        ReleaseError: two builds differ, or a file is not as it should be.
    """
    run([sys.executable, "-m", "venv", work / "tools"])
    tools = work / "tools" / "bin" / "python"
    run([tools, "-m", "pip", "install", "--quiet", "build", "twine"])
    once = built(ROOT, work / "one", tools)
    again = built(work / "one", work / "two", tools)  # the same commit, even if there is a newer one by now
    hashes = [
        {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in both.items()} for both in (once, again)
    ]
    if hashes[0] != hashes[1]:
        raise ReleaseError("two builds of the same commit differ")
    for name, path in once.items():
        print(f"{name}  {path.stat().st_size:,} bytes  SHA-256 {hashes[0][name]}")
    print("the second build has the same bytes")
    wheel = next(path for name, path in once.items() if name.endswith(".whl"))
    check_wheel(wheel, [*data_files(), *NEEDED])
    run([tools, "-m", "twine", "check", "--strict", *once.values()])
    print("the wheel has all files; twine finds nothing")
    return wheel


def try_in(environment: Environment, wheel: Path, work: Path, unwanted: set[str]) -> None:
    """Installs a wheel into an empty environment, and predicts with it.

    Raises:
        ReleaseError: it can't be installed, brings packages of extras, or does not work.
    """
    place, started = work / environment.title, time.monotonic()
    run([environment.python, "-m", "venv", place])
    python, seqnet = place / "bin" / "python", place / "bin" / "seqnet"
    listed = work / f"{environment.title}.txt"
    listed.write_text("".join(f"{name}=={version}\n" for name, version in environment.constraints.items()))
    run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--constraint", listed, wheel])
    run([python, "-m", "pip", "check"])
    packages = json.loads(run([python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]))
    versions = {normalized(one["name"]): one["version"] for one in packages}
    if extra := sorted(unwanted & set(versions)):
        raise ReleaseError(f"the core brings {extra[0]}, which is for an extra")
    size = sum(path.lstat().st_size for path in place.rglob("*"))
    seconds = time.monotonic() - started
    print(f"{environment.title}: {run([python, '--version']).strip()}")
    print(f"  {len(versions)} packages, {size / 1e9:.1f} GB, installed in {seconds:.0f} s")
    print(
        "  " + ", ".join(f"{name} {versions[name]}" for name in ("torch", "numpy", "pyarrow", "pysam", "scikit-learn"))
    )
    use(seqnet, work)
    shutil.rmtree(place)


def use(seqnet: Path, work: Path) -> None:
    """Tries an installed program, away from the source code.

    Raises:
        ReleaseError: it does not work.
    """
    print(f"  {run([seqnet, '--version'], cwd=work).strip()}")
    if re.search(r"^\s+doctor\s", run([seqnet, "--help"], cwd=work), re.MULTILINE):
        run([seqnet, "doctor"], cwd=work)
        print("  seqnet doctor finds nothing")
    started = time.monotonic()
    rows = run([seqnet, "predict", "human-dna", "-"], cwd=work, input=READS).splitlines()
    if [row.partition("\t")[0] for row in rows] != PREDICTED:
        raise ReleaseError(f"predict human-dna wrote {len(rows)} lines for 10 reads, or other names")
    print(f"  predict human-dna on a pipe: {len(rows) - 1} rows in {time.monotonic() - started:.1f} s")


def environments(project: Mapping[str, Any], wanted: Sequence[str]) -> list[Environment]:
    """Returns the wanted ones of the oldest and the newest environment that this machine can make.

    Raises:
        ReleaseError: there is no Python that is supported.
    """
    least = minor(project["requires-python"])
    found = interpreters(least)
    if not found:
        raise ReleaseError(f"there is no Python 3.{least} or newer with ensurepip")
    if min(found) != least:
        print(f"this machine has no Python 3.{least}, so the oldest dependencies are tried on 3.{min(found)}")
    both = {
        "oldest": Environment("oldest", found[min(found)], bounds(project["dependencies"])),
        "newest": Environment("newest", found[max(found)], {}),
    }
    return [both[title] for title in wanted]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-only", action="store_true", help="make no environments")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder for sdist and wheel, if all is well")
    parser.add_argument("--only", choices=["oldest", "newest"], help="make only this environment")
    options = parser.parse_args(arguments)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [] if options.build_only else [options.only] if options.only else ["oldest", "newest"]
    print(f"{platform.platform()}, {os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory(prefix="release-check-") as folder:
        work = Path(folder)
        try:
            wheel = check_files(work)
            for environment in environments(project, wanted):
                try_in(environment, wheel, work, only_in_extras(project))
            if options.output:
                shutil.copytree(wheel.parent, options.output, dirs_exist_ok=True)
        except ReleaseError as error:
            sys.exit(f"release check: {error}")


if __name__ == "__main__":
    main()
