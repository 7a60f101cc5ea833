/* lib_tar.c - see lib_tar.h. */
#include "lib_tar.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static void
pad(struct str *out)
{
	while (out->len % 512 != 0)
		str_addc(out, '\0');
}

void
tar_add(struct str *out, const struct tar_entry *t)
{
	char		h[512];
	unsigned	sum = 0;
	size_t		len = t->text != NULL ? strlen(t->text) : 0;
	size_t		name = strlen(t->name);

	memset(h, 0, sizeof h);
	memcpy(h, t->name, name < 100 ? name : 100);
	snprintf(h + 100, 8, "%07o", (t->mode != 0 ? t->mode : 0644) & 07777777);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011zo", len & 0777777777);
	snprintf(h + 136, 12, "%011llo", t->mtime);
	memset(h + 148, ' ', 8);
	h[156] = t->type;
	if (t->link != NULL)
		memcpy(h + 157, t->link, strlen(t->link) < 100 ? strlen(t->link) : 100);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	str_addn(out, h, sizeof h);
	if (len > 0)
		str_addn(out, t->text, len);
	pad(out);
}

void
tar_pax(struct str *out, const char *key, const char *value)
{
	struct tar_entry	t = { .name = "pax", .type = 'x' };
	size_t			rest = strlen(key) + strlen(value) + 3;
	size_t			len = rest + (rest < 9 ? 1 : rest < 98 ? 2 : rest < 997 ? 3 : 4);
	char			*record = malloc(len + 1);

	ck_assert_ptr_nonnull(record);
	snprintf(record, len + 1, "%zu %s=%s\n", len, key, value);
	t.text = record;
	tar_add(out, &t);
	free(record);
}

void
tar_end(struct str *out)
{
	static const char	zeros[1024];

	str_addn(out, zeros, sizeof zeros);
}

int
tar_file(const void *p, size_t len)
{
	char	name[] = "/tmp/unit-tar-XXXXXX";
	int	fd = mkstemp(name);

	ck_assert_int_ne(fd, -1);
	unlink(name);
	ck_assert_int_eq(file_write_all(fd, p, len), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}
