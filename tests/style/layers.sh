#!/usr/bin/env bash
# layers.sh: prints every #include that breaks the layer rules (ARCHITECTURE.md): a file includes its own folder, the
# folders below it and include/; never upward, never sideways. The table is the rule; a folder without a row is an error.
. "$(dirname "$0")/lib.sh"

# folder: what it may include besides itself and include/
rules()
{
    cat <<'END'
driver/base
driver/transport  base
driver/result     base
driver/sql        base
driver/convert    base
driver/config     base transport result sql convert
driver/handle     base transport result sql convert config
driver/stmt       base transport result sql convert config handle
driver/catalog    base transport result sql convert config handle stmt
driver/info       base transport result sql convert config handle stmt
driver/api        base transport result sql convert config handle stmt catalog info
setup             base config
tool              base transport config setup sql
gateway           gateway
END
}

while IFS= read -r -d '' file; do
    folder=$(dirname "$file")
    own=${folder#driver/}
    row=$(rules | awk -v f="$folder" '$1 == f')
    if [ -z "$row" ]; then
        complain "$file: the folder $folder has no row in tests/style/layers.sh"
        continue
    fi
    allowed=" $own ${row#"$folder"} "
    while IFS=: read -r line include; do
        case $include in
        ../* | */../*) complain "$file:$line: \"$include\": write includes relative to driver/" ;;
        */*)
            part=${include%%/*}
            case $allowed in
            *" $part "*) ;;
            *) complain "$file:$line: $folder must not include \"$include\"" ;;
            esac
            ;;
        config.h | version.h) ;;
        *)
            [ -e "include/$include" ] || { [ "$folder" = gateway ] && [ -e "gateway/$include" ]; } ||
                complain "$file:$line: \"$include\": write the folder too (\"$own/$include\")"
            ;;
        esac
    done < <(awk -F'"' '/^[ \t]*#[ \t]*include[ \t]*"/ { print FNR ":" $2 }' "$file")
done < <(find driver setup tool gateway \( -name '*.[ch]' -o -name '*.def' \) -print0 2>/dev/null)
finish "layer rules"
