/* A file for what memory should not hold: without a name, so that nobody else can open it and
 * nothing is left behind, whatever happens to the process. Errors are told in errno: which words
 * and what remedy belong to one only the caller knows. Called by stmt/spool.c and
 * transport/parked.c. */
#ifndef NEON_BASE_TEMP_FILE_H
#define NEON_BASE_TEMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Its folder, for messages: TMPDIR where that is an absolute path, else /tmp. */
const char *temp_file_folder(void);
/* The descriptor, closed on exec; the caller closes it. -1: errno. */
int temp_file_open(void) NEON_MUST_CHECK;
/* All of the bytes, at a place in the file. False: errno (ENOSPC when nothing was taken). */
bool temp_file_write(int fd, const char *from, size_t n_bytes, int64_t at) NEON_MUST_CHECK;
/* The same; what is read was written before. False: errno (EIO when the file is shorter). */
bool temp_file_read(int fd, char *to, size_t n_bytes, int64_t at) NEON_MUST_CHECK;

#endif
