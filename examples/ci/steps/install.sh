#!/bin/sh
# Makes "landfall" available to the next steps: the one that the runner has, else
# the version LANDFALL_VERSION, compiled with the runner's Go.
#
#   LANDFALL_VERSION   a tag or commit of landfall
set -eu
if ! command -v landfall >/dev/null; then
	go install "github.com/landfall-directory/landfall/cmd/landfall@${LANDFALL_VERSION:?set LANDFALL_VERSION to a tag of landfall}"
	bin=$(go env GOBIN)
	bin=${bin:-$(go env GOPATH)/bin}
	PATH=$bin:$PATH
	if [ -n "${GITHUB_PATH:-}" ]; then echo "$bin" >>"$GITHUB_PATH"; fi
	if [ -n "${TF_BUILD:-}" ]; then echo "##vso[task.prependpath]$bin"; fi
fi
landfall version
