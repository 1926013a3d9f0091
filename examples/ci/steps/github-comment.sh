#!/bin/sh
# Writes plan.md as a comment on the pull request, or over the earlier one: there
# is one comment of each TARGET, and it always shows the newest plan.
#
#   PR_NUMBER   the pull request
#   OUT         the folder of plan.sh (default: landfall-out)
#   TARGET, GITHUB_TOKEN, GITHUB_REPOSITORY, COMMENT_AUTHOR: as for the other steps
set -eu
steps=$(cd "$(dirname "$0")" && pwd)
text=${OUT:-landfall-out}/plan.md
body=$(mktemp)
trap 'rm -f "$body"' EXIT
jq -n --rawfile body "$text" '{body: $body}' >"$body"

comment=$("$steps/github-find-comment.sh" "${PR_NUMBER:?}")
if [ -z "$comment" ]; then
	"$steps/github-api.sh" POST "/repos/${GITHUB_REPOSITORY:?}/issues/$PR_NUMBER/comments" "$body" >/dev/null
	echo "The comment was written."
elif printf '%s' "$comment" | jq -e --rawfile body "$text" '(.body | gsub("\r"; "") | rtrimstr("\n")) == ($body | rtrimstr("\n"))' >/dev/null; then
	echo "The comment is up to date."
else
	id=$(printf '%s' "$comment" | jq .id)
	"$steps/github-api.sh" PATCH "/repos/${GITHUB_REPOSITORY:?}/issues/comments/$id" "$body" >/dev/null
	echo "The comment was brought up to date."
fi
