/* bench_relay HOST PORT MICROSECONDS: the relay for bench_sqlalchemy.py and bench_executemany.py.
 * Prints the port that it listens on, and runs until its input ends. */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    pid_t pid = 0;
    int port = argc == 4 ? relay_start(argv[1], atoi(argv[2]), atol(argv[3]), &pid) : 0;

    if (port == 0) {
        fprintf(stderr, "bench_relay: usage: bench_relay HOST PORT MICROSECONDS\n");
        return 1;
    }
    printf("%d\n", port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    relay_stop(pid);
    return 0;
}
