#!/bin/sh
# Finds the digest that was approved with the pull request whose merge made
# COMMIT: the one in landfall's comment. The job that carries it out plans again,
# so a comment that somebody edited can at most approve the plan of what was merged.
#
#   COMMIT   the commit on the main branch
#   TARGET, GITHUB_TOKEN, GITHUB_REPOSITORY, COMMENT_AUTHOR: as for the other steps
set -eu
steps=$(cd "$(dirname "$0")" && pwd)
number=$("$steps/github-api.sh" GET "/repos/${GITHUB_REPOSITORY:?}/commits/${COMMIT:?}/pulls" |
	jq '[.[] | select(.merged_at != null and .merge_commit_sha == env.COMMIT)][0].number // empty')
if [ -z "$number" ]; then
	echo "github-approved.sh: no merged pull request made $COMMIT, so no plan of it was approved" >&2
	exit 1
fi
digest=$("$steps/github-find-comment.sh" "$number" |
	jq -r '.body | split("\n")[1] | capture("^<!-- landfall:digest (?<digest>sha256:[0-9a-f]{64}) -->\r?$").digest')
if [ -z "$digest" ]; then
	echo "github-approved.sh: pull request $number has no comment with a plan" >&2
	exit 1
fi
echo "Pull request $number was merged with the plan $digest."
if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'digest=%s\n' "$digest" >>"$GITHUB_OUTPUT"; fi
