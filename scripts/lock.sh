#!/bin/sh
# Writes constraints.txt from a fresh environment with all extras; torch stays at the version it has there.
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place"
sh scripts/install_torch.sh "$place/bin"
torch=$(grep '^torch==' constraints.txt)
"$place/bin/python" -m pip install --quiet --disable-pip-version-check '.[dev,docs,explain,export,hub,plm,tracks,tune,workflow]'
{
    echo "# Every package that make installs, at the version it was tested with; written by make lock."
    "$place/bin/python" -m pip freeze --exclude seqnet | sed "s/^torch==.*/$torch/" | grep -v '^-e\|^seqnet\|@ file:'
} >"$place/constraints.txt"
mv "$place/constraints.txt" constraints.txt
