/*
 * log.h - log lines, and the end of the program when it is our own fault.
 *
 * A line is "TIME program[pid] level: text" on stderr (TIME in UTC, RFC 3339
 * with milliseconds). Lines carry identity first ("instance alice-x-0: ...").
 * Control characters in the text are printed as \xNN, so that a peer cannot
 * forge a line; a line over 4 KiB ends in "...". Every call keeps errno. The level is the one global besides
 * signal flags (DESIGN, Rooms).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* name: the program's, borrowed for ever. Before it, lines say "?". */
void log_init(const char *name, enum log_level);
void log_set_level(enum log_level);
enum log_level log_get_level(void);
/* "error", "warn", "info", "debug" -> level; -1 if it is none of them. */
int  log_parse_level(const char *s);

void log_error(const char *fmt, ...) PRINTF(1, 2);
void log_warn(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);

/* A bug or an exhausted machine. fatal adds ": " and strerror(errno).
 * Both log, then abort() so that a core and a test can tell. */
void fatal(const char *fmt, ...) NORETURN PRINTF(1, 2);
void fatalx(const char *fmt, ...) NORETURN PRINTF(1, 2);

#endif
