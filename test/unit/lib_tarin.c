/* lib_tarin.c - see lib_tarin.h. */
#include "lib_tarin.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dir	tarin_in, tarin_out;
struct str	tarin_tar;

void
tarin_setup(void)
{
	dir_make(&tarin_in);
	dir_make(&tarin_out);
	dir_write(&tarin_out, "secret", "secret");
	str_init(&tarin_tar);
}

void
tarin_teardown(void)
{
	char	*text = dir_read(&tarin_out, "secret");

	ck_assert_str_eq(text, "secret");
	free(text);
	ck_assert_int_eq(dir_count(&tarin_out, "."), 1);
	ck_assert_uint_eq(dir_mode(&tarin_out, "secret") & 07777, 0644);
	str_release(&tarin_tar);
	dir_drop(&tarin_in);
	dir_drop(&tarin_out);
}

int
tarin_bytes(const void *p, size_t len, struct err *e)
{
	int	fd = tar_file(p, len), r;

	*e = (struct err)ERR_INIT;
	r = tarin_extract(fd, tarin_in.fd, NULL, e);
	ck_assert_int_eq(r == -1, e->msg[0] != '\0');
	close(fd);
	return r;
}

void
tarin_ok(void)
{
	struct err	e;

	tar_end(&tarin_tar);
	ck_assert_msg(tarin_bytes(tarin_tar.s, tarin_tar.len, &e) == 0, "%s", e.msg);
	str_clear(&tarin_tar);
}

void
tarin_bad(const char *want)
{
	struct err	e;

	tar_end(&tarin_tar);
	ck_assert_int_eq(tarin_bytes(tarin_tar.s, tarin_tar.len, &e), -1);
	ck_assert_msg(strstr(e.msg, want) != NULL, "\"%s\" is not in \"%s\"", want, e.msg);
	ck_assert_int_eq(e.code, EINVAL);
	str_clear(&tarin_tar);
}

void
tarin_add(const char *name, char type, const char *link, const char *text)
{
	struct tar_entry	t = { .name = name, .type = type, .link = link,
		.text = text, .mtime = 1000000000 };

	if (type == '5')
		t.mode = 0755;
	tar_add(&tarin_tar, &t);
}

void
tarin_has(const char *name, const char *want)
{
	char	*text = dir_read(&tarin_in, name);

	ck_assert_msg(text != NULL, "%s is missing", name);
	ck_assert_str_eq(text, want);
	free(text);
}

void
tarin_entries(const char *dir, int n)
{
	ck_assert_int_eq(dir_count(&tarin_in, dir), n);
}
