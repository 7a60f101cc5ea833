/* lib_pack.c - see lib_pack.h. */
#include "lib_pack.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "data/pack.h"

long	pack_cpus;

static const char	words[] =
    "If a thing is worth doing it is worth doing well, said who had time; "
    "who had none did it twice. He that goes far should count his horses, "
    "and he that counts them often will not go far at all. Nobody knows "
    "whose proverbs these were: they are as good as any to be packed, over and over";

/* In place of the C library's; sanitizers call it before they are ready. */
__attribute__((no_sanitize("thread", "address", "undefined"))) long
sysconf(int name)
{
	long	(*real)(int);
	void	*found;

	if (name == _SC_NPROCESSORS_ONLN && pack_cpus > 0)
		return pack_cpus;
	found = dlsym(RTLD_NEXT, "sysconf");
	memcpy(&real, &found, sizeof real);
	return real(name);
}

char *
pack_text(size_t len)
{
	char		*s = xmalloc(len);
	size_t		 at, n;
	uint32_t	 r = 1;

	for (at = 0; at < len; at += n) {
		r = r * 1664525 + 1013904223;
		n = 2 + (r >> 28 & r >> 24 & 7);
		if (n > len - at)
			n = len - at;
		memcpy(s + at, words + (r >> 16 & r >> 20 & r >> 8 & 255), n);
	}
	return s;
}

int
pack_to_str(void *arg, const void *p, size_t len)
{
	str_addn(arg, p, len);
	return 0;
}

int
pack_refused(void *arg, const void *p, size_t len)
{
	(void)arg, (void)p, (void)len;
	errno = ENOSPC;
	return -1;
}

void
pack_gives(const void *packed, size_t n, const char *s, size_t len)
{
	struct unpack	*u = unpack_new_bytes(packed, n);
	struct err	 e = ERR_INIT;
	const void	*p;
	ssize_t		 r;
	size_t		 at = 0;

	while ((r = unpack_read(u, &p, &e)) > 0) {
		ck_assert_uint_le(at + (size_t)r, len);
		ck_assert_mem_eq(s + at, p, (size_t)r);
		at += (size_t)r;
	}
	ck_assert_msg(r == 0, "%s", e.msg);
	ck_assert_uint_eq(at, len);
	unpack_free(u);
}

/* None can be where each wants more memory than there are addresses. */
void
pack_threads(bool yes)
{
	pthread_attr_t	a;

	ck_assert_int_eq(pthread_attr_init(&a), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&a, yes ? (size_t)8 * MIB :
	    (size_t)1 << 50), 0);
	ck_assert_int_eq(pthread_setattr_default_np(&a), 0);
	pthread_attr_destroy(&a);
}
