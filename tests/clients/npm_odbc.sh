#!/usr/bin/env bash
# npm's odbc package, built from its source (its own installer would download a binary from elsewhere).
. "$(dirname "$0")/lib/common.sh"
need node
need npm
need g++
[ -e /usr/include/node/node_api.h ] || skip "node's headers are not installed: tests/deps.sh clients"
gyp=
for file in "$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js" /usr/share/nodejs/node-gyp/bin/node-gyp.js; do
    [ -z "$gyp" ] && [ -e "$file" ] && gyp=$file
done
[ -n "$gyp" ] || skip "node-gyp, a part of npm, is not installed"
cp "$here"/node/* "$here"/node/.npmrc "$scratch"/
cd "$scratch" || exit 1
fetch npm.log npm ci --ignore-scripts --prefer-offline
(cd node_modules/odbc && node "$gyp" rebuild --nodedir=/usr -- -Dmodule_name=odbc -Dmodule_path="$PWD/lib/bindings/napi-v8" \
    -Dnapi_build_version=8) >gyp.log 2>&1 || { tail -n 30 gyp.log; exit 1; }
# It cuts text at the described size without a word; long columns it reads in pieces (docs/clients.md).
data_source TextAsLongVarchar=1
exec node client.mjs
