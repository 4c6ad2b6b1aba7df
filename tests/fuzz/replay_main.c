/* replay_main.c: stands in for libFuzzer where there is none: feeds every file of the folders (or
 * files) named on the command line to the fuzz target, and every prefix of the short ones, since
 * cut input is what a parser meets most. Each input lies alone in a block of exactly its size, so
 * that a sanitizer sees one byte too far. It finds nothing new: it proves that what was once found
 * stays fixed. Called by tests/run-tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_PREFIX_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static void feed(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);

    if (!exact)
        abort();
    if (size)
        memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size ? size : 1);
    FILE *f = fopen(path, "rb");
    int ok = data && f && fread(data, 1, size, f) == size;

    if (ok) {
        feed(data, size);
        for (size_t n = 0; size <= REPLAY_PREFIX_MAX && n < size; n++)
            feed(data, n);
        inputs++;
    } else {
        fprintf(stderr, "%s: cannot be read\n", path);
    }
    if (f)
        fclose(f);
    free(data);
    return ok;
}

static int replay(const char *path)
{
    struct stat st;
    struct dirent *entry;
    DIR *dir;
    int ok = 1;

    if (stat(path, &st) != 0) {
        perror(path);
        return 0;
    }
    if (S_ISREG(st.st_mode))
        return replay_file(path, (size_t)st.st_size);
    dir = opendir(path);
    if (!dir) {
        perror(path);
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        char below[4096];
        int n = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof below)
            ok &= replay(below);
    }
    closedir(dir);
    return ok;
}

int main(int argc, char **argv)
{
    int ok = 1;

    for (int i = 1; i < argc; i++)
        ok &= replay(argv[i]);
    printf("%zu inputs replayed\n", inputs);
    if (inputs == 0)
        fprintf(stderr, "usage: %s FOLDER-OR-FILE... (with at least one input)\n", argv[0]);
    return ok && inputs ? 0 : 1;
}
