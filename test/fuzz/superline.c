/*
 * superline.c - fuzzes both ends of the line to a supervisor.
 *
 * Exercises the buildlet's (superline.h) and the supervisor's (superwords.h)
 * with the same bytes, given in the pieces that the first byte chooses: both
 * give out the same words, whole, and stop where the bytes are none.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "buildlet/superline.h"
#include "buildlet/superwords.h"
#include "io/loop.h"
#include "io/pipes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t	sum;
	size_t		n;
	bool		broken;
};

static struct loop	*loop;

static void
count(struct seen *s, const struct superlink_word *w, const unsigned char *payload)
{
	size_t	i;

	s->n++;
	s->sum = s->sum * 31 + w->what + w->value;
	for (i = 0; i < w->len; i++)
		s->sum = s->sum * 31 + payload[i];
}

static void
on_word(const struct superlink_word *w, const void *payload, void *arg)
{
	if (w->len > SUPERLINE_IN_MAX)
		abort();
	count(arg, w, payload);
}

static void
on_broken(void *arg)
{
	((struct seen *)arg)->broken = true;
}

static void
pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == -1)
		abort();
}

static void
feed(int fd, const uint8_t *data, size_t len)
{
	if (write(fd, data, len) == -1 && errno != EPIPE)
		abort();
}

static void
by_line(const uint8_t *data, size_t size, size_t piece, struct seen *s)
{
	static const struct superline_cb	 cb = { on_word, on_broken };
	struct superline			*l;
	size_t					 n;
	int					 fd[2];

	pair(fd);
	l = superline_new(loop, fd[0], &cb, s);
	for (; size > 0 && !s->broken; data += n, size -= n) {
		n = size < piece ? size : piece;
		feed(fd[1], data, n);
		while (!s->broken && pipes_filled(fd[0]) > 0)
			loop_turn(loop, 0);
	}
	if (!s->broken)
		superline_free(l);
	close(fd[1]);
	loop_turn(loop, 0);
}

static void
by_words(const uint8_t *data, size_t size, size_t piece, struct seen *s)
{
	struct superwords	 words = SUPERWORDS_INIT;
	struct superlink_word	 w;
	const unsigned char	*payload;
	size_t			 n;
	int			 fd[2], got = 0;

	pair(fd);
	superwords_open(&words, fd[0]);
	for (; size > 0 && got != -1; data += n, size -= n) {
		n = size < piece ? size : piece;
		feed(fd[1], data, n);
		while (got != -1 && pipes_filled(fd[0]) > 0) {
			if (!superwords_read(&words))
				abort();	/* nobody closed it */
			while ((got = superwords_next(&words, &w, &payload)) == 1)
				count(s, &w, payload);
		}
	}
	s->broken = got == -1;
	superwords_close(&words);
	close(fd[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen	line = { 0 }, words = { 0 };
	size_t		piece;

	if (size == 0 || size > 60000)
		return 0;
	if (loop == NULL) {
		log_init("fuzz", LOG_ERROR);
		loop = loop_new(NULL);
	}
	piece = (size_t)data[0] * 16 + 1;
	by_line(data + 1, size - 1, piece, &line);
	by_words(data + 1, size - 1, piece, &words);
	/* The supervisor takes longer ones. */
	if (!line.broken && (words.broken || line.n != words.n || line.sum != words.sum))
		abort();
	return 0;
}
