#!/bin/sh
# Ends as the plan did: 0 if it can be carried out, 6 if a limit or a finding
# blocks a part of it. It comes last, so that the plan is published either way.
#
#   OUT   the folder of plan.sh (default: landfall-out)
set -eu
status=$(cat "${OUT:-landfall-out}/status")
case $status in
0) echo "Nothing differs." ;;
2) echo "There are changes, and nothing blocks them." ;;
6)
	echo "A part of the plan is blocked; the plan says by what, and how to go on." >&2
	exit 6
	;;
*)
	echo "There is no plan (status $status)." >&2
	exit 1
	;;
esac
