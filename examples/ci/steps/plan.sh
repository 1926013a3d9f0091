#!/bin/sh
# Plans, and leaves in OUT what people and later steps read: plan.json, plan.txt,
# plan.md, plan.html, plan.sarif, plan.junit.xml, plan.env (LANDFALL_DIGEST and
# LANDFALL_STATUS), status. It fails only if no plan could be made; verdict.sh
# judges the plan, after all of it was published.
#
#   LANDFALL_DIR    where the configuration lies in the repository (default: .)
#   TARGET          what the plan is of, for the title and the comment (default: directory)
#   OUT             a folder for the files (default: landfall-out)
#   BASE            a Git reference: tell what this change causes from what was due before
#   COMMENT_BYTES   how long plan.md may be (default: 60000, which GitHub takes)
#   REPORT_URL      where plan.html will be seen
#
# What landfall prints is safe in a log: it breaks names that a pipeline would obey,
# such as a group called "##vso[task.setvariable …]".
#
# Arguments go to "landfall plan": -snapshot FILE, -only ADDRESS, -accept …
set -eu
dir=${LANDFALL_DIR:-.}
mkdir -p "${OUT:-landfall-out}"
out=$(cd "${OUT:-landfall-out}" && pwd)

# The base of the first pull request has no configuration to compare with.
if [ -n "${BASE:-}" ]; then
	git rev-parse --verify --quiet "$BASE^{commit}" >/dev/null || {
		echo "plan.sh: BASE is $BASE, which this clone does not have; fetch the whole history" >&2
		exit 1
	}
	if (cd "$dir" && git ls-tree --name-only "$BASE") | grep -q '\.hcl$'; then
		set -- "$@" -base "$BASE"
	fi
fi

{
	status=0
	landfall -chdir "$dir" plan -detailed-exitcode -out "$out/plan.json" "$@" 2>&1 || status=$?
	echo "$status" >"$out/status"
} | tee "$out/plan.txt"
status=$(cat "$out/status")
case $status in
0 | 2 | 6) ;;
*) exit "$status" ;;
esac

source=
if [ "$dir" != . ]; then source=$dir; fi
link=
if [ -n "${GITHUB_REPOSITORY:-}" ]; then
	link=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY/blob/${GITHUB_SHA:-HEAD}
elif [ -n "${CI_PROJECT_URL:-}" ]; then
	link=$CI_PROJECT_URL/-/blob/${CI_COMMIT_SHA:-HEAD}
fi
show() {
	landfall show -format "$1" -target "${TARGET:-directory}" -source-dir "$source" -link-base "$link" \
		-report-url "${REPORT_URL:-}" -max-bytes "${COMMENT_BYTES:-60000}" "$out/plan.json"
}
show markdown >"$out/plan.md"
show html >"$out/plan.html"
show sarif >"$out/plan.sarif"
show junit >"$out/plan.junit.xml"

# The second line of the comment is the marker with the digest.
digest=$(sed -n '2s/^<!-- landfall:digest \(sha256:[0-9a-f]\{64\}\) -->$/\1/p' "$out/plan.md")
: "${digest:?plan.md has no digest in its second line}"
printf 'LANDFALL_DIGEST=%s\nLANDFALL_STATUS=%s\n' "$digest" "$status" >"$out/plan.env"

if [ -n "${GITHUB_ACTIONS:-}" ]; then
	show github
	printf 'digest=%s\nstatus=%s\n' "$digest" "$status" >>"$GITHUB_OUTPUT"
	cat "$out/plan.md" >>"$GITHUB_STEP_SUMMARY"
fi
if [ -n "${TF_BUILD:-}" ]; then
	show azuredevops
	echo "##vso[task.setvariable variable=digest;isOutput=true]$digest"
	echo "##vso[task.uploadsummary]$out/plan.md"
fi
