/* manifest.c - remembers what was pushed where. */
#include "client/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "http/url.h"

#define MANIFEST_MAX	(512 * 1024 * 1024)
/* Instances live for hours; who has not been pushed to for so long is gone. */
#define FORGET_SECONDS	(30 * 24 * 60 * 60)

struct manifest {
	char		*file;		/* NULL: no place to keep it */
	struct map	*paths;
	bool		 changed;
};

/* --- where ----------------------------------------------------------------- */

/* NULL where the user has no home. malloc'ed. */
static char *
cache_dir(void)
{
	const char	*base = getenv("XDG_CACHE_HOME");

	if (base != NULL && *base == '/')
		return xasprintf("%s/gomote/push", base);
	base = getenv("HOME");
	return base != NULL && *base == '/' ?
	    xasprintf("%s/.cache/gomote/push", base) : NULL;
}

/* As one element of a path: '/' is escaped, and a leading '.', too. */
static char *
element(const char *s)
{
	char	*escaped = url_escape(s, false), *e;

	if (*escaped != '.')
		return escaped;
	e = xasprintf("%%2E%s", escaped + 1);
	free(escaped);
	return e;
}

static char *
server_dir(const char *server)
{
	char	*cache = cache_dir(), *name, *dir;

	if (cache == NULL)
		return NULL;
	name = element(server != NULL ? server : "direct");
	dir = xasprintf("%s/%s", cache, name);
	free(name);
	free(cache);
	return dir;
}

static char *
manifest_file(const char *server, const char *instance, const char *dir)
{
	char	*top = server_dir(server), *i, *d, *file, *clean;

	if (top == NULL)
		return NULL;
	clean = path_clean(dir);
	i = element(instance);
	d = element(clean);
	file = xasprintf("%s/%s/%s", top, i, d);
	free(clean);
	free(i);
	free(d);
	free(top);
	return file;
}

/* --- reading and writing --------------------------------------------------- */

static int
manifest_read(struct manifest *m, struct err *e)
{
	char	*text, *p;
	size_t	 len;

	if (m->file == NULL || access(m->file, F_OK) == -1)
		return 0;
	if ((text = file_read(m->file, MANIFEST_MAX, &len, e)) == NULL)
		return -1;
	/* file_read ends the text with a NUL of its own. */
	for (p = text; p < text + len; p += strlen(p) + 1)
		if (*p != '\0')
			map_set(m->paths, p, m);
	free(text);
	return 0;
}

struct manifest *
manifest_open(const char *server, const char *instance, const char *dir,
    struct err *e)
{
	struct manifest	*m = xcalloc(1, sizeof *m);

	m->file = manifest_file(server, instance, dir);
	m->paths = map_new();
	if (manifest_read(m, e) == -1) {
		manifest_close(m);
		return NULL;
	}
	return m;
}

void
manifest_close(struct manifest *m)
{
	if (m == NULL)
		return;
	map_free(m->paths);
	free(m->file);
	free(m);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys are borrowed from the map. */
static const char **
manifest_sorted(const struct manifest *m)
{
	size_t		  it = 0, n = 0;
	const char	**v = xcalloc(map_len(m->paths) + 1, sizeof *v);

	while (map_next(m->paths, &it, &v[n], NULL))
		n++;
	qsort(v, n, sizeof *v, by_name);
	v[n] = NULL;
	return v;
}

/* Who is in use is young: the directory's time is that of the last push. */
static void
forget_old(const char *file)
{
	char		*dir = path_dir(file), *top = path_dir(dir);
	DIR		*d = opendir(top);
	struct dirent	*x;
	struct stat	 st;
	time_t		 now = time(NULL);

	utimensat(AT_FDCWD, dir, NULL, 0);
	while (d != NULL && (x = readdir(d)) != NULL)
		if (x->d_name[0] != '.' &&
		    fstatat(dirfd(d), x->d_name, &st, 0) == 0 &&
		    now - st.st_mtime > FORGET_SECONDS &&
		    tree_remove(dirfd(d), x->d_name, NULL) == -1)
			break;
	if (d != NULL)
		closedir(d);
	free(top);
	free(dir);
}

static int
manifest_write(const struct manifest *m, struct err *e)
{
	const char	**v = manifest_sorted(m);
	struct str	  s = STR_INIT;
	char		 *dir = path_dir(m->file);
	size_t		  i;
	int		  ret;

	for (i = 0; v[i] != NULL; i++)
		str_addn(&s, v[i], strlen(v[i]) + 1);
	free(v);
	ret = file_mkdirs(dir, 0700, e);
	if (ret == 0)
		ret = file_write(m->file, str_text(&s), s.len, 0600, e);
	free(dir);
	str_release(&s);
	return ret;
}

int
manifest_save(struct manifest *m, struct err *e)
{
	if (m->file == NULL)
		return 0;
	if (m->changed && manifest_write(m, e) == -1)
		return err_wrap(e, "remember what was pushed");
	m->changed = false;
	forget_old(m->file);
	return 0;
}

/* --- what is in it --------------------------------------------------------- */

bool
manifest_has(const struct manifest *m, const char *path)
{
	return map_find(m->paths, path) != NULL;
}

void
manifest_add(struct manifest *m, const char *path)
{
	if (map_find(m->paths, path) != NULL)
		return;
	map_set(m->paths, path, m);
	m->changed = true;
}

void
manifest_prune(struct manifest *m, bool (*keep)(const char *, void *), void *arg)
{
	const char	*path;
	size_t		 it = 0;
	char		*copy;

	while (map_next(m->paths, &it, &path, NULL)) {
		if (keep(path, arg))
			continue;
		copy = xstrdup(path);	/* the key dies with its entry */
		map_del(m->paths, copy);
		free(copy);
		m->changed = true;
	}
}

void
manifest_clear(struct manifest *m)
{
	if (map_len(m->paths) == 0)
		return;
	map_free(m->paths);
	m->paths = map_new();
	m->changed = true;
}

void
manifest_forget(const char *server, const char *instance)
{
	char	*top = server_dir(server), *name = element(instance);
	int	 fd = top != NULL ?
		    open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd != -1) {
		if (tree_remove(fd, name, NULL) == -1) {
			/* An old list does no harm: the name never comes again. */
		}
		close(fd);
	}
	free(name);
	free(top);
}
