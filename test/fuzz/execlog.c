/*
 * execlog.c - fuzzes the readers of an exec's log on disk.
 *
 * The input is a directory: where to begin, then segments, each with how far it
 * begins behind the one before, how much more output came before it, its
 * length and its bytes. Exercises logreader_new, logreader_read, logreader_file
 * and logreader_skip, which must end, stay within what was said to be the end, and
 * give a stream that record_reader_feed takes; and the places of execlog.h, which
 * must not lie beyond the end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/record.h"
#include "buildlet/execlog.h"
#include "buildlet/logdir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEGMENTS	6
#define READS		100000

static char	path[64];
static int	dir = -1;

static void
clear(void)
{
	int		 fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);
	DIR		*d = fdopendir(fd);
	struct dirent	*ent;

	while ((ent = readdir(d)) != NULL)
		if (ent->d_name[0] != '.')
			unlinkat(dir, ent->d_name, 0);
	closedir(d);
}

static void
leave(void)
{
	clear();
	close(dir);
	rmdir(path);
}

static void
make(void)
{
	const char	*tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

	snprintf(path, sizeof path, "%.40s/fuzz-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL || (dir = open(path, O_RDONLY | O_DIRECTORY)) == -1)
		abort();
	atexit(leave);
}

/* The sum of what lies there. */
static uint64_t
lay(const uint8_t *p, size_t len)
{
	struct logseg	s = { 0, 0 };
	char		name[LOGSEG_NAME_MAX];
	uint64_t	total = 0;
	size_t		n;
	int		fd, i;

	for (i = 0; i < SEGMENTS && len >= 4; i++) {
		s.begin += (uint64_t)p[0] * (p[0] > 200 ? 7919 : 1);
		s.output += p[1];
		n = (size_t)p[2] << 8 | p[3];
		p += 4, len -= 4;
		if (n > len)
			n = len;
		logseg_name(&s, name);
		fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
		if (fd == -1 || write(fd, p, n) != (ssize_t)n)
			abort();
		close(fd);
		total += n;
		s.begin += n;
		p += n, len -= n;
	}
	return total;
}

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	(void)r;
	(void)p;
	(void)e;
	*(uint64_t *)arg += len;
	return 0;
}

static ssize_t
read_some(struct logreader *rd, unsigned char *p, size_t max, uint64_t end, bool file,
    struct err *e)
{
	size_t	len = max;
	int64_t	at;
	int	fd;

	if (!file || !logreader_file(rd, end, &fd, &at, &len))
		return logreader_read(rd, p, max, end, e);
	if (len == 0 || len > max || pread(fd, p, len, at) != (ssize_t)len)
		abort();
	logreader_skip(rd, len);
	return (ssize_t)len;
}

static void
check_reader(uint64_t offset, uint64_t end, size_t max, uint64_t total, bool file)
{
	static unsigned char	 block[128 * 1024];
	struct err		 e = ERR_INIT;
	struct logreader	*rd = logreader_new(dir, offset, &e);
	struct record_reader	 parts;
	uint64_t		 seen = 0, bytes = 0;
	ssize_t			 n;
	int			 reads = 0;

	if (rd == NULL) {
		if (e.msg[0] == '\0')
			abort();
		return;
	}
	record_reader_init(&parts, logreader_offset(rd));
	while ((n = read_some(rd, block, max, end, file, &e)) > 0) {
		if (++reads > READS || (size_t)n > max || logreader_offset(rd) > end + total)
			abort();
		bytes += (uint64_t)n;
		if (record_reader_feed(&parts, block, (size_t)n, on_record, &seen, &e) == -1)
			abort();
	}
	if (n == -1 && e.msg[0] == '\0')
		abort();
	if (bytes > total + (SEGMENTS + 1) * (RECORD_HEAD + RECORD_GAP_LEN))
		abort();
	if (parts.left == 0 && parts.have == 0 && parts.offset != logreader_offset(rd))
		abort();
	logreader_free(rd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t	end, offset, total;

	if (size < 4)
		return 0;
	if (dir == -1)
		make();
	clear();
	offset = (uint64_t)data[0] << 8 | data[1];
	total = lay(data + 4, size - 4);
	end = execlog_end(dir);
	if (execlog_tail_lines(dir, end, data[2]) > end ||
	    execlog_tail_bytes(dir, end, data[2]) > end ||
	    execlog_since(dir, end, (int64_t)data[2] << 32) > end ||
	    execlog_disk(dir) > total)
		abort();
	check_reader(offset, end, LOGREADER_MIN + data[3], total, false);
	check_reader(0, end, 128 * 1024, total, true);
	check_reader(0, offset, 128 * 1024, total, true);
	check_reader(execlog_tail_lines(dir, end, data[2]), end, 4096, total, false);
	return 0;
}
