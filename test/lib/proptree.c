/*
 * proptree.c - random trees for test/regress/push-property.sh.
 *
 *	proptree edit SEED N DIR	changes DIR in N ways, the same for a SEED
 *	proptree disturb SEED N DIR	as an instance would: only files that are there
 *	proptree list DIR		a line for each thing in it (but for those
 *					whose names begin with "guest"), sorted
 *	proptree expect OLD NEW		of two such lists: what push says that it does
 *
 * It stands on its own, not on lib/, so as not to share its mistakes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX	4096
#define LONG_NAME	255
#define LINE		20000

struct paths {
	char	*v[PATHS_MAX];
	size_t	 n;
};

static void
die(const char *what)
{
	fprintf(stderr, "proptree: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- chance ----------------------------------------------------------------------- */

static uint64_t
next(uint64_t *state)
{
	uint64_t	z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static size_t
below(uint64_t *state, size_t n)
{
	return n == 0 ? 0 : (size_t)(next(state) % n);
}

/* --- what is there -------------------------------------------------------------------- */

static void
collect(const char *dir, const char *rel, struct paths *p)
{
	char		 path[LINE];
	DIR		*d;
	struct dirent	*x;
	struct stat	 st;

	snprintf(path, sizeof path, "%s/%s", dir, rel);
	if ((d = opendir(path)) == NULL)
		return;
	while ((x = readdir(d)) != NULL && p->n < PATHS_MAX) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0 ||
		    strncmp(x->d_name, "guest", 5) == 0)
			continue;
		snprintf(path, sizeof path, "%s%s%s", rel, *rel != '\0' ? "/" : "",
		    x->d_name);
		p->v[p->n++] = strdup(path);
	}
	closedir(d);
	if (*rel != '\0' || p->n == 0)
		return;
	for (size_t i = 0; i < p->n; i++) {
		char	full[LINE];

		snprintf(full, sizeof full, "%s/%s", dir, p->v[i]);
		if (lstat(full, &st) == 0 && S_ISDIR(st.st_mode))
			collect(dir, p->v[i], p);
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of a directory is the disk's; chance must not depend on it. */
static struct paths *
all_paths(const char *dir)
{
	struct paths	*p = calloc(1, sizeof *p);

	collect(dir, "", p);
	qsort(p->v, p->n, sizeof *p->v, by_name);
	return p;
}

static void
free_paths(struct paths *p)
{
	while (p->n > 0)
		free(p->v[--p->n]);
	free(p);
}

/* --- making things ----------------------------------------------------------------------- */

static void
new_name(uint64_t *r, char *name)
{
	static const char *const	odd[] = { "-dash", "with blank", "new\nline",
		"b\303\244ume", "%41", "a.b.c", "*", "'quote'", "\\", "\001" };
	size_t				i;

	if (below(r, 8) == 0) {
		snprintf(name, LONG_NAME + 1, "%s%zu", odd[below(r, 10)], below(r, 3));
	} else if (below(r, 60) == 0) {
		for (i = 0; i < LONG_NAME; i++)
			name[i] = (char)('a' + below(r, 26));
		name[LONG_NAME] = '\0';
	} else
		snprintf(name, LONG_NAME + 1, "%c%zu", (char)('a' + below(r, 6)),
		    below(r, 4));
}

/* A path in some directory of the tree. */
static void
new_path(uint64_t *r, const char *dir, const struct paths *p, char *path)
{
	char		name[LONG_NAME + 1];
	struct stat	st;
	size_t		i, tries;

	new_name(r, name);
	for (tries = 0; tries < 4 && p->n > 0; tries++) {
		i = below(r, p->n + 3);
		if (i >= p->n)
			break;
		snprintf(path, LINE, "%s/%s", dir, p->v[i]);
		if (strlen(p->v[i]) < 600 && lstat(path, &st) == 0 &&
		    S_ISDIR(st.st_mode)) {
			chmod(path, 0755);
			snprintf(path, LINE, "%s/%s/%s", dir, p->v[i], name);
			return;
		}
	}
	snprintf(path, LINE, "%s/%s", dir, name);
}

static void
write_random(uint64_t *r, const char *path, size_t len, off_t at, int flags)
{
	int	 fd;
	char	*buf = malloc(len + 8);
	size_t	 i;
	uint64_t x;

	chmod(path, 0644);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0644)) == -1) {
		free(buf);
		return;
	}
	for (i = 0; i < len; i += 8) {
		x = next(r);
		memcpy(buf + i, &x, 8);
	}
	if (pwrite(fd, buf, len, at) != (ssize_t)len)
		die(path);
	close(fd);
	free(buf);
}

static size_t
new_size(uint64_t *r)
{
	switch (below(r, 12)) {
	case 0:
		return 0;
	case 1:
		return 1100000 + below(r, 900000);
	case 2:
		return 4096;
	default:
		return below(r, 3000);
	}
}

