/*
 * hostile.c - a machine that registers as all do, and then breaks the rules of
 * yamux in one way, for tests of what the coordinator makes of that.
 *
 *	hostile -ca FILE -key-file FILE [-name N] [-n TIMES] [-type T] HOST:PORT ATTACK
 *
 * The attack begins when the coordinator has asked for the status, on its stream 1.
 * Prints "go away CODE" as it is told so, and is done when the coordinator has hung
 * up; with -n it does so again, and again. Status 1 where no session came about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/xmalloc.h"
#include "http/client.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/stream.h"
#include "io/tls.h"
#include "revdial/frame.h"

#define FLOOD		30000	/* frames; what they may do at once is less */
#define OURS		2	/* the first id of our side */
#define SECONDS		100	/* until this hangs */

typedef void (*attack_fn)(const struct frame *);	/* a frame came */

static struct {
	struct loop	*loop;
	struct tls_ctx	*tls;
	char		*address, *type, *name, *ca, *key_file, *key;
	int64_t		 times;
	attack_fn	 attack;
	struct stream	*s;		/* of this session */
	struct http_conn *conn;		/* on which it came about */
	uint32_t	 left;		/* of the payload that comes */
	int		 stage;
} me;

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "hostile: %s: %s\n", what, why);
	exit(1);
}

/* --- what it says ----------------------------------------------------------------- */

static void
say(enum frame_type type, unsigned flags, uint32_t id, uint32_t length)
{
	struct frame	f = { type, (uint16_t)flags, id, length };
	uint8_t		raw[FRAME_HEADER];

	frame_encode(&f, raw);
	buf_add(stream_out(me.s), raw, sizeof raw);
	stream_wrote(me.s);
}

static void
say_zeros(size_t n)
{
	void *p = xcalloc(1, n);

	stream_write(me.s, p, n);
	free(p);
}

/* The first request is there. */
static bool
asked(const struct frame *f)
{
	return me.stage == 0 && f->type == FRAME_DATA && ++me.stage == 1;
}

static void
overflow(const struct frame *f)
{
	if (asked(f))
		say(FRAME_DATA, FRAME_ACK, f->id, FRAME_WINDOW + 1);
}

static void
unknown(const struct frame *f)
{
	if (asked(f))
		say(FRAME_DATA, 0, 999, 0);
}

static void
parity(const struct frame *f)
{
	if (asked(f))
		say(FRAME_WINDOW_UPDATE, FRAME_SYN, 999, 0);
}

/* What is said of a stream that has ended goes nowhere: the machine joins. Then it
 * opens one that was opened before. */
static void
reuse(const struct frame *f)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"
	    "{\"Version\":25}";

	if (asked(f))
		say(FRAME_WINDOW_UPDATE, FRAME_SYN, OURS, 0);
	else if (me.stage == 1 && f->id == OURS && f->flags == FRAME_RST) {
		me.stage++;
		say(FRAME_DATA, 0, OURS, 1000);
		say_zeros(1000);
		say(FRAME_WINDOW_UPDATE, 0, OURS, UINT32_MAX);
		say(FRAME_DATA, FRAME_ACK, 1, sizeof answer - 1);
		stream_write(me.s, answer, sizeof answer - 1);
	} else if (me.stage == 2 && f->type == FRAME_DATA) {
		me.stage++;
		say(FRAME_WINDOW_UPDATE, FRAME_SYN, OURS, 0);
	}
}

static void
syns(const struct frame *f)
{
	uint32_t i;

	for (i = asked(f) ? 0 : FLOOD; i < FLOOD; i++)
		say(FRAME_WINDOW_UPDATE, FRAME_SYN, OURS + 2 * i, 0);
}

static void
pings(const struct frame *f)
{
	uint32_t i;

	for (i = asked(f) ? 0 : FLOOD; i < FLOOD; i++)
		say(FRAME_PING, FRAME_SYN, 0, i);
}

static void
empty(const struct frame *f)
{
	uint32_t i;

	for (i = asked(f) ? 0 : FLOOD; i < FLOOD; i++)
		say(FRAME_DATA, 0, 1, 0);
}

/* The first would be allowed. */
static void
credit(const struct frame *f)
{
	if (!asked(f))
		return;
	say(FRAME_WINDOW_UPDATE, FRAME_ACK, 1, INT32_MAX);
	say(FRAME_WINDOW_UPDATE, 0, 1, UINT32_MAX - 100);
}

static void
too_long(const struct frame *f)
{
	if (asked(f))
		say(FRAME_DATA, FRAME_ACK, 1, UINT32_MAX);
}

/* More comes than was said: the rest is no header. */
static void
too_short(const struct frame *f)
{
	if (!asked(f))
		return;
	say(FRAME_DATA, FRAME_ACK, 1, 5);
	stream_write(me.s, "HTTP/1.1 200 OK\r\n\r\n", 19);
}

