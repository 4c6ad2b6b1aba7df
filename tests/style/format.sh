#!/usr/bin/env bash
# format.sh [--fix]: the C files are as clang-format leaves them (.clang-format). Tables (*.def) are laid out by hand.
. "$(dirname "$0")/lib.sh"
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format is not installed"; exit 77; }
case $("$tool" --version) in
*"version 14."*) ;;
*) [ "${1:-}" = --fix ] || { echo "clang-format 14 decides the format, here is $("$tool" --version)"; exit 77; } ;;
esac
mapfile -t files < <(c_files driver setup tool include gateway tests bench)
if [ "${1:-}" = --fix ]; then
    exec "$tool" -i "${files[@]}"
fi
for file in "${files[@]}"; do
    "$tool" --dry-run -Werror "$file" >/dev/null 2>&1 || complain "$file: not formatted (make format)"
done
finish "format"
