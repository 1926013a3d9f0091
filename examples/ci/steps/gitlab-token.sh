#!/bin/sh
# Puts the job's ID token where auth = "workload_identity" finds it. GitLab gives
# it to the job as a variable, and Microsoft's library reads a file.
#
#   LANDFALL_ID_TOKEN            from "id_tokens" of the job
#   AZURE_FEDERATED_TOKEN_FILE   where it goes; outside of the clone
set -eu
umask 077
printf '%s' "${LANDFALL_ID_TOKEN:?the job needs id_tokens: LANDFALL_ID_TOKEN}" >"${AZURE_FEDERATED_TOKEN_FILE:?}"
