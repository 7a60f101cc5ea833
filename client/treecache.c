/* treecache.c - a directory of inventories, the oldest of which go. */
#include "client/treecache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define ROOM	(16 * 1024 * 1024)	/* bytes: an inventory of a large tree */
#define PLACE		"gomote/trees"
#define TEMPORARY	"gomote-trees."
#define FILE_MAX	(1024UL * 1024 * 1024)
#define KEEP_MAX	32
#define KEEP_BYTES	(1024LL * 1024 * 1024)
#define KEEP_SECONDS	(30 * 24 * 60 * 60)
#define USED_SECONDS	(60 * 60)	/* one so young may be in use by another push */
#define KEY_LEN		16
#define NAME_LEN	(KEY_LEN + 1 + INV_ID_HEX - 1)
#define BASE		"base-"
#define BASE_LEN	(sizeof BASE + 16 + 16)
#define BASE_MIN	(8 * 1024)		/* bytes; smaller ones are written whole */
#define CHANGES_PART	8			/* so many times less than what they are of */
#define CHANGES_HEAD	64			/* bytes that tell which that is */

/* --- where --------------------------------------------------------------------------- */

static char *
home_dir(void)
{
	const char	*base = getenv("XDG_CACHE_HOME");

	if (base != NULL && *base == '/')
		return xasprintf("%s/" PLACE, base);
	base = getenv("HOME");
	return base != NULL && *base == '/' ?
	    xasprintf("%s/.cache/" PLACE, base) : NULL;
}

/* Not where a push would fail for want of a memory. */
static bool
has_room(const char *dir)
{
	struct statvfs	v;

	return statvfs(dir, &v) == -1 || v.f_blocks == 0 ||
	    (uint64_t)v.f_bavail * v.f_frsize >= ROOM;
}

char *
treecache_dir(struct err *e)
{
	char		*dir = home_dir();
	const char	*tmp = getenv("TMPDIR");

	if (dir != NULL && file_mkdirs(dir, 0700, NULL) == 0 &&
	    access(dir, W_OK) == 0 && has_room(dir))
		return dir;
	free(dir);
	dir = xasprintf("%s/" TEMPORARY "XXXXXX",
	    tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(dir) != NULL)
		return dir;
	err_errno(e, "make %s", dir);
	free(dir);
	return NULL;
}

bool
treecache_stays(const char *dir)
{
	const char	*base = strrchr(dir, '/');

	return base == NULL || !str_starts(base + 1, TEMPORARY);
}

void
treecache_leave(char *dir)
{
	int	fd;

	if (dir != NULL && !treecache_stays(dir)) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd != -1) {
			if (tree_remove(fd, ".", NULL) == -1) {
				/* A temporary directory stays behind. */
			}
			close(fd);
		}
		rmdir(dir);
	}
	free(dir);
}

/* What the inventory says of its tree tells two with the same key apart. */
static void
key_of(const char *source, char key[KEY_LEN + 1])
{
	uint64_t	h = 0xcbf29ce484222325ULL;

	for (; *source != '\0'; source++)
		h = (h ^ (unsigned char)*source) * 0x100000001b3ULL;
	snprintf(key, KEY_LEN + 1, "%016llx", (unsigned long long)h);
}

bool
treecache_id(const char *name, unsigned char id[INV_DIGEST])
{
	return strlen(name) == NAME_LEN && name[KEY_LEN] == '-' &&
	    str_unhex(name + KEY_LEN + 1, id, INV_DIGEST) == 0;
}

/* --- reading ---------------------------------------------------------------------------- */

static char *
read_whole(const char *dir, const char *name, size_t *len)
{
	char	*path = xasprintf("%s/%s", dir, name), *text = NULL;
	int	 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd != -1) {
		text = file_read_open(fd, FILE_MAX, len);
		close(fd);
	}
	free(path);
	return text;
}

static void
base_name(const struct inv_stamp *stamp, char name[BASE_LEN])
{
	snprintf(name, BASE_LEN, BASE "%016llx%016llx", (unsigned long long)stamp->sum,
	    (unsigned long long)stamp->len);
}

static bool
load(const char *dir, const char *name, const char *source,
    struct inventory *inv)
{
	struct inv_stamp	 stamp;
	char			 base[BASE_LEN], *text, *text2;
	size_t			 len, more;

	inv_init(inv);
	if ((text = read_whole(dir, name, &len)) == NULL)
		return false;
	if (!inv_is_changes(text, len, &stamp))
		return inv_read(inv, text, len, source, NULL) == 0;
	base_name(&stamp, base);
	treecache_touch(dir, base);
	text2 = read_whole(dir, base, &more);
	if (text2 == NULL || inv_read(inv, text2, more, source, NULL) == -1) {
		free(text);
		return false;
	}
	return inv_read_changes(inv, text, len, source, NULL) == 0;
}

