/*
 * map.h - a hash map from strings to pointers.
 *
 * Keys are copied, values are the caller's. Hashing is keyed with a random
 * seed, so that a peer who chooses keys cannot make it slow.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct map;

struct map *map_new(void) MUST;
void   map_free(struct map *);			/* not the values; NULL is fine */
size_t map_len(const struct map *);
void  *map_find(const struct map *, const char *key);	/* NULL if absent */
/* Returns the value that was there before, or NULL. value must not be NULL. */
void  *map_set(struct map *, const char *key, void *value);
void  *map_del(struct map *, const char *key);	/* the value removed, or NULL */
/* Walks in no order: start with *it = 0, ends with false. The map may lose the
 * entry just seen (map_del) while walking, nothing else may change. key is
 * borrowed until that entry goes; key and value may be NULL. */
bool   map_next(const struct map *, size_t *it, const char **key, void **value);

#endif
