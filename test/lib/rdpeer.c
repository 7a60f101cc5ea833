/*
 * rdpeer.c - one end of a yamux session over TCP or TLS, to be held against
 * another implementation (test/lib/yamuxpeer) or against itself.
 *
 *	rdpeer -listen ADDR [-port FILE] [-cert F -key F] | -connect ADDR [-tls]
 *	    [-open [-n STREAMS] [-p PARALLEL] [-max BYTES | -edges] [-seed N]]
 *	    [-leave N]
 *
 * The side with -open opens streams, and says on each in a line what it wants,
 * "MODE BYTES X"; bytes follow from X by a rule that both sides know. After them
 * their sender says the SHA-256 of what it sent, in hex, and the receiver compares
 * that with what it got:
 *	echo	we send BYTES and FIN, it sends the same back, the SHA-256, and FIN
 *	get	it sends BYTES, the SHA-256 and FIN
 *	put	we send BYTES, the SHA-256 and FIN, it answers "done" and FIN
 *	cut	it answers "go", we send BYTES and reset the stream
 *	kill	we send BYTES or more, it resets the stream after BYTES
 * With -leave the side that serves goes away after so many, and what it did not
 * take is no fault. Exits 0 if all went right to the last byte. "equal N" says of
 * how many streams the digests were compared here, and were equal; "reset N", how
 * many that we opened were to be reset, and so could not be.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/opt.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/digest.h"
#include "revdial/carriers.h"
#include "test/lib/lib_link.h"

#define HEX	64		/* digits of a SHA-256 */
#define WINDOW	(256 * 1024)	/* the first of every yamux stream */

enum mode { ECHO, GET, PUT, CUT, KILL, MODES };
static const char *const mode_names[] = { "echo", "get", "put", "cut", "kill" };

struct job {
	struct stream	*s;
	bool		 opener;
	enum mode	 mode;
	int64_t		 n;
	uint64_t	 x;
	bool		 begun;		/* the first line was read, or the "go" */
	int64_t		 to_send, to_get;
	uint64_t	 send_x, get_x;
	struct digest	*sent, *got;
	bool		 told;		/* the peer knows that of sent */
	char		 theirs[HEX + 1];	/* what it said of its own */
	size_t		 theirs_n;
	int64_t		 number;
};

static struct link way;
static struct revdial *session;
static struct {
	char *seed;
	bool open, edges;
	int64_t n, parallel, max, leave;
} want = { .n = 100, .parallel = 50, .max = 300000 };
static int64_t started, running, finished, refused, bad, equal, resets;
static uint64_t seed = 1;

static uint64_t
next(uint64_t *x)
{
	return *x = *x * 6364136223846793005U + 1442695040888963407U;
}

/* --- one stream ----------------------------------------------------------------- */

static void start_more(void);

static struct job *
job_new(void)
{
	struct job *j = xcalloc(1, sizeof *j);

	running++;
	j->number = started++;
	j->sent = digest_new(DIGEST_SHA256);
	j->got = digest_new(DIGEST_SHA256);
	return j;
}

static void
job_end(struct job *j, const char *wrong)
{
	if (wrong != NULL && want.leave > 0 && j->opener && !j->begun && j->to_get == j->n)
		refused++;
	else if (wrong != NULL) {
		bad++;
		log_error("stream %" PRId64 ", %s %" PRId64 ": %s", j->number,
		    mode_names[j->mode], j->n, wrong);
	}
	resets += wrong == NULL && j->opener && (j->mode == CUT || j->mode == KILL);
	finished++;
	running--;
	digest_free(j->sent);
	digest_free(j->got);
	free(j);
	if (want.open)
		start_more();
}

static void
job_close(struct job *j, const char *wrong)
{
	struct stream *s = j->s;

	if (wrong == NULL && j->mode != CUT && j->mode != KILL)
		stream_close_soft(s, 30000);
	else
		stream_close(s);
	job_end(j, wrong);
}

/* All is sent: what that was. */
static void
job_tell(struct job *j)
{
	char hex[DIGEST_HEX_MAX];

	if (j->told)
		return;
	j->told = true;
	digest_hex(j->sent, hex);
	stream_write(j->s, hex, HEX);
}

/* Of what came after the bytes; false: more than a digest. */
static bool
job_listen(struct job *j)
{
	j->theirs_n += buf_take(stream_in(j->s), j->theirs + j->theirs_n, HEX - j->theirs_n);
	return buf_len(stream_in(j->s)) == 0;
}

/* All came, and it is what was sent; NULL, or what is wrong. */
static const char *
job_compare(struct job *j)
{
	char hex[DIGEST_HEX_MAX];

	if (j->to_get > 0 || j->theirs_n < HEX)
		return "EOF too early";
	digest_hex(j->got, hex);
	if (memcmp(j->theirs, hex, HEX) != 0)
		return "the SHA-256 of what came is not that of what was sent";
	if (j->mode == ECHO) {
		digest_hex(j->sent, hex);
		if (memcmp(j->theirs, hex, HEX) != 0)
			return "the SHA-256 of what came back is not that of what we sent";
	}
	equal++;
	return NULL;
}

