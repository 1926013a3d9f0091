#!/bin/sh
# One request to GitHub: github-api.sh METHOD PATH [FILE]. It prints the answer's
# JSON; FILE is the body. The token goes to curl through a pipe, never through
# arguments, which others on the runner can list.
#
#   GITHUB_TOKEN     the token of the job
#   GITHUB_API_URL   set by GitHub Actions (default: https://api.github.com)
set -eu
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
method=$1
url=${GITHUB_API_URL:-https://api.github.com}$2
set -- ${3:+--data-binary "@$3"}
code=$(printf 'header = "Authorization: Bearer %s"\n' "${GITHUB_TOKEN:?}" |
	curl --silent --show-error --max-time 60 --config - --request "$method" \
		--header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
		--output "$answer" --write-out '%{http_code}' "$@" "$url")
case $code in
2??) cat "$answer" ;;
*)
	echo "github-api.sh: $method $url answered $code:" >&2
	head -c 2000 "$answer" | sed -e 's/##/# #/g' -e 's/^[[:space:]]*::/: :/' >&2
	echo >&2
	exit 1
	;;
esac