static const struct {
	const char	*name;
	attack_fn	 fn;
} attacks[] = {
	{ "overflow", overflow }, { "unknown", unknown }, { "parity", parity },
	{ "reuse", reuse }, { "syns", syns }, { "pings", pings }, { "empty", empty },
	{ "credit", credit }, { "too-long", too_long }, { "too-short", too_short },
};

/* --- the session ------------------------------------------------------------------ */

static void begin(void *unused);

static void
over(void)
{
	stream_close(me.s);
	me.s = NULL;
	http_conn_free(me.conn);
	if (--me.times == 0)
		exit(0);
	loop_defer(me.loop, begin, NULL);
}

static void
on_read(struct stream *s, void *arg)
{
	struct evbuffer	*in = stream_in(s);
	uint8_t		 raw[FRAME_HEADER];
	struct frame	 f;
	size_t		 n;

	(void)arg;
	while (me.left > 0 ? buf_len(in) > 0 : buf_len(in) >= sizeof raw) {
		n = buf_len(in) < me.left ? buf_len(in) : me.left;
		buf_drain(in, n);
		me.left -= (uint32_t)n;
		if (n > 0)
			continue;
		buf_take(in, raw, sizeof raw);
		if (frame_parse(&f, raw, NULL) == -1)
			die("what came", "is no frame");
		me.left = f.type == FRAME_DATA ? f.length : 0;
		if (f.type == FRAME_GO_AWAY)
			printf("go away %u\n", (unsigned)f.length);
		me.attack(&f);
	}
	stream_consumed(s);
}

static void
on_eof(struct stream *s, void *arg)
{
	(void)s;
	(void)arg;
	over();
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	(void)s;
	(void)arg;
	printf("%s\n", e->msg);
	over();
}

static const struct stream_cb session_cb = {
	.read = on_read, .eof = on_eof, .error = on_error,
};

static void
on_head(struct http_conn *conn, const struct http_resp *resp, void *arg)
{
	(void)conn;
	(void)arg;
	if (resp->upgraded == NULL)
		die(me.name, "refused");
	me.s = resp->upgraded;
	me.stage = 0;
	me.left = 0;
	stream_set_cb(me.s, &session_cb, NULL);
}

static void
on_fail(struct http_conn *conn, const struct err *why, void *arg)
{
	(void)conn;
	(void)arg;
	die(me.name, why->msg);
}

static void
begin(void *unused)
{
	static const struct http_client_cb	 cb = { on_head, on_fail };
	const struct net_dial			 d = { .address = me.address, .tls = me.tls,
	    .ms = 60000 };
	struct headers				*h = headers_new();
	struct http_request			 q = { .method = "GET", .target = "/reverse",
	    .host = "", .headers = h, .head_ms = 60000 };

	(void)unused;
	headers_add(h, API_H_HOST_TYPE, me.type);
	headers_add(h, API_H_KEY, me.key);
	headers_add(h, API_H_HOSTNAME, me.name);
	headers_add(h, API_H_VERSION, "25");
	headers_add(h, API_H_REVDIAL, API_REVDIAL_YAMUX);
	me.conn = http_conn_new(me.loop, net_dial(me.loop, &d), NULL);
	http_conn_send(me.conn, &q, &cb, NULL);
	headers_free(h);
}

static void
parse(int argc, char **argv)
{
	const struct opt	table[] = {
		{ "ca", OPT_STRING, &me.ca, "FILE", "certificate authority" },
		{ "key-file", OPT_STRING, &me.key_file, "FILE", "key" },
		{ "n", OPT_INT, &me.times, "TIMES", "so often" },
		{ "name", OPT_STRING, &me.name, "N", "its name" },
		{ "type", OPT_STRING, &me.type, "T", "host type" },
		{ .name = NULL },
	};
	struct err		e = ERR_INIT;
	int			used = opt_parse(table, argc, argv, &e);
	size_t			i;

	if (used < 0 || used != argc - 2 || me.times < 1 || me.ca == NULL ||
	    me.key_file == NULL)
		die("usage", e.msg);
	me.address = argv[used];
	for (i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
		if (strcmp(attacks[i].name, argv[used + 1]) == 0)
			me.attack = attacks[i].fn;
	if (me.attack == NULL)
		die("no such attack", argv[used + 1]);
	me.key = file_read_trimmed(me.key_file, 4096, &e);
	me.tls = tls_client(me.ca, TLS_VERIFY_FULL, &e);
	if (me.key == NULL || me.tls == NULL)
		die("start", e.msg);
}

int
main(int argc, char **argv)
{
	static char	type[] = "host-linux-amd64-reverse", name[] = "hostile";
	struct err	e = ERR_INIT;

	log_init("hostile", LOG_WARN);
	me.type = type;
	me.name = name;
	me.times = 1;
	parse(argc, argv);
	alarm(SECONDS);
	if ((me.loop = loop_new(&e)) == NULL)
		die("start", e.msg);
	begin(NULL);
	loop_run(me.loop);
	return 1;
}
