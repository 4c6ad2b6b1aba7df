/* The --log file: one line per event, with a time stamp. Never receives secrets. */
#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

#include <stdbool.h>

/* Opens the file for appending. False with a message on stderr when it cannot. */
bool log_open(const char *path);
/* Writes one line to the log, if there is one; trailing newlines of the text are dropped. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
