"""judge.py MODE LOG KNOWN: compares the failures of a run of the compliance suite with the list of those that may be.

KNOWN has a line for each: MODE[,MODE] TEST-PATTERN REASON, where the pattern (fnmatch) is of Class::test without the
backend's name. Prints what is new and what is no longer true, then one line of totals in pytest's words.
"""

import fnmatch
import re
import sys

mode, log, known = sys.argv[1:]
text = open(log, errors="replace").read()
# (something may have been said behind it when the interpreter ended)
closing = ([""] + re.findall(r"^.*\d+ (?:passed|failed|skipped|errors?)\b.* in [\d.]+s.*$", text, re.M))[-1]
counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)", closing)}
failures = [
    re.sub(r"_postgresql\+\w+?_[\d_]+(?=::)", "", m.group(2)) for m in re.finditer(r"^(FAILED|ERROR) \S*?::(.*?)(?: - .*)?$", text, re.M)
]
patterns = []
for line in open(known):
    line = line.split("#")[0].strip()
    if line:
        modes, pattern, reason = line.split(None, 2)
        if mode in modes.split(","):
            patterns.append(pattern)
used, new = set(), []
for failure in failures:
    hit = next((p for p in patterns if fnmatch.fnmatchcase(failure, p.replace("[", "[[]"))), None)
    if hit is None:
        new.append(failure)
    used.add(hit)
for failure in new[:40]:
    print(f"   {mode}: not on the list of known failures: {failure}")
stale = [pattern for pattern in patterns if pattern not in used]
for pattern in stale:
    print(f"   {mode}: on the list of known failures, but nothing like it fails: {pattern}")
if not counts:
    print(text[-3000:])
expected = len(failures) - len(new)
what = "SQLAlchemy's tests of PostgreSQL" if mode.startswith("postgresql") else "SQLAlchemy's compliance suite"
print(f"   {mode}: {what}: {closing.strip('= ')}; {expected} failures are known")
print(
    f"{counts.get('passed', 0)} passed, {len(new) + len(stale) + (0 if counts.get('passed') else 1)} failed, "
    f"{counts.get('skipped', 0) + expected} skipped"
)
