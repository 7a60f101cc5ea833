/*
 * tarin.c - fuzzes tarin_extract: detection of the format, gzip and zstd, the
 * tar reader, names, links and kinds. After each input
 *   - nothing beside the directory may have come, gone or changed;
 *   - an error must have a text, and nothing temporary may be left;
 *   - tree_remove must be able to empty the directory.
 * The first byte of an input is not part of the archive: if it is 'S', the
 * check sums of tar headers are put right first, so that changed ones count.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "data/tarin.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char	base[64];
static int	base_fd = -1, in_fd = -1;

static void
clean_up(void)
{
	if (tree_remove(base_fd, ".", NULL) == -1 || rmdir(base) == -1)
		perror(base);
}

static void
set_up(void)
{
	int	fd;

	snprintf(base, sizeof base, "%s/fuzz-tarin-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(base) == NULL)
		abort();
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(base_fd, "in", 0755) == -1)
		abort();
	in_fd = openat(base_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(base_fd, "secret", O_WRONLY | O_CREAT, 0600);
	if (file_write_all(fd, "secret", 6) == -1)
		abort();
	close(fd);
	atexit(clean_up);
}

/* What an input may meet. */
static void
furnish(void)
{
	if (symlinkat("../secret", in_fd, "link") == -1 ||
	    symlinkat("..", in_fd, "up") == -1 ||
	    mkdirat(in_fd, "dir", 0755) == -1 ||
	    symlinkat("dir", in_fd, "inside") == -1)
		abort();
	close(openat(in_fd, "file", O_WRONLY | O_CREAT, 0644));
}

static void
check_outside(void)
{
	char		 text[8];
	struct stat	 st;
	struct dirent	*ent;
	DIR		*d = fdopendir(openat(base_fd, ".", O_RDONLY | O_DIRECTORY));
	int		 fd = openat(base_fd, "secret", O_RDONLY), n = 0;

	while ((ent = readdir(d)) != NULL)
		n++;
	closedir(d);
	if (n != 4)		/* ".", "..", "in", "secret" */
		abort();
	if (fd == -1 || fstat(fd, &st) == -1 || (st.st_mode & 07777) != 0600 ||
	    st.st_nlink != 1 || st.st_size != 6)
		abort();
	if (read(fd, text, sizeof text) != 6 || memcmp(text, "secret", 6) != 0)
		abort();
	close(fd);
}

static void
check_inside(void)
{
	struct dirent	*ent;
	DIR		*d = fdopendir(openat(in_fd, ".", O_RDONLY | O_DIRECTORY));

	while ((ent = readdir(d)) != NULL)
		if (tree_is_temp(ent->d_name))
			abort();
	closedir(d);
}

static void
repair_sums(uint8_t *p, size_t size)
{
	unsigned	sum;
	size_t		at, i;

	for (at = 0; at + 512 <= size; at += 512) {
		if (memcmp(p + at + 257, "ustar", 5) != 0)
			continue;
		memset(p + at + 148, ' ', 8);
		for (sum = 0, i = 0; i < 512; i++)
			sum += p[at + i];
		snprintf((char *)p + at + 148, 8, "%06o", sum & 0777777);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err	 e = ERR_INIT;
	uint8_t		*copy;
	int		 fd;

	if (size == 0)
		return 0;
	if (base_fd == -1)
		set_up();
	furnish();
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	if (data[0] == 'S')
		repair_sums(copy, size - 1);
	fd = memfd_create("archive", MFD_CLOEXEC);
	if (file_write_all(fd, copy, size - 1) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		abort();
	free(copy);
	if (tarin_extract(fd, in_fd, NULL, &e) == -1 && (e.msg[0] == '\0' || e.code == 0))
		abort();
	close(fd);
	check_outside();
	check_inside();
	if (tree_remove(in_fd, ".", &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	return 0;
}
