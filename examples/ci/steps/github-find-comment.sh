#!/bin/sh
# Prints landfall's comment on a pull request as JSON, or nothing:
# github-find-comment.sh NUMBER. Only a comment of our own job counts; anybody may
# write the marker into a comment.
#
#   GITHUB_REPOSITORY   OWNER/REPO, set by GitHub Actions
#   TARGET              as for plan.sh (default: directory)
#   COMMENT_AUTHOR      who writes the comments (default: github-actions[bot])
set -eu
steps=$(cd "$(dirname "$0")" && pwd)
export MARKER="<!-- landfall:plan ${TARGET:-directory} -->"
export COMMENT_AUTHOR="${COMMENT_AUTHOR:-github-actions[bot]}"
page=1
while :; do
	comments=$("$steps/github-api.sh" GET "/repos/${GITHUB_REPOSITORY:?}/issues/$1/comments?per_page=100&page=$page")
	found=$(printf '%s' "$comments" | jq -c '[.[] | select(.user.login == env.COMMENT_AUTHOR and
		((.body | split("\n")[0] | rtrimstr("\r")) == env.MARKER))][0] // empty')
	if [ -n "$found" ]; then
		printf '%s\n' "$found"
		exit 0
	fi
	if [ "$(printf '%s' "$comments" | jq length)" -lt 100 ]; then exit 0; fi
	page=$((page + 1))
done