static void
remove_tree(const char *path)
{
	struct stat	 st;
	DIR		*d;
	struct dirent	*x;
	char		 sub[LINE];

	if (lstat(path, &st) == -1)
		return;
	if (!S_ISDIR(st.st_mode)) {
		unlink(path);
		return;
	}
	chmod(path, 0755);
	if ((d = opendir(path)) != NULL) {
		while ((x = readdir(d)) != NULL) {
			if (strcmp(x->d_name, ".") == 0 ||
			    strcmp(x->d_name, "..") == 0)
				continue;
			snprintf(sub, sizeof sub, "%s/%s", path, x->d_name);
			remove_tree(sub);
		}
		closedir(d);
	}
	rmdir(path);
}

/* The directory that it is in may be read-only. */
static void
make_writable(const char *path)
{
	char	up[LINE], *slash;

	snprintf(up, sizeof up, "%s", path);
	if ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		chmod(up, 0755);
	}
}

/* --- changes ------------------------------------------------------------------------------ */

/* The same size, and the same time of change as before, as far as one can say. */
static void
change_secretly(uint64_t *r, const char *path, const struct stat *st)
{
	const struct timespec	times[2] = { st->st_atim, st->st_mtim };

	if (st->st_size == 0)
		return;
	write_random(r, path, st->st_size < 16 ? (size_t)st->st_size : 16,
	    (off_t)below(r, st->st_size < 16 ? 1 : (size_t)st->st_size - 16), 0);
	chmod(path, st->st_mode & 0777);
	utimensat(AT_FDCWD, path, times, 0);
}

static void
change_file(uint64_t *r, const char *path, const struct stat *st)
{
	static const mode_t	modes[] = { 0644, 0600, 0755, 0444, 0400, 0700, 0666 };
	struct timespec		times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };

	switch (below(r, 7)) {
	case 0:
		chmod(path, modes[below(r, 7)]);
		break;
	case 1:				/* at the end */
		write_random(r, path, 1 + below(r, 500), st->st_size, 0);
		break;
	case 2:				/* shorter */
		chmod(path, 0644);
		if (truncate(path, (off_t)below(r, (size_t)st->st_size + 1)) == -1)
			die(path);
		break;
	case 3:				/* anew */
		write_random(r, path, new_size(r), 0, O_TRUNC);
		break;
	case 4:				/* only its time */
		times[1].tv_sec = (time_t)(1000000000 + below(r, 1500000000));
		utimensat(AT_FDCWD, path, times, 0);
		break;
	default:
		change_secretly(r, path, st);
	}
}

static void
change_one(uint64_t *r, const char *path)
{
	static const mode_t	modes[] = { 0755, 0700, 0555, 0500, 0775 };
	struct stat		st;
	char			target[64];

	if (lstat(path, &st) == -1)
		return;
	if (S_ISREG(st.st_mode)) {
		change_file(r, path, &st);
	} else if (S_ISDIR(st.st_mode)) {
		chmod(path, modes[below(r, 5)]);
	} else {
		make_writable(path);
		unlink(path);
		snprintf(target, sizeof target, "to %zu", below(r, 1000));
		if (symlink(target, path) == -1)
			die(path);
	}
}

/* Whatever is at path becomes something new. */
static void
make_one(uint64_t *r, const char *path)
{
	char	target[64];

	make_writable(path);
	remove_tree(path);
	switch (below(r, 5)) {
	case 0:
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			die(path);
		break;
	case 1:
		snprintf(target, sizeof target, "../x%zu", below(r, 1000));
		if (symlink(target, path) == -1 && errno != EEXIST)
			die(path);
		break;
	default:
		write_random(r, path, new_size(r), 0, O_TRUNC);
	}
}

static void
edit_one(uint64_t *r, const char *dir)
{
	struct paths	*p = all_paths(dir);
	char		 path[LINE], to[LINE];

	if (p->n > 0)
		snprintf(path, sizeof path, "%s/%s", dir, p->v[below(r, p->n)]);
	switch (p->n < 3 ? 0 : p->n > 60 ? 8 : below(r, 11)) {
	case 0:
	case 1:
	case 2:
		new_path(r, dir, p, path);
		make_one(r, path);
		break;
	case 3:				/* a kind becomes another */
		make_one(r, path);
		break;
	case 4:				/* it moves */
		new_path(r, dir, p, to);
		make_writable(path);
		make_writable(to);
		if (rename(path, to) == -1 && errno != EINVAL && errno != EEXIST &&
		    errno != ENOTEMPTY && errno != EISDIR && errno != ENOTDIR &&
		    errno != EACCES)
			die(path);
		break;
	case 8:
		make_writable(path);
		remove_tree(path);
		break;
	default:
		change_one(r, path);
	}
	free_paths(p);
}

/* Files change, go, or get another mode; nothing comes. */
static void
disturb_one(uint64_t *r, const char *dir)
{
	struct paths	*p = all_paths(dir);
	char		 path[LINE];
	struct stat	 st;

	if (p->n > 0) {
		snprintf(path, sizeof path, "%s/%s", dir, p->v[below(r, p->n)]);
		if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
			if (below(r, 3) == 0) {
				make_writable(path);
				unlink(path);
			} else
				change_one(r, path);
		} else if (below(r, 3) == 0) {
			make_writable(path);
			remove_tree(path);
		}
	}
	free_paths(p);
}