bool
treecache_load(const char *dir, const char *name, struct inventory *inv)
{
	return load(dir, name, NULL, inv);
}

struct cached {
	char		*name;
	struct timespec	 used;
	int64_t		 size;
	bool		 needed;	/* a base, by one that stays */
};

struct list {
	struct cached	*v;
	size_t		 n, cap;
};

static int
newest_first(const void *a, const void *b)
{
	const struct cached	*x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? 1 : -1;
	return (x->used.tv_nsec < y->used.tv_nsec) -
	    (x->used.tv_nsec > y->used.tv_nsec);
}

static void
list_add(struct list *l, int dir, const char *name)
{
	struct stat	st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return;
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 32 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n].needed = false;
	l->v[l->n].name = xstrdup(name);
#ifdef __APPLE__
	l->v[l->n].used = st.st_mtimespec;
#else
	l->v[l->n].used = st.st_mtim;
#endif
	l->v[l->n++].size = st.st_size;
}

static struct list
list_read(const char *dir)
{
	struct list	 l = { .n = 0 };
	DIR		*d = opendir(dir);
	struct dirent	*x;

	while (d != NULL && (x = readdir(d)) != NULL)
		if (x->d_name[0] != '.')
			list_add(&l, dirfd(d), x->d_name);
	if (d != NULL)
		closedir(d);
	if (l.n > 1)
		qsort(l.v, l.n, sizeof *l.v, newest_first);
	return l;
}

static void
list_release(struct list *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

bool
treecache_newest(const char *dir, const char *source, struct inventory *inv,
    char **name)
{
	struct list	l = list_read(dir);
	unsigned char	id[INV_DIGEST];
	char		key[KEY_LEN + 1];
	size_t		i;

	*name = NULL;
	inv_init(inv);
	key_of(source, key);
	for (i = 0; i < l.n && *name == NULL; i++)
		if (str_starts(l.v[i].name, key) &&
		    treecache_id(l.v[i].name, id) &&
		    load(dir, l.v[i].name, source, inv))
			*name = xstrdup(l.v[i].name);
	list_release(&l);
	return *name != NULL;
}

char *
treecache_named(const char *dir, const unsigned char id[INV_DIGEST])
{
	struct list	l = list_read(dir);
	unsigned char	its[INV_DIGEST];
	char		*name = NULL;
	size_t		i;

	for (i = 0; i < l.n && name == NULL; i++)
		if (treecache_id(l.v[i].name, its) &&
		    memcmp(its, id, INV_DIGEST) == 0)
			name = xstrdup(l.v[i].name);
	list_release(&l);
	return name;
}

bool
treecache_find(const char *dir, const unsigned char id[INV_DIGEST],
    struct inventory *inv)
{
	char	*name = treecache_named(dir, id);
	bool	 found;

	inv_init(inv);
	found = name != NULL && treecache_load(dir, name, inv);
	if (found && memcmp(inv->id, id, INV_DIGEST) != 0) {
		inv_release(inv);
		found = false;
	}
	free(name);
	return found;
}

static bool
is_base(const struct cached *x)
{
	return str_starts(x->name, BASE);
}

static bool
has_file(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);
	bool	 has = access(path, F_OK) == 0;

	free(path);
	return has;
}

/* The base of an inventory in *base, NULL: it has none, or that came after the list was
 * made. False: it is not there. */
static bool
find_base(const char *dir, const struct list *l, const struct cached *x,
    struct cached **base)
{
	char			*path = xasprintf("%s/%s", dir, x->name);
	char			 head[CHANGES_HEAD], name[BASE_LEN];
	int			 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t			 n = fd != -1 ? file_read_full(fd, head, sizeof head) : -1;
	struct inv_stamp	 stamp;
	size_t			 i;

	if (fd != -1)
		close(fd);
	free(path);
	*base = NULL;
	if (n <= 0 || !inv_is_changes(head, (size_t)n, &stamp))
		return true;
	base_name(&stamp, name);
	for (i = 0; i < l->n && !str_eq(l->v[i].name, name); i++)
		;
	if (i == l->n)
		return has_file(dir, name);
	*base = &l->v[i];
	return true;
}

static int64_t
age_of(const struct cached *x)
{
	return time(NULL) - x->used.tv_sec;
}

