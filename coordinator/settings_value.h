/*
 * settings_value.h - what a key of coordinator.conf can be worth, whatever the
 * syntax that it was written in. For settings.c alone.
 */
#ifndef COORDINATOR_SETTINGS_VALUE_H
#define COORDINATOR_SETTINGS_VALUE_H

#include <stdbool.h>

#define VALUE_COUNT_MAX 1000000

enum value_kind {
	VALUE_TEXT,	/* char * */
	VALUE_ADDRESS,	/* char *, HOST:PORT */
	VALUE_LEVEL,	/* char *, of log.h */
	VALUE_LIST,	/* struct strs */
	VALUE_DURATION,	/* int64_t, ms, more than 0 */
	VALUE_PERIOD,	/* the same, 0 for "none" */
	VALUE_COUNT,	/* size_t */
	VALUE_LIMIT,	/* int64_t, -1 for "none" */
	VALUE_SPACE,	/* int64_t, bytes, as 512M or 4G; -1 for "none", which is none at all */
};

/* Puts text's worth there, a list's behind what it holds; NULL, or why not. */
const char *value_take(enum value_kind, void *at, const char *text);
bool value_same(enum value_kind, const void *a, const void *b);

#endif
