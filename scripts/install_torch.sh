#!/bin/sh
# Installs torch, at the version in constraints.txt, into the environment whose programs are in $1.
#
# On Linux the default build brings several gigabytes of CUDA packages, of no use without an NVIDIA GPU. There the CPU
# build is taken: from where pip looks, or else through uv, which knows PyTorch's own index of CPU builds.
set -eu
bin=$1
version=$(sed -n 's/^torch==//p' "$(dirname "$0")/../constraints.txt")
pip="$bin/python -m pip --quiet --disable-pip-version-check"

if "$bin/python" -c "import torch, sys; sys.exit(torch.__version__.partition('+')[0] != '$version')" 2>/dev/null; then
    exit 0
fi
if [ "$(uname -s)" != Linux ] || nvidia-smi -L >/dev/null 2>&1; then
    exec $pip install "torch==$version"
fi
if $pip install "torch==$version+cpu" 2>/dev/null; then
    exit 0
fi
$pip install "uv>=0.5.3"
"$bin/uv" pip install --quiet --python "$bin/python" --torch-backend cpu "torch==$version"