/* May the n-th newest stay, if it needs that base? bytes: what those that stay take. */
static bool
may_stay(const struct cached *x, const struct cached *base, size_t n, int64_t *bytes)
{
	int64_t	age = age_of(x);

	*bytes += x->size + (base != NULL && !base->needed ? base->size : 0);
	return age <= KEEP_SECONDS && (age <= USED_SECONDS ||
	    (n < KEEP_MAX && *bytes <= KEEP_BYTES));
}

static void
drop_bases(const char *dir, const struct list *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++)
		if (is_base(&l->v[i]) && !l->v[i].needed && age_of(&l->v[i]) > USED_SECONDS)
			treecache_drop(dir, l->v[i].name);
}

void
treecache_ids(const char *dir, struct strs *ids, size_t max)
{
	struct list	 l = list_read(dir);
	struct cached	*x, *base;
	unsigned char	 id[INV_DIGEST];
	int64_t		 bytes = 0;
	size_t		 i, n = 0;

	for (i = 0; i < l.n; i++) {
		x = &l.v[i];
		if (is_base(x))
			continue;
		if (!find_base(dir, &l, x, &base) || !may_stay(x, base, n++, &bytes)) {
			treecache_drop(dir, x->name);
			continue;
		}
		if (base != NULL)
			base->needed = true;
		if (ids->n < max && treecache_id(x->name, id) &&
		    !strs_has(ids, x->name + KEY_LEN + 1))
			strs_add(ids, x->name + KEY_LEN + 1);
	}
	drop_bases(dir, &l);
	list_release(&l);
}

/* --- writing ---------------------------------------------------------------------------- */

static int
write_whole(const char *path, const struct str *bytes, struct err *e)
{
	int	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int	ret = -1;

	if (fd != -1 && file_write_all(fd, bytes->s, bytes->len) == 0)
		ret = 0;
	else
		err_errno(e, "write %s", path);
	if (fd != -1)
		close(fd);
	if (ret == -1)
		unlink(path);
	return ret;
}

/* By a rename; random: of this call's own. */
static int
put_file(const char *dir, const char *random, const char *name, const struct str *bytes,
    struct err *e)
{
	char	*from = xasprintf("%s/new-%s", dir, random);
	char	*to = xasprintf("%s/%s", dir, name);
	int	 ret = write_whole(from, bytes, e);

	if (ret == 0 && (ret = rename(from, to)) == -1) {
		err_errno(e, "write %s", to);
		unlink(from);
	}
	free(from);
	free(to);
	return ret;
}

/* The changes of a base that is there, if they are few. */
static bool
as_changes(const char *dir, const char *source, const struct inventory *inv,
    struct str *bytes)
{
	char	base[BASE_LEN];

	if (!inv->based || inv->base.len < BASE_MIN)
		return false;
	base_name(&inv->base, base);
	if (!has_file(dir, base))
		return false;
	inv_write_changes(inv, source, bytes);
	if (bytes->len <= inv->base.len / CHANGES_PART)
		return true;
	str_clear(bytes);
	return false;
}

/* The whole of it becomes a base, and bytes what refers to that: no changes. */
static int
split(const char *dir, const char *random, const char *source,
    const struct inventory *inv, struct str *bytes, struct err *e)
{
	struct inventory	same;
	char			base[BASE_LEN];
	int			ret;

	inv_init(&same);
	inv_take_head(&same, inv);
	same.base = inv_stamp_of(bytes->s, bytes->len);
	base_name(&same.base, base);
	if ((ret = put_file(dir, random, base, bytes, e)) == 0) {
		str_clear(bytes);
		inv_write_changes(&same, source, bytes);
	}
	return ret;
}

char *
treecache_save(const char *dir, const char *source, const struct inventory *inv,
    struct err *e)
{
	struct str	 bytes = STR_INIT;
	char		 key[KEY_LEN + 1], id[INV_ID_HEX], temp[TREE_TEMP_MAX];
	char		*name;
	const char	*random = temp + strlen(TREE_TEMP_PREFIX);
	int		 ret = 0;

	key_of(source, key);
	tree_temp_name(temp);
	str_hex(inv->id, INV_DIGEST, id);
	name = xasprintf("%s-%s", key, inv->identified ? id : random);
	if (!as_changes(dir, source, inv, &bytes)) {
		inv_write(inv, source, &bytes);
		if (inv->identified && bytes.len >= BASE_MIN)
			ret = split(dir, random, source, inv, &bytes, e);
	}
	if (ret == 0)
		ret = put_file(dir, random, name, &bytes, e);
	str_release(&bytes);
	if (ret == 0)
		return name;
	free(name);
	return NULL;
}

void
treecache_drop(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);

	unlink(path);
	free(path);
}

void
treecache_touch(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);

	utimensat(AT_FDCWD, path, NULL, 0);
	free(path);
}
