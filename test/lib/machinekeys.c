/*
 * machinekeys.c - keys for many machines at once, as `coordinator key add`
 * makes them one at a time. For tests and benches, while no daemon runs.
 *
 *	machinekeys STATE-DIR HOST-TYPE PREFIX COUNT
 *
 * The machines are PREFIX0, PREFIX1, ...; prints "NAME KEY" for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/auth.h"
#include "coordinator/state.h"

#define COUNT_MAX	20000

static int
add(struct store *store, const char *host_type, const char *name, struct err *e)
{
	char	 hash[SECRET_HASH_MAX], *key = auth_make_key(hash);
	int	 ret = store_key_add(store, name, host_type, STORE_KEY_MACHINE, hash, 1, e);

	if (ret == 0)
		printf("%s %s\n", name, key);
	free(key);
	return ret;
}

static int
add_all(const char *dir, const char *host_type, const char *prefix, int64_t count,
    struct err *e)
{
	char		*path = state_prepare(dir, e), *name;
	struct store	*store = path == NULL ? NULL : state_open_store(path, e);
	int		 ret = store == NULL ? -1 : store_batch_begin(store, e);
	int64_t		 i;

	for (i = 0; ret == 0 && i < count; i++) {
		name = xasprintf("%s%lld", prefix, (long long)i);
		ret = add(store, host_type, name, e);
		free(name);
	}
	if (ret == 0)
		ret = store_batch_commit(store, e);
	store_close(store);
	free(path);
	return ret;
}

int
main(int argc, char **argv)
{
	struct err	e = ERR_INIT;
	int64_t		count;

	log_init("machinekeys", LOG_WARN);
	if (argc != 5 || str_int64(argv[4], 1, COUNT_MAX, &count) == -1) {
		fprintf(stderr, "usage: machinekeys STATE-DIR HOST-TYPE PREFIX COUNT\n");
		return 2;
	}
	if (add_all(argv[1], argv[2], argv[3], count, &e) == -1) {
		fprintf(stderr, "machinekeys: %s\n", e.msg);
		return 1;
	}
	return 0;
}
