#!/usr/bin/env bash
# Follows the documents to the letter: runs every example of README.md and docs/*.md, page by page, as a new user with an empty
# home would. Called by ./check clients, behind tests/clients (whose builds of npm, Go and Rust clients it uses). Prints TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/tests/docs}
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 "$here/examples.py" "$top" "$top"/README.md "$top"/docs/*.md
