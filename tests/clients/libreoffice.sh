#!/usr/bin/env bash
# LibreOffice without a window, driven through UNO: Base's data source, tables, queries, editing rows of a table as the data
# view does, and Calc's import of a table.
. "$(dirname "$0")/lib/common.sh"
python=$(python_with uno) || skip "python3-uno is not installed: tests/deps.sh clients"
need soffice
isql "$CLIENT_DSN" -b >/dev/null <<'SQL'
drop table if exists client_libreoffice
create table client_libreoffice (id integer primary key, name varchar(100), amount numeric(12,2), day date, at timestamp, flag boolean, note text)
insert into client_libreoffice values (1, 'Zoë, Ναταλία, 山田', -12345.67, '2024-02-29', '2024-02-29 23:59:59', true, 'one'), (2, null, null, null, null, null, null), (3, 'third', 3, '2024-03-01', '2024-03-01 00:00:00', false, 'three')
SQL
rm -rf "$scratch"/profile-* "$scratch"/neon.*
export HOME=$scratch SAL_USE_VCLPLUGIN=svp
pipe=neon-$$
# (a profile of its own: an office asks another one of the same profile, even one that just ends, to do its work)
soffice "-env:UserInstallation=file://$scratch/profile-$$" --headless --norestore --nologo --nofirststartwizard \
    "--accept=pipe,name=$pipe;urp;StarOffice.ComponentContext" >"$scratch/soffice.log" 2>&1 </dev/null &
office=$!
"$python" "$here/libreoffice_client.py" "$pipe" "$scratch" "$office"
status=$?
[ $status = 0 ] || tail -n 20 "$scratch/soffice.log"
# The client asked it to end. Who does not wait for that leaves it behind: the process that we started is its keeper alone.
children=$(cat "/proc/$office/task/$office/children" 2>/dev/null)
for _ in $(seq 300); do
    kill -0 "$office" 2>/dev/null || break
    sleep 0.1
done
# shellcheck disable=SC2086
kill "$office" $children 2>/dev/null
wait "$office" 2>/dev/null
exit $status
