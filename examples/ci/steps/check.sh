#!/bin/sh
# Checks the files of a configuration. It needs no network and no credential.
#
#   LANDFALL_DIR   where the configuration lies in the repository (default: .)
set -eu
landfall -chdir "${LANDFALL_DIR:-.}" fmt -check -diff
landfall -chdir "${LANDFALL_DIR:-.}" validate