/* Sends while there is room. */
static void
job_send(struct job *j)
{
	static unsigned char	buf[65536];
	size_t			i, len;

	while (j->to_send > 0 && !stream_full(j->s)) {
		len = 1 + j->send_x % sizeof buf;
		if ((int64_t)len > j->to_send)
			len = (size_t)j->to_send;
		for (i = 0; i < len; i++)
			buf[i] = (unsigned char)(next(&j->send_x) >> 56);
		digest_add(j->sent, buf, len);
		stream_write(j->s, buf, len);
		j->to_send -= (int64_t)len;
	}
	if (j->to_send > 0)
		return;
	if (j->opener && j->mode == CUT) {
		if (j->begun && stream_unsent(j->s) == 0)
			job_close(j, NULL);
		return;
	}
	if ((j->opener && j->mode == PUT) || (!j->opener && j->mode == GET))
		job_tell(j);
	if (j->mode == ECHO || j->told)
		stream_shut(j->s);
}

static bool
take_text(struct job *j, const char *text)
{
	size_t		 len = strlen(text);
	const void	*p = buf_pullup(stream_in(j->s), len);

	if (p == NULL || memcmp(p, text, len) != 0)
		return false;
	buf_drain(stream_in(j->s), len);
	return true;
}

/* Checks what came against the rule, at most max bytes, and takes what follows;
 * false: wrong. */
static bool
job_check(struct job *j, size_t max)
{
	const unsigned char	*p;
	size_t			 len, i;

	while (max > 0 && j->to_get > 0 && (p = buf_peek(stream_in(j->s), &len)) != NULL) {
		if (len > max)
			len = max;
		if ((int64_t)len > j->to_get)
			len = (size_t)j->to_get;
		for (i = 0; i < len; i++)
			if (p[i] != (unsigned char)(next(&j->get_x) >> 56))
				return false;
		digest_add(j->got, p, len);
		j->to_get -= (int64_t)len;
		max -= len;
		buf_drain(stream_in(j->s), len);
	}
	return j->to_get > 0 || job_listen(j);
}

/* Back with what came, and then its digest; false: more came than was said. */
static bool
job_echo(struct job *j)
{
	const unsigned char	*p;
	size_t			 len;

	while ((p = buf_peek(stream_in(j->s), &len)) != NULL) {
		if ((int64_t)len > j->to_get)
			return false;
		digest_add(j->sent, p, len);
		j->to_get -= (int64_t)len;
		buf_move(stream_out(j->s), stream_in(j->s), len);
	}
	stream_wrote(j->s);
	if (j->to_get == 0)
		job_tell(j);
	return true;
}

static void
opener_read(struct job *j)
{
	switch (j->mode) {
	case ECHO:
	case GET:
		/* Some readers are slow. */
		if (!job_check(j, j->x % 5 == 0 ? 1 + j->x % 50000 : SIZE_MAX)) {
			job_close(j, "wrong bytes");
			return;
		}
		stream_read_again(j->s);
		break;
	case PUT:
		j->begun = j->begun || take_text(j, "done\n");
		break;
	case CUT:
		if (!j->begun && take_text(j, "go\n")) {
			j->begun = true;
			j->to_send = j->n;
			job_send(j);
		}
		return;
	default:
		break;
	}
}

static void
server_begin(struct job *j, const char *line)
{
	char	 name[16];
	int	 i;

	if (sscanf(line, "%15s %" SCNd64 " %" SCNu64, name, &j->n, &j->x) != 3)
		fatalx("first line: %s", line);
	for (i = 0; i < MODES && strcmp(name, mode_names[i]) != 0; i++)
		;
	if (i == MODES)
		fatalx("first line: %s", line);
	j->mode = (enum mode)i;
	j->begun = true;
	j->get_x = j->send_x = j->x;
	j->to_get = j->n;
	if (j->mode == GET)
		j->to_send = j->n;
	if (j->mode == GET)
		job_send(j);
	if (j->mode == CUT)
		stream_write(j->s, "go\n", 3);
}

static void
server_read(struct job *j)
{
	size_t	 len;
	char	*line;
	int	 too_long = 0;

	if (!j->begun) {
		if ((line = buf_line(stream_in(j->s), 100, &too_long)) == NULL)
			return;
		server_begin(j, line);
		free(line);
	}
	len = buf_len(stream_in(j->s));
	switch (j->mode) {
	case ECHO:
		if (stream_full(j->s))
			return;		/* again when drained */
		if (!job_echo(j))
			job_close(j, "more came than was said");
		break;
	case PUT:
		if (!job_check(j, SIZE_MAX))
			job_close(j, "wrong bytes");
		break;
	case CUT:
		buf_drain(stream_in(j->s), len);
		break;
	case KILL:
		buf_drain(stream_in(j->s), len);
		if ((j->to_get -= (int64_t)len) <= 0)
			job_close(j, NULL);
		break;
	default:
		buf_drain(stream_in(j->s), len);
		break;
	}
}

static void
on_read(struct stream *s, void *arg)
{
	struct job *j = arg;

	if (j->opener)
		opener_read(j);
	else
		server_read(j);
	stream_consumed(s);
}

