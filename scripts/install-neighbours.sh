#!/usr/bin/env bash
# Installs, on Debian and its relatives, what tests and benchmarks compare with or run in: PyTorch with a threaded
# BLAS, ONNX with the tests of its standard, Pillow, the Fashion-MNIST images, and Chromium. onnxruntime comes with the
# libraries of the bench: node bench/install-peers.mjs onnxruntime-node. Tatami itself needs none of them. May be run again at any time.
set -euo pipefail

packages=(python3-torch python3-onnx python3-pil libopenblas0-pthread dataset-fashion-mnist chromium)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "Nothing to install: ${packages[*]} are here."
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "No apt-get here; install by hand what corresponds to: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Only root can install packages; run: sudo $0" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
