#!/bin/sh
# For a schedule: fails with 2 if the directories no longer hold what the files
# declare, with 6 if something is blocked. It writes nothing.
#
#   LANDFALL_DIR   where the configuration lies in the repository (default: .)
#   OUT            a folder for drift.txt (default: landfall-out)
set -eu
mkdir -p "${OUT:-landfall-out}"
out=$(cd "${OUT:-landfall-out}" && pwd)
{
	status=0
	landfall -chdir "${LANDFALL_DIR:-.}" drift "$@" 2>&1 || status=$?
	echo "$status" >"$out/drift.status"
} | tee "$out/drift.txt"
exit "$(cat "$out/drift.status")"