/* --- lists ---------------------------------------------------------------------------------- */

static uint64_t
digest_of(const char *path)
{
	uint64_t	h = 0xcbf29ce484222325ULL;
	char		buf[65536];
	ssize_t		n, i;
	int		fd = open(path, O_RDONLY | O_NOFOLLOW);

	if (fd == -1) {		/* a mode without reading; we own it */
		struct stat	st;

		if (stat(path, &st) == 0 && chmod(path, 0600) == 0) {
			fd = open(path, O_RDONLY);
			chmod(path, st.st_mode & 0777);
		}
	}
	while (fd != -1 && (n = read(fd, buf, sizeof buf)) > 0)
		for (i = 0; i < n; i++)
			h = (h ^ (unsigned char)buf[i]) * 0x100000001b3ULL;
	if (fd != -1)
		close(fd);
	return h;
}

/* As `gomote push -v` shows it. */
static void
print_path(const char *path)
{
	for (; *path != '\0'; path++)
		putchar((unsigned char)*path < ' ' || *path == 127 ? '?' : *path);
}

static void
list(const char *dir)
{
	struct paths	*p = all_paths(dir);
	char		 path[LINE], target[LINE];
	struct stat	 st;
	ssize_t		 n;
	size_t		 i;

	for (i = 0; i < p->n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, p->v[i]);
		if (lstat(path, &st) == -1)
			continue;
		print_path(p->v[i]);
		if (S_ISDIR(st.st_mode)) {
			printf("\td %o\n", (unsigned)st.st_mode & 0777);
		} else if (S_ISLNK(st.st_mode)) {
			n = readlink(path, target, sizeof target - 1);
			target[n > 0 ? n : 0] = '\0';
			printf("\tl %s\n", target);
		} else
			printf("\tf %o %lld %016llx\n", (unsigned)st.st_mode & 0777,
			    (long long)st.st_size,
			    (unsigned long long)digest_of(path));
	}
	free_paths(p);
}

/* --- what is to be expected ------------------------------------------------------------------ */

struct lines {
	char	*path[PATHS_MAX];
	char	*what[PATHS_MAX];
	size_t	 n;
};

static struct lines *
read_list(const char *file)
{
	struct lines	*l = calloc(1, sizeof *l);
	char		 line[LINE], *tab;
	FILE		*f = fopen(file, "r");

	if (f == NULL)
		die(file);
	while (l->n < PATHS_MAX && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((tab = strchr(line, '\t')) == NULL)
			continue;
		*tab = '\0';
		l->path[l->n] = strdup(line);
		l->what[l->n++] = strdup(tab + 1);
	}
	fclose(f);
	return l;
}

static void
free_lines(struct lines *l)
{
	while (l->n > 0) {
		free(l->path[--l->n]);
		free(l->what[l->n]);
	}
	free(l);
}

static const char *
what_of(const struct lines *l, const char *path)
{
	size_t	i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->path[i], path) == 0)
			return l->what[i];
	return NULL;
}

/* Does a directory above path go, or become something else? */
static bool
is_implied(const struct lines *old, const struct lines *new, const char *path)
{
	char		 up[LINE], *slash;
	const char	*was, *is;

	snprintf(up, sizeof up, "%s", path);
	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		was = what_of(old, up);
		is = what_of(new, up);
		if (was != NULL && was[0] == 'd' && (is == NULL || is[0] != 'd'))
			return true;
	}
	return false;
}

static void
expect(struct lines *old, struct lines *new)
{
	const char	*was, *is;
	size_t		 i;

	for (i = 0; i < new->n; i++) {
		was = what_of(old, new->path[i]);
		is = new->what[i];
		if (was != NULL && strcmp(was, is) == 0)
			continue;
		printf("send %s\n", new->path[i]);
		if (was != NULL && was[0] != is[0] && (was[0] == 'd' || is[0] == 'd'))
			printf("remove %s\n", new->path[i]);
	}
	for (i = 0; i < old->n; i++)
		if (what_of(new, old->path[i]) == NULL &&
		    !is_implied(old, new, old->path[i]))
			printf("remove %s\n", old->path[i]);
	free_lines(old);
	free_lines(new);
}

int
main(int argc, char **argv)
{
	uint64_t	r;
	unsigned long	n;

	if (argc == 3 && strcmp(argv[1], "list") == 0) {
		list(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "expect") == 0) {
		expect(read_list(argv[2]), read_list(argv[3]));
	} else if (argc == 5) {
		r = strtoull(argv[2], NULL, 10) * 2654435761u;
		for (n = strtoul(argv[3], NULL, 10); n > 0; n--)
			if (strcmp(argv[1], "edit") == 0)
				edit_one(&r, argv[4]);
			else
				disturb_one(&r, argv[4]);
	} else {
		fprintf(stderr, "usage: see the source\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 2;
}
