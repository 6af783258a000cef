#!/usr/bin/env bash
# Makes the assemblies of tests/data/cdk again, with the newest aws-cdk-lib and aws-cdk@2 (needs node, npm, python3).
# Paths of this machine become /PROJECT: tests put the assembly's own folder in its place.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent aws-cdk-lib constructs aws-cdk@2
python3 -m venv venv
venv/bin/pip install --quiet aws-cdk-lib

synth() { # name, command
  cp -r "$here/$1" "$work/$1"
  rm -rf "$work/$1/cdk.out"
  (cd "$work/$1" && npx --prefix "$work" cdk synth --quiet --app "$2" --output cdk.out > /dev/null)
  find "$work/$1/cdk.out" -name '*.json' -exec sed -i "s#$work/$1#/PROJECT#g" {} +
  # Neither is read: the construct tree, and what another tool thinks of it.
  find "$work/$1/cdk.out" \( -name tree.json -o -name validation-report.json -o -name '.cache' \) -exec rm -rf {} +
  rm -rf "$here/$1/cdk.out"
  cp -r "$work/$1/cdk.out" "$here/$1/cdk.out"
}

export NODE_PATH="$work/node_modules"
synth javascript "node app.js"
synth python "$work/venv/bin/python app.py"
