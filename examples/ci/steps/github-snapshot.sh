#!/bin/sh
# Downloads the newest snapshot that the schedule made on the main branch, with
# GitHub's own program gh: a job of a fork may read artifacts, and no secrets.
#
#   GH_TOKEN            the token of the job (permission actions: read)
#   GITHUB_REPOSITORY   OWNER/REPO, set by GitHub Actions
#   SNAPSHOT_WORKFLOW   the file of the schedule (default: landfall-snapshot.yml)
#   DEFAULT_BRANCH      default: main
#   OUT                 a folder for snapshot.zst (default: landfall-out)
set -eu
run=$(gh run list --repo "${GITHUB_REPOSITORY:?}" --workflow "${SNAPSHOT_WORKFLOW:-landfall-snapshot.yml}" \
	--branch "${DEFAULT_BRANCH:-main}" --limit 20 --json databaseId,conclusion \
	--jq '[.[] | select(.conclusion == "success")][0].databaseId // empty')
if [ -z "$run" ]; then
	echo "github-snapshot.sh: the schedule has made no snapshot yet" >&2
	exit 1
fi
mkdir -p "${OUT:-landfall-out}"
gh run download "$run" --repo "$GITHUB_REPOSITORY" --name landfall-snapshot --dir "${OUT:-landfall-out}"
test -s "${OUT:-landfall-out}/snapshot.zst"
