# strip.awk: C source without comments (and, with -v strings=1, with empty string and character literals), each line in
# its place, as FILE:LINE:TEXT. Good enough for the style checks: it knows no trigraphs and no spliced comments.
FNR == 1 { in_comment = 0 }
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                i++
            }
        } else if (two == "/*") {
            in_comment = 1
            i++
        } else if (two == "//") {
            break
        } else if (c == "\"" || c == "'") {
            out = out c
            for (i++; i <= n && substr($0, i, 1) != c; i++) {
                piece = substr($0, i, 1)
                if (piece == "\\") {
                    i++
                    piece = piece substr($0, i, 1)
                }
                if (!strings)
                    out = out piece
            }
            out = out c
        } else
            out = out c
    }
    if (out ~ /[^ \t]/)
        print FILENAME ":" FNR ":" out
}
