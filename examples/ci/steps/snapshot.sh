#!/bin/sh
# Saves what the directories hold, for plans without a credential. The file holds
# names, addresses and memberships of people: whoever can download it can read them.
#
#   LANDFALL_DIR   where the configuration lies in the repository (default: .)
#   OUT            a folder for snapshot.zst (default: landfall-out)
set -eu
mkdir -p "${OUT:-landfall-out}"
out=$(cd "${OUT:-landfall-out}" && pwd)
landfall -chdir "${LANDFALL_DIR:-.}" snapshot "$out/snapshot.zst"