static void
on_drained(struct stream *s, void *arg)
{
	struct job *j = arg;

	if (!j->opener && j->begun && j->mode == ECHO && buf_len(stream_in(s)) > 0)
		on_read(s, j);
	if (j->opener || j->mode == GET)
		job_send(j);
}

static void
on_eof(struct stream *s, void *arg)
{
	struct job	*j = arg;
	const char	*wrong;

	if (!j->opener && j->mode == ECHO && j->begun) {
		job_close(j, job_echo(j) && j->told ? NULL : "not as much came as was said");
	} else if (!j->opener && j->mode == PUT && j->begun) {
		if ((wrong = job_compare(j)) == NULL)
			stream_write(s, "done\n", 5);
		job_close(j, wrong);
	} else if (!j->opener && j->mode == GET && j->begun) {
		/* A stock opener that has all it wants just closes. */
		job_close(j, NULL);
	} else if (j->opener && j->mode == PUT)
		job_close(j, j->begun ? NULL : "EOF without \"done\"");
	else if (j->opener && j->mode <= GET) {
		if (buf_len(stream_in(s)) > 0 && !job_check(j, SIZE_MAX))
			job_close(j, "wrong bytes");
		else
			job_close(j, job_compare(j));
	} else
		job_close(j, "unexpected EOF");
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct job *j = arg;

	stream_close(s);
	job_end(j, !j->opener && j->mode == CUT && j->begun &&
	    e->code == STREAM_RESET ? NULL : e->msg);
}

static const struct stream_cb job_cb = {
	.read = on_read, .drained = on_drained, .eof = on_eof, .error = on_error,
};

/* --- opening ----------------------------------------------------------------------- */

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	struct job	*j = arg;
	char		 line[100];
	int		 len;

	if (s == NULL) {
		job_end(j, why->msg);
		return;
	}
	j->s = s;
	stream_set_cb(s, &job_cb, j);
	len = snprintf(line, sizeof line, "%s %" PRId64 " %" PRIu64 "\n",
	    mode_names[j->mode], j->n, j->x);
	stream_write(s, line, (size_t)len);
	if (j->mode != GET && j->mode != CUT)
		j->to_send = j->n;
	if (j->mode != CUT)
		job_send(j);
}

static void
start_one(void)
{
	struct job *j = job_new();

	j->opener = true;
	j->mode = (enum mode)(next(&seed) >> 40) % 4;
	j->n = (int64_t)((next(&seed) >> 33) % (uint64_t)want.max);
	if (j->number % 7 == 0)
		j->n = j->number % 3;
	if (want.edges)
		j->n = (1 + j->number / 5 % 5) * WINDOW + j->number % 5 - 2;
	j->x = next(&seed);
	j->send_x = j->get_x = j->x;
	j->to_get = j->n;
	revdial_open(session, on_opened, j);
}

static void
start_more(void)
{
	while (session != NULL && running < want.parallel && started < want.n)
		start_one();
	if (finished == want.n)
		revdial_drain(session);
}

static void
on_accept(struct revdial *r, struct stream *s, void *arg)
{
	struct job *j = job_new();

	(void)arg;
	j->s = s;
	stream_set_cb(s, &job_cb, j);
	if (started == want.leave)
		revdial_drain(r);
}

static void
on_down(struct revdial *r, const struct err *why, void *arg)
{
	(void)arg;
	log_info("%s", why->msg);
	if (want.open && finished != want.n)
		bad++;
	revdial_free(r);
	session = NULL;
	link_no_more(&way);	/* the loop ends when nothing is left */
}

static const struct revdial_cb revdial_cb = { .accept = on_accept, .down = on_down };

/* --- the link ----------------------------------------------------------------------- */

static void
on_link(struct stream *s)
{
	session = revdial_yamux(way.loop, s, want.open, NULL, &revdial_cb, NULL);
	if (want.open)
		start_more();
}

int
main(int argc, char **argv)
{
	struct opt options[] = {
		LINK_OPTIONS(&way),
		{ "open", OPT_BOOL, &want.open, NULL, "open the streams" },
		{ "n", OPT_INT, &want.n, "N", "streams" },
		{ "p", OPT_INT, &want.parallel, "N", "at once" },
		{ "max", OPT_INT, &want.max, "BYTES", "of a stream" },
		{ "edges", OPT_BOOL, &want.edges, NULL, "sizes around multiples of the first window" },
		{ "leave", OPT_INT, &want.leave, "N", "the serving side goes away after so many" },
		{ "seed", OPT_STRING, &want.seed, "N", "of sizes and bytes" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err	 e = ERR_INIT;

	log_init("rdpeer", LOG_WARN);
	if (opt_parse(options, argc, argv, &e) < 0)
		fatalx("%s", e.msg);
	if (want.seed != NULL)
		seed = strtoull(want.seed, NULL, 10);
	link_run(&way, on_link);
	printf("%s %" PRId64 "\n", want.open ? "opened" : "served", finished - refused);
	printf("equal %" PRId64 "\nreset %" PRId64 "\n", equal, resets);
	return bad > 0 ? 1 : 0;
}
