#!/usr/bin/env bash
# All that is wanted of a GPU, most wanted first, in nine minutes: benchmarks/gpu.sh [--rehearse] [OUT [PART...]]
# Needs PyTorch, torchvision, pytest, timm and what a training needs; no Snakemake and no network.
exec "${PYTHON:-python3}" "$(dirname "$0")/gpu/run.py" "$@"
