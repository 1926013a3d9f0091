#!/bin/sh
# Saves what the directories hold, for plans without a credential. With a key, names
# and values are pseudonyms, but for those that the log lists; without one, the file
# holds names, addresses and memberships of people, and whoever can download it can
# read them.
#
#   LANDFALL_DIR                 where the configuration lies in the repository (default: .)
#   OUT                          a folder for snapshot.zst (default: landfall-out)
#   LANDFALL_PSEUDONYM_KEY_FILE  a file with a secret, as openssl rand -base64 32 makes it;
#                                may be empty
set -eu
mkdir -p "${OUT:-landfall-out}"
out=$(cd "${OUT:-landfall-out}" && pwd)
if [ -n "${LANDFALL_PSEUDONYM_KEY_FILE:-}" ]; then
  set -- -pseudonymise "$LANDFALL_PSEUDONYM_KEY_FILE" "$@"
fi
landfall -chdir "${LANDFALL_DIR:-.}" snapshot "$out/snapshot.zst" "$@"
