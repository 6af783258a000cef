#!/usr/bin/env bash
# Makes the assemblies of tests/data/cdk again, with the newest aws-cdk-lib and aws-cdk@2 (needs node, npm, python3).
# Paths of this machine become /PROJECT: tests put the assembly's own folder in its place.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --silent aws-cdk-lib constructs aws-cdk@2 tsx
python3 -m venv venv
venv/bin/pip install --quiet aws-cdk-lib

synth() { # application, its folder for the assembly, command, more options
  local name=$1 out=$2 command=$3
  shift 3
  rm -rf "${work:?}/$name"
  cp -r "$here/$name" "$work/$name"
  rm -rf "$work/$name/"*.out
  (cd "$work/$name" && npx --prefix "$work" cdk synth --quiet "$@" --app "$command" --output "$out" > /dev/null)
  find "$work/$name/$out" -name '*.json' -exec sed -i "s#$work/$name#/PROJECT#g; s#$work#/ELSEWHERE#g; s#/tmp/\(cdk-custom-resource\)[A-Za-z0-9]*#/ELSEWHERE/\1#g" {} +
  # Neither is read: the construct tree, and what another tool thinks of it.
  find "$work/$name/$out" \( -name tree.json -o -name validation-report.json -o -name performance-counters.json -o -name .cache \) -exec rm -rf {} +
  rm -rf "${here:?}/$name/$out"
  cp -r "$work/$name/$out" "$here/$name/$out"
}

export NODE_PATH="$work/node_modules"
synth javascript cdk.out "node app.js"
synth python cdk.out "$work/venv/bin/python app.py"
synth python debug.out "$work/venv/bin/python app.py" --debug
synth typescript cdk.out "npx --prefix $work tsx bin/app.ts" --no-staging
