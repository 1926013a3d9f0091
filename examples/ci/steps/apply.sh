#!/bin/sh
# Plans again, and carries the plan out only if it is the approved one. The
# journal of the run stays in .landfall/runs beside the configuration; keep it:
# "landfall revert" needs it.
#
#   DIGEST         the digest that was approved (sha256:…)
#   LANDFALL_DIR   where the configuration lies in the repository (default: .)
#   OUT            a folder for apply.txt (default: landfall-out)
#
# Arguments go to "landfall apply": those that shaped the approved plan (-only,
# -except, -accept) must come again, for the digest is that of their plan.
set -eu
mkdir -p "${OUT:-landfall-out}"
out=$(cd "${OUT:-landfall-out}" && pwd)
DIGEST=${DIGEST:-}
hex=${DIGEST#sha256:}
case $hex in
"$DIGEST" | *[!0-9a-f]*) hex= ;;
esac
if [ ${#hex} -ne 64 ]; then
	echo "apply.sh: DIGEST must be the digest of the approved plan, sha256: and 64 hexadecimal digits" >&2
	exit 1
fi

{
	status=0
	landfall -chdir "${LANDFALL_DIR:-.}" apply -expect "$DIGEST" "$@" 2>&1 || status=$?
	echo "$status" >"$out/apply.status"
} | tee "$out/apply.txt"
status=$(cat "$out/apply.status")

case $status in
0) text="The approved plan was carried out." ;;
4) text="Refused, and nothing was written: the plan of now is not the approved one. Review it, and start this job with its digest." ;;
5) text="A part of the plan failed, was stale or could not be confirmed. The log says what was done; the next plan has the rest." ;;
6) text="All that was allowed is done; a part of the plan is blocked." ;;
130) text="Interrupted. The journal says what was done; the next plan has the rest." ;;
*) text="Nothing was written (status $status)." ;;
esac
echo "$text"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then echo "$text" >>"$GITHUB_STEP_SUMMARY"; fi
exit "$status"
