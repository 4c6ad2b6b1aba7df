/* The process we are in, without a system call for each look: connections are asked at every call
 * whether they belong to a parent. */
#ifndef NEON_BASE_PROCESS_H
#define NEON_BASE_PROCESS_H

#include <sys/types.h>

/* What getpid() answers; in a child of fork() the child's. */
pid_t process_id(void);

#endif
