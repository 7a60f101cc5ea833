/*
 * map.c - open addressing with linear probing.
 *
 * A removed entry leaves a mark in its slot, so that nothing else moves: that
 * is what lets map_next() go on after map_del(). Marks go when the table is
 * rebuilt, which only map_set() of a new key does.
 */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"

#define SLOTS_MIN 8
#define REMOVED 1

struct slot {
	char		*key;	/* NULL: empty */
	void		*value;
	uint64_t	 hash;	/* REMOVED in an empty slot: look further */
};

struct map {
	struct slot	*slots;
	size_t		 size;	/* a power of two, or 0 */
	size_t		 live;
	size_t		 used;	/* live and removed; at most 3/4 of size */
	uint64_t	 seed[2];
};

#define ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] = ROTL(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

/* SipHash-1-3 of the key's bytes (Aumasson and Bernstein, 2012). Words are
 * put together byte by byte, little-endian, so every machine agrees. */
static uint64_t
key_hash(const struct map *m, const char *key)
{
	uint64_t	 v[4], word = 0;
	size_t		 i, len = strlen(key);

	v[0] = m->seed[0] ^ UINT64_C(0x736f6d6570736575);
	v[1] = m->seed[1] ^ UINT64_C(0x646f72616e646f6d);
	v[2] = m->seed[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = m->seed[1] ^ UINT64_C(0x7465646279746573);
	for (i = 0; i < len; i++) {
		word |= (uint64_t)(unsigned char)key[i] << (i % 8 * 8);
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		word = 0;
	}
	word |= (uint64_t)len << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *
map_new(void)
{
	struct map	*m = xcalloc(1, sizeof *m);

	if (getentropy(m->seed, sizeof m->seed) == -1)
		fatal("getentropy");
	return m;
}

void
map_free(struct map *m)
{
	size_t	 i;

	if (m == NULL)
		return;
	for (i = 0; i < m->size; i++)
		free(m->slots[i].key);
	free(m->slots);
	free(m);
}

size_t
map_len(const struct map *m)
{
	return m->live;
}

/* The key's slot, or NULL. */
static struct slot *
slot_find(const struct map *m, const char *key, uint64_t hash)
{
	size_t		 i;
	struct slot	*s;

	if (m->size == 0)
		return NULL;
	for (i = hash & (m->size - 1);; i = (i + 1) & (m->size - 1)) {
		s = &m->slots[i];
		if (s->key == NULL && s->hash != REMOVED)
			return NULL;
		if (s->key != NULL && s->hash == hash &&
		    strcmp(s->key, key) == 0)
			return s;
	}
}

/* The slot where a new key of that hash goes; there is always one. */
static struct slot *
slot_free(struct slot *slots, size_t size, uint64_t hash)
{
	size_t	 i = hash & (size - 1);

	while (slots[i].key != NULL)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

/* Makes room for one more key: twice the size where the living fill half of
 * it, else the same size without the marks. */
static void
map_rebuild(struct map *m)
{
	size_t		 i, size = m->size;
	struct slot	*slots;

	if (m->used + 1 <= size / 4 * 3)
		return;
	if (size == 0)
		size = SLOTS_MIN;
	else if (m->live >= size / 2)
		size *= 2;
	slots = xcalloc(size, sizeof *slots);
	for (i = 0; i < m->size; i++)
		if (m->slots[i].key != NULL)
			*slot_free(slots, size, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->size = size;
	m->used = m->live;
}

void *
map_find(const struct map *m, const char *key)
{
	struct slot	*s = slot_find(m, key, key_hash(m, key));

	return s != NULL ? s->value : NULL;
}

void *
map_set(struct map *m, const char *key, void *value)
{
	uint64_t	 hash = key_hash(m, key);
	struct slot	*s = slot_find(m, key, hash);
	void		*old;

	if (value == NULL)
		fatalx("map_set: \"%s\" has no value", key);
	if (s != NULL) {
		old = s->value;
		s->value = value;
		return old;
	}
	map_rebuild(m);
	s = slot_free(m->slots, m->size, hash);
	if (s->hash != REMOVED)
		m->used++;
	m->live++;
	s->key = xstrdup(key);
	s->value = value;
	s->hash = hash;
	return NULL;
}

void *
map_del(struct map *m, const char *key)
{
	struct slot	*s = slot_find(m, key, key_hash(m, key));
	void		*old;

	if (s == NULL)
		return NULL;
	old = s->value;
	free(s->key);
	s->key = NULL;
	s->hash = REMOVED;
	m->live--;
	return old;
}

bool
map_next(const struct map *m, size_t *it, const char **key, void **value)
{
	struct slot	*s;

	while (*it < m->size) {
		s = &m->slots[(*it)++];
		if (s->key == NULL)
			continue;
		if (key != NULL)
			*key = s->key;
		if (value != NULL)
			*value = s->value;
		return true;
	}
	return false;
}
