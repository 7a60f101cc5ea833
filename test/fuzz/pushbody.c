/*
 * pushbody.c - what a client may send to PUT /push: pushstage_read, and
 * pushcommit_run of what it takes, sealed or not, in a work directory with a file, a large one,
 * a directory and links that lead out of it. The first byte is not part of the
 * body: its lowest bit says whether there is a record of these.
 *
 * Nothing beside the directory that is pushed to may come, go or change, an error
 * must have a text, and nothing temporary may be left there.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "base/file.h"
#include "base/tree.h"
#include "buildlet/pushcommit.h"
#include "buildlet/pushkept.h"
#include "buildlet/pushstage.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define LARGE (INV_CHUNKED + 1)

static char	base[64], work[80], state[80];
static int	base_fd = -1, work_fd = -1;

static void
clean_up(void)
{
	if (tree_remove(base_fd, ".", NULL) == -1 || rmdir(base) == -1)
		perror(base);
}

static void
set_up(void)
{
	snprintf(base, sizeof base, "%s/fuzz-push-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(base) == NULL)
		abort();
	snprintf(work, sizeof work, "%s/work", base);
	snprintf(state, sizeof state, "%s/state", base);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(clean_up);
}

static void
put_file(int at, const char *name, const char *text, off_t size)
{
	int	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd == -1 || file_write_all(fd, text, strlen(text)) == -1 ||
	    (size != 0 && ftruncate(fd, size) == -1))
		abort();
	close(fd);
}

static void
furnish(void)
{
	if (mkdir(work, 0755) == -1 || mkdir(state, 0755) == -1)
		abort();
	work_fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_file(work_fd, "secret", "secret", 0);
	if (mkdirat(work_fd, "p", 0755) == -1 ||
	    mkdirat(work_fd, "p/dir", 0755) == -1 ||
	    symlinkat("..", work_fd, "p/up") == -1 ||
	    symlinkat("../secret", work_fd, "p/out") == -1)
		abort();
	put_file(work_fd, "p/a", "old\n", 0);
	put_file(work_fd, "p/dir/guest", "mine", 0);
	put_file(work_fd, "p/large", "", LARGE);
}

/* Of a, dir and large, which is all zeros; its id is zero, too. */
static void
make_record(struct inventory *inv)
{
	static const char	 zeros[LARGE];
	struct content		*c = content_new();
	struct inv_entry	*x;

	inv_init(inv);
	x = inv_add(inv, "a");
	x->kind = INV_FILE;
	x->mode = 0600;
	content_begin(c, 4);
	content_add(c, "old\n", 4);
	content_end(c);
	content_tell(c, inv, x);
	inv_add(inv, "dir")->kind = INV_DIR;
	x = inv_add(inv, "large");
	x->kind = INV_FILE;
	x->mode = 0600;
	content_begin(c, LARGE);
	content_add(c, zeros, LARGE);
	content_end(c);
	content_tell(c, inv, x);
	content_free(c);
}

struct source {
	const uint8_t	*p;
	size_t		 len;
};

static ssize_t
next(void *arg, const void **p, struct err *e)
{
	struct source	*s = arg;
	size_t		 n = s->len < 100 ? s->len : 100;

	(void)e;
	*p = s->p;
	s->p += n;
	s->len -= n;
	return (ssize_t)n;
}

/* One that holds, since it has seen nothing but itself. */
static struct seal *
make_seal(void)
{
	struct seal	*empty = seal_new(), *s = seal_new();
	unsigned char	 frame[SEAL_LEN];

	seal_end(empty, frame);
	seal_free(empty);
	seal_see(s, frame, sizeof frame);
	return s;
}

static void
push(struct source *s, bool based)
{
	struct seal		*seal = make_seal();
	struct push_reader	*r = push_reader_new(next, s);
	struct inventory	 record, changes;
	struct err		 e = ERR_INIT;
	struct pushdir		 p;
	int			 ret;

	make_record(&record);
	if (pushdir_open(&p, work, state, "p", &e) == -1 ||
	    pushdir_lock(&p, 0, &e) != 0)
		abort();
	ret = pushstage_read(&p, based ? &record : NULL, r, seal, &changes, &e);
	if (!based) {
		inv_release(&record);
		inv_init(&record);
	}
	if (ret == 0)
		ret = pushcommit_run(&p, &record, &changes, &e);
	else
		pushkept_adopt(&p);
	if (ret == -1 && e.msg[0] == '\0')
		abort();
	push_reader_free(r);
	seal_free(seal);
	inv_release(&changes);
	inv_release(&record);
	pushdir_close(&p);
}

static int
count(int at, const char *name, bool temps)
{
	DIR		*d = fdopendir(openat(at, name, O_RDONLY | O_DIRECTORY));
	struct dirent	*x;
	int		 n = 0;

	while ((x = readdir(d)) != NULL)
		n += temps ? tree_is_temp(x->d_name) : x->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
check(void)
{
	char		text[8];
	struct stat	st;
	int		fd = openat(work_fd, "secret", O_RDONLY);

	if (count(work_fd, ".", false) != 2 || count(base_fd, ".", false) != 2 ||
	    count(work_fd, "p", true) != 0)
		abort();
	if (fd == -1 || fstat(fd, &st) == -1 || (st.st_mode & 07777) != 0600 ||
	    st.st_nlink != 1 || read(fd, text, sizeof text) != 6 ||
	    memcmp(text, "secret", 6) != 0)
		abort();
	close(fd);
	if (fstatat(work_fd, "p/dir/guest", &st, AT_SYMLINK_NOFOLLOW) == -1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct source	s = { data + 1, len - 1 };

	if (len == 0)
		return 0;
	if (base_fd == -1)
		set_up();
	furnish();
	push(&s, data[0] & 1);
	check();
	close(work_fd);
	if (tree_remove(base_fd, ".", NULL) == -1)
		abort();
	return 0;
}
